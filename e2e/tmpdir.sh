#!/bin/sh
# Prints the folder for the temporary files of tests: TMPDIR where it is set, else one
# in memory where there is one with room from which programs can be run, else /tmp.
# Tests make and remove so many small files that a disk costs a tenth of their time.
set -u

memory=/dev/shm
usable() {
	free=$(df -Pk "$memory" 2>/dev/null | awk 'NR == 2 { print $4 }')
	available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo 2>/dev/null)
	[ "${free:-0}" -ge 2000000 ] && [ "${available:-0}" -ge 4000000 ] || return 1
	program=$(mktemp "$memory/saltern.XXXXXX" 2>/dev/null) || return 1
	printf '#!/bin/sh\n' >"$program" && chmod +x "$program" && "$program" 2>/dev/null
	runs=$?
	rm -f "$program"
	return $runs
}
if [ -n "${TMPDIR:-}" ]; then
	echo "$TMPDIR"
elif usable; then
	echo "$memory"
else
	echo /tmp
fi
