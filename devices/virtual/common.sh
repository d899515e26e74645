# What the scripts of the virtual board share. Sourced, not run.
#
# Settings, from the environment:
#   BOARD_ARCH  amd64 (default) or arm64
#   BOARD_INIT  plain (default): starts quickly, and its disk is as new at each start; or systemd: as a board is
#               when it is bought, with an ordinary user who may use sudo, and a disk that keeps what is written
#   BOARD_WORK  the folder that everything is written to, and nothing outside it; default target/devices
#   BOARD_PORT  the port on the loopback interface that leads to the board's ssh; default 2222
#   BOARD_ACCEL tcg (default; emulates, anywhere) or kvm, where that works: much faster
#   BOARD_CPU, BOARD_MEMORY (MB, default 512), BOARD_PATIENCE (seconds to wait for the start, default 120)
# shellcheck shell=bash disable=SC2034

arch=${BOARD_ARCH:-amd64}
init=${BOARD_INIT:-plain}
port=${BOARD_PORT:-2222}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
work=${BOARD_WORK:-${CARGO_TARGET_DIR:-$repository/target}/devices}
mkdir -p "$work"
work=$(cd "$work" && pwd)

case $init in
plain) folder=$arch user=evenkeel ;;
systemd) folder=$arch-systemd user=board ;;
*)
    echo "There is no virtual board with '$init': BOARD_INIT is plain or systemd." >&2
    exit 1
    ;;
esac

# Everything about one kind of board lies in one folder.
board=$work/$folder
image=$board/board.ext4
kernel=$board/vmlinuz
initrd=$board/initrd
# What the board with systemd has written, over the image.
disk=$board/disk.qcow2
states=$board/states
known_hosts=$board/known-hosts
key=$work/ssh-key
mkdir -p "$board"

case $arch in
amd64 | arm64) ;;
*)
    echo "There is no virtual board for '$arch': BOARD_ARCH is amd64 or arm64." >&2
    exit 1
    ;;
esac

die() {
    echo "$*" >&2
    exit 1
}

# need PROGRAM PACKAGE: stops where the program is missing.
need() {
    command -v "$1" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ||
        die "The virtual board needs '$1': install the Debian package '$2'."
}
