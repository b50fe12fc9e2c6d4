#!/bin/sh
# Installs the Debian packages that the benchmark runs and compares with: as root or in CI; anyone
# else gets the exact line to run. What building needs is in tests/deps.sh.
set -eu

packages="gcc g++ libglib2.0-dev python3 pkg-config git perl
	heaptrack valgrind libjemalloc2 libjemalloc-dev binutils lua5.4 redis-server ruby"

missing=
for package in $packages; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ] && { [ -z "${CI:-}" ] || ! sudo -n true 2>/dev/null; }; then
	echo "bench: packages are missing. Install them, then call make again:" >&2
	echo "    sudo apt-get update && sudo $line" >&2
	exit 1
fi
as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"

# A server that the packages bring must not start here: it would compete with what is measured.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod 755 $policy
	trap '$as_root rm -f $policy' EXIT
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq </dev/null
$as_root env DEBIAN_FRONTEND=noninteractive $line -qq </dev/null >/dev/null
