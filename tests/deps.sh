#!/bin/sh
# Installs the Debian packages that building and testing need: as root or in CI; anyone else gets
# the exact line to run. Called by `make deps`, `make demo`, `make check`, `make soak` and
# `.ci/run`. A package manager has much to say: it is shown only where it failed.
#
#     tests/deps.sh           what `make` and `make demo` need
#     tests/deps.sh FOLDER    what `make check` needs too: programs whose maps the tests look at,
#                             and headers of map implementations, unpacked into FOLDER
#     tests/deps.sh FOLDER soak
#                             what `make soak` needs too: large programs that are run as guests
#
# Headers are unpacked because their packages ask for much that no test uses: clang, OpenGL, curl.
set -eu

packages="gcc g++ make libunwind8 libdw-dev libelf-dev uthash-dev libjansson-dev libiberty-dev
	libcmocka-dev libglib2.0-dev python3 git"
subjects="cmake ninja-build shared-mime-info redis-tools rustc libabsl-dev libc++1-14 libc++abi1-14
	libqt5core5a sqlite3 libjson-c5 ruby php8.2-cli libevent-2.1-7 libjemalloc2
	libtcmalloc-minimal4 libmimalloc2.0 golang-go gdb xz-utils ca-certificates"
guests="lua5.4 clang nodejs openjdk-17-jdk-headless chromium postgresql libpython3.11-testsuite
	valgrind"
headers="libc++-14-dev qtbase5-dev libhts-dev libjson-c-dev memcached"
folder=${1:-}
[ -z "$folder" ] || packages="$packages $subjects"
[ "${2:-}" != soak ] || packages="$packages $guests"

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
	"$@" >"$log" 2>&1 </dev/null && return
	cat "$log" >&2
	echo "maptrace: this failed: $*" >&2
	exit 1
}
as_root() {
	quietly $as_root env DEBIAN_FRONTEND=noninteractive "$@"
}

is_installed() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
	missing=
	for package in $packages; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	line="apt-get install -y --no-install-recommends$missing"
	if [ -n "$as_root" ] && { [ -z "${CI:-}" ] || ! $as_root true 2>/dev/null; }; then
		echo "maptrace: packages are missing. Install them, then call make again:" >&2
		echo "    sudo apt-get update && sudo $line" >&2
		exit 1
	fi
	echo "installing:$missing"
	as_root apt-get update
	as_root $line
}

# Each package into a folder of its own name, which appears when it is complete.
unpack_headers() {
	mkdir -p "$folder"
	cd "$folder"
	for package in $headers; do
		[ ! -d "$package" ] || continue
		echo "unpacking: $package"
		apt-get download "$package" >"$log" 2>&1 || {
			as_root apt-get update
			quietly apt-get download "$package"
		}
		quietly dpkg-deb -x "${package}"_*.deb "$package.new"
		rm "${package}"_*.deb
		mv "$package.new" "$package"
	done
}

install_packages
[ -z "$folder" ] || unpack_headers
