#!/bin/sh
# Installs the Debian packages that building and testing need: as root or in CI; anyone else gets
# the exact line to run. Called by `make demo`, `make check` and `.ci/run`. A package manager has
# much to say: it is shown only where it failed.
set -eu

packages="gcc g++ make libunwind8 libdw-dev libelf-dev uthash-dev libjansson-dev
	libiberty-dev libcmocka-dev libglib2.0-dev python3 git cmake ninja-build shared-mime-info redis-tools"

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	as_root="sudo -n"
	if [ -z "${CI:-}" ] || ! $as_root true 2>/dev/null; then
		echo "maptrace: packages are missing. Install them, then call make again:" >&2
		echo "    sudo apt-get update && sudo $line" >&2
		exit 1
	fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
	$as_root env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 </dev/null && return
	cat "$log" >&2
	echo "maptrace: this failed: $*" >&2
	exit 1
}

echo "installing:$missing"
quietly apt-get update
quietly $line
