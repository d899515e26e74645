#!/usr/bin/env bash
# Makes a bootable image of a board: Debian with ssh, one user who may use sudo, and what is laid over it.
#
#   make.sh --board-kind pi|uefi --arch arm64|amd64 --out IMAGE --hostname NAME --authorized-key FILE
#           [--wifi-ssid NAME --wifi-password-file FILE --wifi-country XX] [--overlay FOLDER] [--size MIB] [--check]
#
# pi: Raspberry Pi 3, 4 and Zero 2 W (arm64 only). uefi: any machine of arm64 or amd64 that starts by UEFI.
# All files of the overlay become root's, in the places that they have in it. On its first start the board makes
# the root file system as large as the card. --check only sees whether it could be made.
#
# The packages are installed once by mmdebstrap, for another architecture with QEMU's user mode, and kept in
# IMAGES_WORK (default target/images) until something that went into them changes. Root is not needed where
# the user has subordinate ids (/etc/subuid): then all is done in a name space.
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source-path=SCRIPTDIR source=../apt.sh
source "$here/../apt.sh"
# shellcheck source-path=SCRIPTDIR source=base.sh
source "$here/base.sh"
# shellcheck source-path=SCRIPTDIR source=lay.sh
source "$here/lay.sh"
# shellcheck source-path=SCRIPTDIR source=disk.sh
source "$here/disk.sh"

usage() {
    echo "$*" >&2
    exit 2
}

need() {
    command -v "$1" >/dev/null || die "Making an image needs '$1': install the Debian package '$2'."
}

kind='' arch='' out='' hostname='' authorized_key='' ssid='' password_file='' country='' overlay='' size=2048 check=''
while [ $# -gt 0 ]; do
    if [ "$1" = --check ]; then
        check=1
        shift
        continue
    fi
    [ $# -ge 2 ] || usage "'$1' needs a value."
    case $1 in
    --board-kind) kind=$2 ;;
    --arch) arch=$2 ;;
    --out) out=$2 ;;
    --hostname) hostname=$2 ;;
    --authorized-key) authorized_key=$2 ;;
    --wifi-ssid) ssid=$2 ;;
    --wifi-password-file) password_file=$2 ;;
    --wifi-country) country=$2 ;;
    --overlay) overlay=$2 ;;
    --size) size=$2 ;;
    *) usage "There is no option '$1'." ;;
    esac
    shift 2
done

case $kind-$arch in
pi-arm64 | uefi-arm64 | uefi-amd64) ;;
*) usage "There is no image for '--board-kind $kind --arch $arch'." ;;
esac
[ -n "$out" ] || usage "Where to? Give --out IMAGE."
[[ $size =~ ^[0-9]{4,6}$ && $size -ge 2048 ]] || usage "The size is a number of MiB from 2048 to 999999, unlike '$size'."
[[ $hostname =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
    usage "A host name has lower-case letters, digits and dashes, up to 63 of them, unlike '$hostname'."
need ssh-keygen openssh-client
[ -s "$authorized_key" ] || usage "There is no public key '$authorized_key': nobody could log in."
ssh-keygen -l -f "$authorized_key" >/dev/null 2>&1 || usage "'$authorized_key' is not a public key of ssh."
[ -z "$overlay" ] || [ -d "$overlay" ] || usage "There is no folder '$overlay'."
password=''
if [ -n "$ssid$password_file$country" ]; then
    { [ -n "$ssid" ] && [ -n "$password_file" ] && [ -n "$country" ]; } ||
        usage "Wi-Fi needs all of --wifi-ssid, --wifi-password-file and --wifi-country."
    [ "$(printf %s "$ssid" | wc -c)" -le 32 ] || usage "The name of a wireless network has up to 32 bytes, unlike '$ssid'."
    [[ $country =~ ^[A-Z]{2}$ ]] || usage "A country has two capital letters (ISO 3166), unlike '$country'."
    [ -r "$password_file" ] || usage "The password file '$password_file' cannot be read."
    IFS= read -r password <"$password_file" || true
    (LC_ALL=C && [[ $password =~ ^[\ -~]{8,63}$ ]]) ||
        usage "The first line of '$password_file' has to be the password of the wireless network: 8 to 63 characters of ASCII."
fi

need mmdebstrap mmdebstrap
need apt-get apt
need mkfs.ext4 e2fsprogs
need mkfs.vfat dosfstools
need mcopy mtools
need sfdisk fdisk
must_run_programs_of "$arch"
may_be_root
[ -z "$check" ] || exit 0

lock_folder "${IMAGES_WORK:-${CARGO_TARGET_DIR:-$here/../../target}/images}/$kind-$arch"
work=$folder
mkdir -p "$work"
make_base

echo "Making the image of $hostname"
new=$out.new
trap 'rm -rf "$new" "$work/lay" "$work/boot" "$work/boot.fat"' EXIT
rm -f "$work/boot.fat"
choose_ids
lay_files "$work/lay"
write_partitions "$new"
write_file_systems "$new"
sync "$new"
mv "$new" "$out"
echo "$out is the image of $hostname"
