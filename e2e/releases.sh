#!/bin/sh
# Runs "make test-salt" for several releases of Salt at once, since most of it
# is waiting. Usage: releases.sh FOLDER VERSION...
#
# What each of them prints goes to FOLDER/test-VERSION.log, and comes out whole
# when it has ended; until then a line a minute tells that it goes on.
set -u

folder=$1
shift
make=${MAKE:-make}
stop() { kill $(jobs -p) 2>/dev/null; }
trap 'stop; exit 130' INT TERM

for version in "$@"; do
	rm -f "$folder/test-$version.rc"
	(
		"$make" --no-print-directory test-salt VERSION="$version" >"$folder/test-$version.log" 2>&1
		echo $? >"$folder/test-$version.rc"
	) &
done

running="$*"
failed=0
seconds=0
while [ -n "$running" ]; do
	sleep 5
	seconds=$((seconds + 5))
	left=
	for version in $running; do
		if [ ! -s "$folder/test-$version.rc" ]; then
			left="$left $version"
			continue
		fi
		echo "== Salt $version, after $seconds s"
		cat "$folder/test-$version.log"
		[ "$(cat "$folder/test-$version.rc")" = 0 ] || failed=1
	done
	running=$left
	if [ -n "$running" ] && [ $((seconds % 60)) = 0 ]; then
		echo "still testing Salt$running ($seconds s)"
	fi
done
exit $failed
