#!/bin/sh
# Installs a Salt from the package index into a virtual environment of its own,
# with what the tests need beside it. Usage:
# install-salt.sh FOLDER VERSION CHERRYPY_VERSION PEPPER_VERSION
#
# Some releases ask for a newer certifi than the index has. Nothing here speaks to
# anybody but itself, so these get the newest that there is.
set -u

folder=$1 version=$2 cherrypy=$3 pepper=$4
python=${PYTHON:-python3}

check="from importlib.metadata import version as v; assert (v('salt'), v('cherrypy'), v('salt-pepper')) == ('$version', '$cherrypy', '$pepper')"
if "$folder/bin/python" -c "$check" 2>/dev/null; then exit 0; fi
echo "installing Salt $version into $folder"
"$(dirname "$0")/venv.sh" "$python" "$folder" || exit 1

log=$folder/install.log
pip() { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" >"$log" 2>&1; }
twice() { pip "$@" || { echo "once more"; sleep 5; pip "$@"; } || { cat "$log"; echo "pip could not install Salt $version"; exit 1; }; }

if ! pip "salt==$version" "cherrypy==$cherrypy" "salt-pepper==$pepper"; then
	if grep -q 'No matching distribution found for certifi' "$log"; then
		twice --no-deps "salt==$version"
		"$folder/bin/python" -c '
from importlib.metadata import requires
for r in requires("salt"):
    print("certifi" if r.startswith("certifi") else r)' >"$folder/requirements.txt" || exit 1
		twice -r "$folder/requirements.txt" "cherrypy==$cherrypy" "salt-pepper==$pepper"
	else
		twice "salt==$version" "cherrypy==$cherrypy" "salt-pepper==$pepper"
	fi
fi
"$folder/bin/python" -c "$check"
