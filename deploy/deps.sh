#!/bin/sh
# Installs the system packages that building and testing need, if they are
# missing. Usage: deps.sh [build] [test] [clients]
#
# It uses apt-get when it may (as root, or with sudo that asks no password).
# Otherwise it changes nothing, prints what to install and exits with 1.
set -eu

missing=
need() { # PACKAGE REASON TEST...: the package is missing when the test fails
	package=$1 reason=$2
	shift 2
	if ! "$@" >/dev/null 2>&1; then
		echo "missing: $package ($reason)"
		missing="$missing $package"
	fi
}

python=${PYTHON:-python3}
has_header() { echo "#include <$1>" | ${CC:-cc} -E -x c - ; }
has_pam_matrix() { ls /usr/lib/*/pam_wrapper/pam_matrix.so || ls /usr/lib*/pam_wrapper/pam_matrix.so; }
has_nginx() { command -v nginx || test -x /usr/sbin/nginx; }
has_postgres() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
has_sshd() { command -v sshd || test -x /usr/sbin/sshd; }

for group in "${@:-build}"; do
	case $group in
	build)
		need gcc "C compiler for libpam and the race detector" command -v "${CC:-cc}"
		need libc6-dev "C headers" has_header stdlib.h
		need libpam0g-dev "libpam headers" has_header security/pam_appl.h
		need curl "the calls of the demo and of the tests" command -v curl
		need libpam-wrapper "pam_matrix, for users that exist only in a private PAM service" has_pam_matrix
		if command -v "$python" >/dev/null 2>&1 && [ "$python" != python3 ]; then
			# A Python of the caller's choice: a package cannot mend it.
			"$python" -c 'import ensurepip, venv' || { echo "$python has no venv or ensurepip"; exit 1; }
		else
			need python3 "Salt is written in it" command -v python3
			need python3-venv "virtual environments for the private Salts and for clients" python3 -c 'import ensurepip, venv'
		fi
		;;
	test)
		need nginx-light "the test of deploy/nginx.conf; Debian starts the service, the test does not need it" has_nginx
		need openssh-server "hosts for salt-ssh; the tests start one of their own, on loopback" has_sshd
		need openssh-client "salt-ssh" command -v ssh
		need bash "the script that the manual of Cloud Services has its readers run" command -v bash
		need mawk "likewise" command -v awk
		need grep "likewise" command -v grep
		need postgresql "a store of records for several gateways; Debian starts the service, the tests start one of their own" has_postgres
		need redis-server "a store of tokens for several gateways; the tests start one of their own" command -v redis-server
		;;
	clients)
		need chromium "a browser that reads events" command -v chromium
		need nodejs "a client that is an npm package" command -v node
		need npm "likewise" command -v npm
		;;
	*)
		echo "usage: deps.sh [build] [test] [clients]" >&2
		exit 2
		;;
	esac
done

command -v go >/dev/null 2>&1 || { echo "missing: Go 1.26 or newer (https://go.dev/dl/)"; exit 1; }
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	sudo="sudo -n"
fi
if command -v apt-get >/dev/null 2>&1 && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
	echo "installing:$missing"
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update
	# shellcheck disable=SC2086 # a list of packages
	# RUNLEVEL=1 asks the packages not to start their services.
	$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q install -y --no-install-recommends $missing
	exit 0
fi
echo "please install them and try again; on Debian and Ubuntu:"
echo "    sudo apt-get install$missing"
exit 1
