#!/bin/sh
# Lists the newest release of Salt of each line that the package index has and that
# is newer than the pinned one, the lines between and above them included, and runs
# the seed and the differential suites on it. Usage: salt-news.sh FOLDER PINNED
set -u

folder=$1 pinned=$2
make=${MAKE:-make}
python=${PYTHON:-python3}

index=$("$python" -m pip index versions salt --disable-pip-version-check 2>/dev/null) ||
	{ echo "the package index cannot be reached, or $python has no pip"; exit 1; }
news=$(echo "$index" | "$python" -c '
import re, sys
pinned = {v.split(".")[0]: int(v.split(".")[1]) for v in sys.argv[1:]}
newest = {}
for line, patch in re.findall(r"\b(30\d\d)\.(\d+)\b", sys.stdin.read()):
    newest[line] = max(newest.get(line, 0), int(patch))
for line, patch in sorted(newest.items()):
    if line >= min(pinned) and patch > pinned.get(line, -1):
        print(f"{line}.{patch}")' $pinned)
[ -n "$news" ] || { echo "nothing is newer than $pinned"; exit 0; }
echo "newer than $pinned:" $news
failed=0
for version in $news; do
	"$make" --no-print-directory "$folder/salt-$version/.installed" || { failed=1; continue; }
	SALTERN_SALT=$folder SALTERN_SALT_VERSIONS=$version go test -count=1 -timeout 20m ./e2e/commands -run '^TestSeed$' &&
		SALTERN_SALT=$folder SALTERN_SALT_VERSIONS=$version go test -count=1 -timeout 20m ./e2e/differential ||
		failed=1
done
exit $failed
