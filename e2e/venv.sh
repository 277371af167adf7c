#!/bin/sh
# Makes an empty virtual environment, or says what is missing for one. Usage:
# venv.sh PYTHON FOLDER
set -u

python=$1 folder=$2
rm -rf "$folder" && mkdir -p "$(dirname "$folder")" || exit 1
said=$("$python" -m venv "$folder" 2>&1) && exit 0
echo "$said"
free=$(df -Pk "$(dirname "$folder")" | awk 'NR == 2 { print int($4 / 1024) }')
if [ "${free:-0}" -lt 1000 ]; then
	echo "there is no room for a virtual environment: $free MB are free in $(dirname "$folder"), and 1000 are needed"
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
	echo "$python cannot make a virtual environment (Debian: apt-get install python3-venv)"
else
	echo "$python could not make the virtual environment $folder"
fi
exit 1
