#!/usr/bin/env bash
# Makes a sysroot: what programs for boards of one architecture are linked with, and what qemu-user needs to
# run them, out of Debian's packages. They are unpacked and never run, so neither root nor a processor of the
# board's kind is needed. What is there and whole is kept.
#
# usage: devices/sysroot.sh ARCHITECTURE FOLDER      (Debian's names: amd64, arm64, armhf)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=apt.sh
source "$(dirname "${BASH_SOURCE[0]}")/apt.sh"

[ $# = 2 ] || die "usage: $0 ARCHITECTURE FOLDER"
architecture=$1

# ALSA to link with, and the kernel's headers for V4L2. The C library that these depend on comes along to
# run with. To link with there is none, so that the linker cannot take it for the one that it has for the
# board's version; only its headers.
packages=(libasound2-dev linux-libc-dev)
headers=libc6-dev

sum=$({ cat /etc/os-release "${BASH_SOURCE[0]}" && echo "$architecture"; } | sha256sum)
begin "$2" "$sum" "Making the sysroot for $architecture of Debian's packages"
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null ||
        die "A sysroot is made of Debian's packages, and there is no '$tool' here: build on Debian."
done

configure_apt "$apt" "$architecture"
in_apt "$apt" apt-get update ||
    echo "Going on with those package lists that could be fetched." >&2
in_apt "$apt" apt-get install --yes --download-only "${packages[@]}" ||
    die "The package sources of this machine have no '${packages[*]}' for $architecture: build on Debian."
(cd "$apt" && in_apt "$apt" apt-get download "$headers")
for package in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$made" \
        --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/lib/*/gconv'
done
dpkg-deb --fsys-tarfile "$apt/$headers"_*.deb | tar -x --no-same-owner -C "$made" ./usr/include

finish
