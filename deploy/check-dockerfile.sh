#!/usr/bin/env bash
# Runs the steps of ../Dockerfile without a container engine: each FROM becomes a
# clean Debian made by debootstrap, each RUN a command in it. Then it starts the
# result as the image's user. Needs root, debootstrap, Go and a Debian mirror; two to
# four minutes. Usage: check-dockerfile.sh
#
# What it does not show: the base images themselves. In place of golang:* it
# takes Debian with a C compiler and this machine's Go.
set -euo pipefail

skip() { echo "the Dockerfile's steps were NOT run: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip "it takes root to make a root folder"
command -v debootstrap >/dev/null || skip "debootstrap is missing (apt-get install debootstrap)"
command -v go >/dev/null || skip "Go is missing"

# Mounts of the root folders stay in a namespace of their own.
if [ "${1:-}" != --in-namespace ]; then
	exec unshare --mount --propagation private "$0" --in-namespace
fi

source=$(realpath "$(dirname "$0")/..")
# The mirror that this machine itself installs from, unless another is named.
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)}
top=$(mktemp -d)
cleanup() {
	for dir in "$top"/*/proc "$top"/*/dev; do
		if mountpoint -q "$dir"; then umount "$dir"; fi
	done
	rm -rf --one-file-system "$top"
}
trap cleanup EXIT

debootstrap --variant=minbase bookworm "$top/base" "$mirror" >"$top/log" 2>&1 || { tail "$top/log" >&2; exit 1; }
echo "made a clean Debian in $SECONDS s"

declare -A stage env
root='' workdir=/ user=root entrypoint='' command=''

in_root() { # runs a shell command in the present stage as USER, with its ARGs
	local args=()
	for name in "${!env[@]}"; do args+=("$name=${env[$name]}"); done
	chroot --userspec="$user" "$root" /usr/bin/env -i HOME=/root \
		PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive GOTOOLCHAIN=local "${args[@]}" /bin/sh -c "cd '$workdir' && $1"
}

start_stage() { # IMAGE NAME
	root=$top/${2:-last}
	stage[${2:-last}]=$root
	env=() workdir=/ user=root
	cp -a "$top/base" "$root"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	mount -t proc proc "$root/proc"
	mount --bind /dev "$root/dev"
	case $1 in
	golang:*)
		in_root 'apt-get -qq update && apt-get -qq install -y --no-install-recommends gcc libc6-dev ca-certificates >/dev/null'
		cp -a "$(go env GOROOT)" "$root/usr/local/go"
		# The modules that this machine has, with no need for the network.
		mkdir -p "$root/modules"
		cp -a "$(go env GOMODCACHE)/cache/download/." "$root/modules"
		env[GOPROXY]=file:///modules
		env[GOFLAGS]=-buildvcs=false
		;;
	debian:bookworm*) ;;
	*) echo "no stand-in for the image $1" >&2; exit 1 ;;
	esac
}

copy() { # [--from=STAGE] SOURCE... TARGET
	local from=$source target
	case $1 in --from=*) from=${stage[${1#--from=}]}; shift ;; esac
	target=${*: -1}
	case $target in
	/*) target=$root$target ;;
	*) target=$root$workdir/$target ;;
	esac
	for path in "${@:1:$#-1}"; do
		if [ "$path" = . ]; then
			# .dockerignore, and nothing else, says what stays out.
			tar -C "$from" --anchored --exclude-from=<(sed 's|^|./|' "$from/.dockerignore") -cf - . | tar -C "$target" -xf -
		else
			mkdir -p "$(dirname "$target")"
			cp -a "$from/${path#/}" "$target"
		fi
	done
}

words() { tr -d '[]",' <<<"$1"; } # of a JSON list whose items hold no blanks

while IFS= read -r line; do
	case $line in '' | '#'*) continue ;; esac
	echo "$line"
	rest=${line#* }
	# shellcheck disable=SC2086 # the words of an instruction
	case ${line%% *} in
	FROM) set -- $rest; start_stage "$1" "${3:-}" ;;
	RUN) in_root "$rest" >"$top/log" 2>&1 || { tail -30 "$top/log" >&2; exit 1; } ;;
	WORKDIR) workdir=$rest; mkdir -p "$root$workdir" ;;
	COPY) copy $rest ;;
	ARG) env[${rest%%=*}]=${rest#*=} ;;
	USER) user=$rest ;;
	ENTRYPOINT) entrypoint=$(words "$rest") ;;
	CMD) command=$(words "$rest") ;;
	EXPOSE | VOLUME | HEALTHCHECK | STOPSIGNAL) ;;
	*) echo "unknown instruction" >&2; exit 1 ;;
	esac
done <"$source/Dockerfile"

echo "steps done after $SECONDS s; now the result"
# The supplementary groups that an engine takes from the image's /etc/group.
groups=$(chroot "$root" id -G "$user" | tr ' ' ',')
try() { chroot --userspec="$user" --groups="$groups" "$root" "$@"; }
try id
try "$entrypoint" version
mkdir -p "$root/etc/salt"
printf 'user: salt\ninterface: 127.0.0.1\nnetapi_enable_clients: [local]\nrest_cherrypy: {host: 0.0.0.0, port: 8000}\n' >"$root/etc/salt/master"
# shellcheck disable=SC2086 # the words of CMD, with config-test in place of serve
try "$entrypoint" ${command/serve/config-test}
du -xsh "$root" | sed 's|\t.*| in all|'
echo "the Dockerfile's steps work ($SECONDS s)"
