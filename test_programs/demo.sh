#!/bin/sh
# The article's experiment under the library, for values in the buckets and for pointers to them:
# what the program says, what maptrace reports, and the gate. Called by `make demo`.
#
#     sh test_programs/demo.sh BUILD-FOLDER
set -eu

build=${1:-build}
article=$build/test_programs/article
traces=$build/demo
library=$PWD/libmaptrace.so
mkdir -p "$traces"
rm -f "$traces"/*.mtr*

title() {
	printf '\n==== %s\n\n' "$*"
}

for values in inline pointer; do
	trace=$traces/article.$values.mtr
	title "LD_PRELOAD=./libmaptrace.so $article --values $values"
	MAPTRACE_OUT=$trace LD_PRELOAD=$library "$article" --values "$values"
	title "./maptrace report $trace"
	./maptrace report "$trace"
done

trace=$traces/article.inline.mtr
title "./maptrace check $trace --max-retained 1M; echo \$?"
status=0
./maptrace check "$trace" --max-retained 1M || status=$?
echo "$status"
# The map retains 293 MiB: a gate that lets it pass is broken.
test "$status" = 1
