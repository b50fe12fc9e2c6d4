#!/bin/sh
# Runs fuzz targets for a while each. Called by `make fuzz`, after it has built them.
#
#     sh tests/fuzz/run.sh BUILD-FOLDER SECONDS TARGET...
#
# What a target finds new goes to BUILD-FOLDER/fuzz/corpus/TARGET and is there for the next run;
# tests/fuzz/corpus/TARGET has what is worth keeping in the repository: the smallest input of every
# fault that was found. A fault ends the run with its input beside the target.
set -eu

build=$1
seconds=$2
shift 2

# Traces are too large to keep: small programs write them anew.
seed_traces() {
	for program in unordered_string ghash_map uthash_int; do
		MAPTRACE_OUT=$1/$program.mtr LD_PRELOAD=$PWD/libmaptrace.so \
			"$build/test_programs/stripped/$program" >/dev/null
	done
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
	fuzz_trace)
		longest=1500000
		seed_traces "$seeds" ;;
	*)
		longest=4096 ;;
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
