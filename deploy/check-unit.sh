#!/bin/sh
# Checks saltern.service with systemd's own tools and prints its exposure score
# (0 is best). Usage: check-unit.sh [PATH OF A BUILT saltern]
#
# It needs no running systemd and changes nothing.
set -eu

limit=20 # tenths: the score may be 2.0 at most
cd "$(dirname "$0")"

if ! command -v systemd-analyze >/dev/null 2>&1; then
	echo "systemd-analyze is missing, so saltern.service was not checked (Debian: apt-get install systemd)" >&2
	exit 1
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The unit names where the program will be installed; verify wants it to exist.
program=${1:-../bin/saltern}
if [ -x "$program" ]; then
	program=$(realpath "$program")
else
	echo "note: $program is not built, so /bin/true stands in for it"
	program=/bin/true
fi
sed "s|^ExecStart=/usr/bin/saltern |ExecStart=$program |" saltern.service >"$dir/saltern.service"

# verify complains with exit status 0 about some things, such as unknown keys.
complaints=$(systemd-analyze verify --man=no "$dir/saltern.service" 2>&1) || { echo "$complaints" >&2; exit 1; }
complaints=$(printf '%s' "$complaints" | grep -F 'saltern.service' || true)
if [ -n "$complaints" ]; then
	echo "$complaints" >&2
	exit 1
fi
echo "saltern.service: systemd-analyze verify is content"

score=$(systemd-analyze security --offline=true --no-pager --threshold="$limit" "$dir/saltern.service") || {
	echo "$score" >&2
	echo "saltern.service is more exposed than $limit tenths" >&2
	exit 1
}
echo "$score" | grep 'Overall exposure level'
