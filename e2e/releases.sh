#!/bin/sh
# Runs the tests before real masters: each package with each release of Salt is
# a job. Usage: releases.sh FOLDER VERSIONS PACKAGES [BETWEEN], where a package
# is a folder below the module's, or the word clients for "make test-clients".
# With the release BETWEEN only the parts run that part names.
#
# The program and the test binaries are built once. Much of what they do is
# waiting, so some jobs run at once (JOBS, by default two for a core, which have
# always something to do: with more, each only waits longer for what has to come
# within seconds); those that take longest begin first.
#
# What a job prints goes to FOLDER/test-PACKAGE-VERSION.log, and comes out whole
# when it has ended; until then a line a minute says what goes on.
set -u

folder=$1 versions=$2 packages=$3 between=${4:-}
make=${MAKE:-make}
at_once=${JOBS:-$((2 * $(nproc)))}
binaries=$folder/e2e
root=$(pwd)
module=$(go list -m)
stop() {
	trap - INT TERM
	kill $(jobs -p) 2>/dev/null
	wait
}
trap 'stop; exit 130' INT TERM

mkdir -p "$binaries" && rm -f "$binaries"/*.test "$binaries"/*.rc "$folder"/test-*.rc
case " $packages " in *" clients "*) # what they need is installed while others are tested
	{
		"$make" --no-print-directory clients >"$binaries/clients.log" 2>&1
		echo $? >"$binaries/clients.rc"
	} & ;;
esac
real=
for package in $packages; do
	[ "$package" = clients ] || real="$real ./$package"
done
go build ${RACE:--race} -ldflags '-s -w' -o "$binaries/saltern" ./cmd/saltern &&
	{ [ -z "$real" ] || go test ${RACE:--race} -ldflags '-s -w' -c -o "$binaries/" $real >"$binaries/build.log" 2>&1 ||
		{ cat "$binaries/build.log"; exit 1; }; }
export SALTERN_PROGRAM="$binaries/saltern"

# part PACKAGE prints which of its tests run with the release between the others.
part() {
	case ${1##*/} in
	commands) echo '^TestSeed$' ;;
	differential) echo . ;;
	events) echo '^(TestEvents|TestWebsockets|TestHooks)$' ;;
	esac
}

# job PACKAGE VERSION NAME
job() {
	only=.
	[ "$2" != "$between" ] || only=$(part "$1")
	began=$(date +%s)
	if [ "$1" = clients ]; then
		"$make" --no-print-directory test-clients VERSION="$2" >"$folder/test-$3.log" 2>&1 &
	else
		cd "$root/$1" && SALTERN_SALT_VERSIONS=$2 \
			"$binaries/${1##*/}.test" -test.timeout 35m -test.run "$only" >"$folder/test-$3.log" 2>&1 &
	fi
	child=$!
	trap 'kill $child 2>/dev/null' INT TERM
	wait $child
	echo $? $(($(date +%s) - began)) >"$folder/test-$3.new"
	mv "$folder/test-$3.new" "$folder/test-$3.rc"
}

# What takes long comes first, of the newest release before others; what mostly waits
# (masters, rpc, security) runs beside what computes.
waiting=
for package in differential masters commands rpc clients security failures tokens rights; do
	for given in $packages; do
		[ "${given##*/}" = $package ] && waiting="$waiting $given"
	done
done
for given in $packages; do
	case " $waiting " in *" $given "*) ;; *) waiting="$waiting $given" ;; esac
done
newest_first=
for version in $versions; do newest_first="$version $newest_first"; done
queue=
for package in $waiting; do
	[ "$package" = clients ] || [ -x "$binaries/${package##*/}.test" ] || continue # it has no tests
	for version in $newest_first; do
		queue="$queue $package:$version"
	done
	[ -z "$between" ] || [ -z "$(part "$package")" ] || queue="$queue $package:$between"
done

running=
failed=0
began=$(date +%s)
said=0
while [ -n "$running$queue" ]; do
	left=
	count=0
	for name in $running; do
		if [ ! -s "$folder/test-$name.rc" ]; then
			left="$left $name"
			count=$((count + 1))
			continue
		fi
		read -r code seconds <"$folder/test-$name.rc"
		if [ "$code" = 0 ]; then result=ok; else
			result=FAIL
			failed=1
		fi
		echo "== $name, after $seconds s"
		cat "$folder/test-$name.log"
		case $name in
		clients-*) ;; # go test has said it
		*)
			package=$(printf '%s\n' $packages | grep "/${name%-*}\$")
			printf '%-4s\t%s/%s\t%s.0s\tSalt %s\n' $result "$module" "$package" "$seconds" "${name##*-}"
			;;
		esac
	done
	running=$left
	rest=
	for next in $queue; do
		package=${next%:*} version=${next##*:}
		if [ "$count" -ge "$at_once" ] || { [ "$package" = clients ] && [ ! -s "$binaries/clients.rc" ]; }; then
			rest="$rest $next"
			continue
		fi
		name=${package##*/}-$version
		job "$package" "$version" "$name" &
		running="$running $name"
		count=$((count + 1))
	done
	queue=$rest
	elapsed=$(($(date +%s) - began))
	if [ $((elapsed / 60)) -gt $said ]; then
		said=$((elapsed / 60))
		echo "still testing$running ($elapsed s)"
	fi
	[ -z "$running$queue" ] || sleep 1
done
echo "all of it took $(($(date +%s) - began)) s"
exit $failed
