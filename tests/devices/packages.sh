#!/usr/bin/env bash
# Makes Debian packages for boards as `evenkeel-deploy export deb` does, lets lintian read them, and has Debian's own
# apt install, upgrade, downgrade, remove and purge them in a Debian of the board's architecture. Then a RAUC bundle for
# boards of this machine's kind, which RAUC's own service installs.
#
#   tests/devices/packages.sh BOARD...
#
# It takes evenkeel-deploy from the target folder, and makes the rest with it. PROGRAMS is a folder with programs that
# were built for the boards, in place of building them. There is no systemd: first nothing runs, as where images are
# made, then a pretended one says how the service does. It needs root, or a user with subordinate ids.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$repository/target}
deploy=${DEPLOY:-$target/release/evenkeel-deploy}
model=${MODEL:-$repository/models/digits}
work=$target/packages
PATH=$PATH:/usr/sbin:/sbin

die() {
    echo "$*" >&2
    exit 1
}

# need PROGRAM PACKAGE: stops where the program is missing.
need() {
    command -v "$1" >/dev/null || die "This test needs '$1': install the Debian package '$2'."
}

# is WHAT THERE WANTED: whether they are the same.
is() {
    [ "$2" = "$3" ] || die "$board: $1 is '$2', and should be '$3'."
}

# says FILE TEXT: whether the text is in a file.
says() {
    grep -qF -e "$2" "$1" || die "$board: '$2' was not said, but: $(tail -n 5 "$1")"
}

# as_root COMMAND...: as root, in a name space of one's own where the user is not.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        unshare --map-auto --map-root-user "$@"
    fi
}

# shellcheck source-path=SCRIPTDIR source=packages/export.sh
source "$here/packages/export.sh"
# shellcheck source-path=SCRIPTDIR source=packages/debian.sh
source "$here/packages/debian.sh"
# shellcheck source-path=SCRIPTDIR source=packages/rauc.sh
source "$here/packages/rauc.sh"

[ $# -gt 0 ] || die "usage: $0 BOARD..."
[ -x "$deploy" ] || die "$deploy is missing: run ./just build first."
need jq jq
need lintian lintian
need mmdebstrap mmdebstrap
need rauc rauc
need mksquashfs squashfs-tools
need dbus-run-session dbus-daemon
need openssl openssl

mkdir -p "$work"
made=$(mktemp -d "$work/test.XXXXXX")
trap 'as_root rm -rf --one-file-system "$made"' EXIT
rauc_tried=
for board; do
    facts=$("$deploy" boards "$board" --json)
    case $(jq -r .target <<<"$facts") in
    aarch64-*) arch=arm64 ;;
    armv7-*) arch=armhf ;;
    *) arch=amd64 ;;
    esac
    begin=$(date +%s)
    make_packages
    test_debian
    echo "$board: installed, upgraded, downgraded, refused, removed and purged by apt ($(($(date +%s) - begin)) s)"
    if [ "$arch" = "$(dpkg --print-architecture)" ]; then
        test_rauc
        rauc_tried=yes
    fi
done
[ -n "$rauc_tried" ] || echo "RAUC was not tried: none of the boards has this machine's architecture."
