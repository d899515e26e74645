#!/usr/bin/env bash
# Makes Debian packages for boards as `evenkeel-deploy export deb` does, lets lintian read them, and has Debian's own
# apt install, upgrade, downgrade, remove and purge them in a Debian of the board's architecture: first where nothing
# runs, as where images are made, then with a pretended systemd that says how the service does. For boards of this
# machine's architecture it is done again in a container with systemd itself, and RAUC's service installs a bundle.
#
#   tests/devices/packages.sh BOARD...
#
# It takes evenkeel-deploy from the target folder, and makes the rest with it. PROGRAMS is a folder with programs that
# were built for the boards, in place of building them. It needs root, or a user with subordinate ids, for whom
# container and RAUC's service are left out.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$repository/target}
deploy=${DEPLOY:-$target/release/evenkeel-deploy}
model=${MODEL:-$repository/models/digits}
work=$target/packages
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source-path=SCRIPTDIR source=needs.sh
source "$here/needs.sh"

# is WHAT THERE WANTED: whether they are the same.
is() {
    [ "$2" = "$3" ] || die "$board: $1 is '$2', and should be '$3'."
}

# says FILE PATTERN: whether a file has a line like that.
says() {
    grep -qE -e "$2" "$1" || die "$board: '$2' was not said, but: $(tail -n 5 "$1")"
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
# shellcheck source-path=SCRIPTDIR source=packages/systemd.sh
source "$here/packages/systemd.sh"
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

[ "$(id -u)" != 0 ] || need systemd-nspawn systemd-container

mkdir -p "$work"
made=$(mktemp -d "$work/test.XXXXXX")
container=
end() {
    [ -z "$container" ] || halt
    as_root rm -rf --one-file-system "$made"
}
trap end EXIT
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
    if [ "$arch" != "$(dpkg --print-architecture)" ]; then
        echo "$board: not tried with systemd and with RAUC, which is for boards of this machine's architecture"
        continue
    fi
    if [ "$(id -u)" = 0 ]; then
        test_systemd
        echo "$board: answers where systemd runs; killed there, it gives way to what ran before"
    else
        echo "$board: not tried with systemd, which needs root here"
    fi
    test_rauc
done
