#!/usr/bin/env bash
# Brings releases to the virtual board that crash, hang, answer wrongly or are too big for its disk, and looks whether
# the board is back with what ran before, by itself, and how soon. See docs/deploying.md.
#
#   tests/devices/bad-releases.sh
#
# It takes evenkeel-deploy from the target folder and makes the rest with it; PROGRAMS is a folder with programs that
# were built for the board.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export BOARD_ARCH=arm64 BOARD_INIT=systemd
# shellcheck source-path=SCRIPTDIR/../../devices/virtual source=common.sh
source "$repository/devices/virtual/common.sh"
# shellcheck source-path=SCRIPTDIR source=models.sh
source "$repository/tests/devices/models.sh"
# shellcheck source-path=SCRIPTDIR source=needs.sh
source "$repository/tests/devices/needs.sh"
board() { "$repository/devices/virtual/board.sh" "$@"; }

target=${CARGO_TARGET_DIR:-$repository/target}
deploy=${DEPLOY:-$target/release/evenkeel-deploy}
programs=${PROGRAMS:-$target/boards/virtual}
zig=${ZIG:-}
made=$(mktemp -d)
trap 'rm -rf "$made"; board kill 2>/dev/null || :' EXIT

# bring MODEL PROGRAMS: a release to the board, with little patience.
bring() {
    "$deploy" to virtual --model "$1" --programs "$2" --hold 5 --patience 20
}

live() { board ssh readlink /opt/evenkeel/current; }

# pretender NAME STATEMENTS: programs that do what they should, but for `live`, which does this.
pretender() {
    mkdir "$made/$1"
    cp "$programs"/* "$made/$1/"
    cat >"$made/$1.c" <<C
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
    if (count > 1 && !strcmp(arguments[1], "live")) {
        $2
    }
    return execv("/usr/local/bin/evenkeel", arguments);
}
C
    "$zig" cc -target aarch64-linux-gnu.2.31 -O1 -s -o "$made/$1/evenkeel" "$made/$1.c"
}

# is_gone_back_from WHAT WHY MODEL PROGRAMS: tries it, and tells how long it took.
is_gone_back_from() {
    local what=$1 why=$2 begin=$EPOCHREALTIME end
    ! bring "$3" "$4" >"$made/log" 2>&1 || die "A release that $what was taken."
    end=$EPOCHREALTIME
    grep -qE "$why" "$made/log" || die "A release that $what: '$why' was not said, but: $(tail -n 3 "$made/log")"
    [ "$(live)" = "$good" ] || die "A release that $what left $(live) live, and should have left $good."
    board ssh systemctl is-active --quiet evenkeel || die "A release that $what left the service ended."
    [ "$(board ssh ls /opt/evenkeel/releases | wc -l)" = 1 ] || die "A release that $what has left something."
    awk -v what="$what" -v begin="$begin" -v end="$end" 'BEGIN { printf "%-20s gone back from in %.1f s\n", what, end - begin }'
}

[ -x "$deploy" ] || die "$deploy is missing: run ./just build first."
if [ -z "${PROGRAMS:-}" ]; then
    "$deploy" build virtual --install
fi
zig=${zig:-$(find "$target/tools/zig" -name zig -type f -perm -u+x 2>/dev/null | head -n 1)}
[ -n "$zig" ] || die "There is no zig in $target/tools: run '$deploy build virtual --install' first, or name one in ZIG."

board kill 2>/dev/null || :
board reset
bring "$repository/models/digits" "$programs"
good=$(live)
board ssh 'mkdir -p /usr/local/bin && cp /opt/evenkeel/current/bin/evenkeel /usr/local/bin/evenkeel'
newer_model "$made/newer"
changed_model "$made/wrong" 's/^std = 3.0/std = 0.5/'
pretender crashing 'sleep(1); raise(SIGSEGV);'
pretender hanging 'for (;;) pause();'
is_gone_back_from crashes 'it (crashed|ended by itself) after' "$made/newer" "$made/crashing"
is_gone_back_from hangs 'it did not answer within' "$made/newer" "$made/hanging"
is_gone_back_from 'answers wrongly' 'does not answer here as on the desk' "$made/wrong" "$programs"
# No more room than half of what comes.
room=$(($(du -sk "$programs" | cut -f1) / 2))
board ssh "head -c \$(((\$(df --output=avail -k /opt | tail -n 1) - $room) * 1024)) /dev/zero >/fill"
is_gone_back_from 'is too big' 'MB more on the disk' "$made/newer" "$made/crashing"
board ssh rm /fill
bring "$made/newer" "$programs" >"$made/log" 2>&1 || die "After all that a good release is not taken: $(tail -n 3 "$made/log")"
echo "A good release is taken after them: $(live)"
