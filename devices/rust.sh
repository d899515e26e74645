#!/usr/bin/env bash
# Unpacks Debian's Rust compiler, with the standard library for boards of one architecture, into a folder, for
# machines whose own compiler cannot get that library. Nothing is installed, and no root is needed: the
# compiler runs with its own C library. It is started by the file rustc in the folder; cargo is this machine's.
#
# usage: devices/rust.sh ARCHITECTURE FOLDER      (Debian's names: amd64, arm64, armhf)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=apt.sh
source "$(dirname "${BASH_SOURCE[0]}")/apt.sh"

# The first release of Debian whose compiler, in its backports, is new enough.
suite=trixie
keys=/usr/share/keyrings/debian-archive-keyring.gpg

[ $# = 2 ] || die "usage: $0 ARCHITECTURE FOLDER"
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null ||
        die "Debian's compiler is made of Debian's packages, and there is no '$tool' here: use rustup."
done
architecture=$1
host=$(dpkg --print-architecture)

sum=$({ cat "${BASH_SOURCE[0]}" && echo "$architecture $host"; } | sha256sum)
begin "$2" "$sum" "Unpacking Debian's Rust compiler for $architecture"
mkdir -p "$apt/own"

# The mirror that this machine uses, asked for another release.
configure_apt "$apt/own" "$host"
in_apt "$apt/own" apt-get update ||
    echo "Going on with those package lists that could be fetched." >&2
# shellcheck disable=SC2016
mirror=$(in_apt "$apt/own" apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
[ -n "$mirror" ] ||
    die "The package sources of this machine have no mirror of Debian: use rustup."
[ -f "$keys" ] || die "Debian's keys are not at $keys: install the package debian-archive-keyring."
printf "deb [signed-by=$keys] $mirror %s main\n" "$suite" "$suite-backports" >"$apt/sources.list"

# for_architecture ARCHITECTURE COMMAND...: apt for that release.
for_architecture() {
    local system=$apt/$1
    [ -d "$system" ] || {
        mkdir -p "$system"
        configure_apt "$system" "$1" "$apt/sources.list"
        in_apt "$system" apt-get update ||
            die "The package lists of $suite for $1 could not be fetched: see above, and try again later."
    }
    shift
    (cd "$system/archives" && in_apt "$system" "$@")
}

# The compiler's library with all that it needs, the compiler itself without a linker, and the library for
# the board. The two libraries have to be of one version.
for_architecture "$host" apt-get install --yes --download-only --target-release "$suite-backports" libstd-rust-dev
for_architecture "$host" apt-get download --target-release "$suite-backports" rustc
packages=("$apt/$host"/archives/*.deb)
if [ "$architecture" != "$host" ]; then
    for_architecture "$architecture" apt-get download --target-release "$suite-backports" libstd-rust-dev
    packages+=("$apt/$architecture"/archives/libstd-rust-dev_*.deb)
    # shellcheck disable=SC2016
    versions=$(for package in "${packages[@]}"; do
        dpkg-deb --show --showformat='${Package} ${Version}\n' "$package"
    done | awk '$1 == "libstd-rust-dev" { print $2 }' | sort -u)
    [ "$(wc -l <<<"$versions")" = 1 ] ||
        die "Debian's mirror has different versions of Rust for $host and $architecture just now: try again later."
fi
for package in "${packages[@]}"; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$made" \
        --exclude='./usr/share' --exclude='./usr/lib/*/gconv' --exclude='./etc'
done

loader=$(cd "$made" && find usr/lib -name 'ld-linux*.so.*' -print -quit)
driver=$(cd "$made" && find usr/lib -name 'librustc_driver-*.so' -print -quit)
[[ -n $loader && -n $driver ]] || die "Debian's packages have no compiler for $host."
libraries=$(dirname "$driver")
cat >"$made/rustc" <<X
#!/bin/sh
# Debian's compiler with its own loader and libraries, which are newer than this machine's.
here=\$(cd "\$(dirname "\$0")" && pwd)
exec "\$here/$loader" --inhibit-cache --library-path "\$here/$libraries" "\$here/usr/bin/rustc" --sysroot "\$here/usr" "\$@"
X
chmod 755 "$made/rustc"

finish
