#!/bin/sh
# Runs fuzz targets for a while each. Called by `make fuzz`, after it has built them.
#
#     sh tests/fuzz/run.sh BUILD-FOLDER SECONDS TARGET...
#
# What a target finds new goes to BUILD-FOLDER/fuzz/corpus/TARGET and is there for the next run;
# tests/fuzz/corpus/TARGET has what is worth keeping in the repository: small inputs that reach far, and every
# one that showed a fault. A fault ends the run with its input beside the target.
set -eu

build=$1
seconds=$2
shift 2

# As much of a trace as a request looks at.
seed_header() {
	MAPTRACE_OUT=$1/whole LD_PRELOAD=$PWD/libmaptrace.so \
		"$build/test_programs/stripped/uthash_int" >"$1/printed"
	head -c 4096 "$1/whole" >"$1/header"
	rm "$1/whole" "$1/printed"
}

# A small library, and what the compiler says of its frames behind the address that is asked for.
seed_object() {
	printf 'int one(int *); int two(int n) { return one(&n) + 1; } int (*three)(int) = two;' |
		${CC:-cc} -shared -fPIC -nostdlib -O1 -x c -o "$1/object" -
}
seed_tables() {
	seed_object "$1"
	objcopy -O binary -j .eh_frame_hdr -j .eh_frame "$1/object" "$1/tables"
	{ printf '\0\0\0\0\0\0\0\0'; cat "$1/tables"; } >"$1/asked"
	rm "$1/object" "$1/tables"
}

seed_rules() {
	printf '%s\n' '# kept' 'profile libstdcxx* and function SymbolTable::*' \
		'type "std::unordered_map<unsigned int, *"' 'name ?' >"$1/rules"
}

seed_programs() {
	seed_object "$1"
	head -c 1024 "$build/test_programs/stripped/uthash_int" >"$1/program"
	printf '#! /usr/bin/env python3\n' >"$1/script"
}

for target in "$@"; do
	found=$build/fuzz/corpus/$target
	seeds=$build/fuzz/seeds/$target
	kept=tests/fuzz/corpus/$target
	rm -rf "$seeds"
	mkdir -p "$found" "$seeds"
	case $target in
	fuzz_profile)
		longest=16384
		cp profiles/shipped/*.profile "$seeds" ;;
	fuzz_trace | fuzz_report | fuzz_golang) # these spoil something sound of their own
		longest=1100 ;;
	fuzz_core)
		longest=8192 ;;
	fuzz_request)
		longest=8192
		seed_header "$seeds" ;;
	fuzz_symbols)
		longest=32768
		seed_object "$seeds" ;;
	fuzz_cfi)
		longest=4096
		seed_tables "$seeds" ;;
	fuzz_accepted)
		longest=4096
		seed_rules "$seeds" ;;
	fuzz_program)
		longest=32768
		seed_programs "$seeds" ;;
	*)
		echo "$target: how is it seeded?" >&2
		exit 1 ;;
	esac
	[ -d "$kept" ] || kept=
	log=$build/fuzz/$target.log
	"$build/fuzz/$target" -max_total_time="$seconds" -max_len="$longest" -timeout=10 \
		-rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$build/fuzz/$target." "$found" "$seeds" $kept >"$log" 2>&1 || {
		cat "$log"
		exit 1
	}
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	echo "$target: $runs inputs in $seconds s, no fault"
done
