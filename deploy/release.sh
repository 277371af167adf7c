#!/bin/sh
# Builds what a release consists of, from a clean checkout of a tag:
#
#     dist/saltern_VERSION_linux_ARCH.tar.gz    the program, statically linked, and what belongs to it
#     dist/saltern_VERSION_linux_ARCH.cdx.json  what is in the program (CycloneDX)
#     dist/SHA256SUMS
#
# Usage: release.sh FOLDER CYCLONEDX-GOMOD ARCH...
#
# A static program has no libpam: with `eauth: pam`, the master checks users'
# passwords. `make build` makes one with libpam.
set -eu
out=$1 sbom=$2
shift 2
cd "$(dirname "$0")/.."

version=$(git describe --tags --exact-match 2>/dev/null) ||
	{ echo "release: this commit has no tag; git tag v1.2.3 first" >&2; exit 1; }
case $version in
v[0-9]*.[0-9]*.[0-9]*) ;;
*) echo "release: the tag $version is no version like v1.2.3" >&2; exit 1 ;;
esac
[ -z "$(git status --porcelain)" ] ||
	{ echo "release: there are changes that are not in the commit" >&2; git status --short >&2; exit 1; }
epoch=$(git log -1 --format=%ct)

rm -rf "$out"
mkdir -p "$out"
for arch in "$@"; do
	name=saltern_${version#v}_linux_$arch
	root=$out/$name
	mkdir -p "$root/deploy"
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$root/saltern" ./cmd/saltern
	cp -R LICENSE README.md CHANGELOG.md SECURITY.md docs "$root/"
	cp -R deploy/saltern.service deploy/nginx.conf deploy/alerts.yml deploy/pam.d "$root/deploy/"
	[ "$sbom" = none ] || "$sbom" bin -json -std -noserial -version "$version" -output "$out/$name.cdx.json" "$root/saltern"
	tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=go-w -C "$out" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
	rm -rf "$root"
done
(cd "$out" && sha256sum -- *.tar.gz $(ls -- *.cdx.json 2>/dev/null) >SHA256SUMS)
echo "release: $version"
cat "$out/SHA256SUMS"
