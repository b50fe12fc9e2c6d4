#!/bin/sh
# Installs the Debian packages that building and testing need: as root or in CI; anyone else gets
# the exact line to run. Called by `make demo`, `make check` and `.ci/run`.
set -eu

packages="gcc g++ clang make libunwind-dev libdw-dev libelf-dev uthash-dev libjansson-dev
	libiberty-dev libcmocka-dev libglib2.0-dev python3 git cmake
	ninja-build shared-mime-info"

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	exec $line >/dev/null
fi
if [ -n "${CI:-}" ] && command -v sudo >/dev/null; then
	sudo apt-get update -qq
	exec sudo DEBIAN_FRONTEND=noninteractive $line >/dev/null
fi
echo "maptrace: packages are missing. Install them, then call make again:" >&2
echo "    sudo $line" >&2
exit 1
