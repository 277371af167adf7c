#!/bin/sh
# Runs "make test-salt" for several releases of Salt, and "make test-clients",
# at once, since much of it is waiting. Usage: releases.sh FOLDER PART..., where
# a part is a version of Salt or the word clients.
#
# What each of them prints goes to FOLDER/test-PART.log, and comes out whole
# when it has ended; until then a line a minute says that it goes on.
set -u

folder=$1
shift
make=${MAKE:-make}
stop() { kill $(jobs -p) 2>/dev/null; }
trap 'stop; exit 130' INT TERM

for part in "$@"; do
	rm -f "$folder/test-$part.rc"
	(
		case $part in
		clients) "$make" --no-print-directory test-clients ;;
		*) "$make" --no-print-directory test-salt VERSION="$part" ;;
		esac >"$folder/test-$part.log" 2>&1
		echo $? >"$folder/test-$part.rc"
	) &
done

running="$*"
failed=0
seconds=0
while [ -n "$running" ]; do
	sleep 5
	seconds=$((seconds + 5))
	left=
	for part in $running; do
		if [ ! -s "$folder/test-$part.rc" ]; then
			left="$left $part"
			continue
		fi
		echo "== $part, after $seconds s"
		cat "$folder/test-$part.log"
		[ "$(cat "$folder/test-$part.rc")" = 0 ] || failed=1
	done
	running=$left
	if [ -n "$running" ] && [ $((seconds % 60)) = 0 ]; then
		echo "still testing$running ($seconds s)"
	fi
done
exit $failed
