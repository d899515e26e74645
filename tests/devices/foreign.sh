#!/usr/bin/env bash
# Builds the programs for boards of other kinds than this machine, and lets them run a model's golden windows
# here, in user-mode QEMU, with the board's own processor where QEMU has it.
#
#   tests/devices/foreign.sh BOARD...
#
# It takes evenkeel-deploy from the target folder, and makes the rest with it. MODEL is a package
# (models/digits unless told otherwise). The programs stay in target/boards.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=needs.sh
source "$repository/tests/devices/needs.sh"
# shellcheck source-path=SCRIPTDIR source=emulator.sh
source "$repository/tests/devices/emulator.sh"
target=${CARGO_TARGET_DIR:-$repository/target}
deploy=$target/release/evenkeel-deploy
model=${MODEL:-$repository/models/digits}

[ $# -gt 0 ] || die "usage: $0 BOARD..."
[ -x "$deploy" ] || die "$deploy is missing: run ./just build first."
need jq jq
need objdump binutils

for board; do
    "$deploy" build "$board" --install
    facts=$("$deploy" boards "$board" --json)
    emulator "$(jq -r .target <<<"$facts")" "$(jq -r .target_cpu <<<"$facts")"
    programs=$target/boards/$board
    for program in evenkeel evenkeel-board; do
        # Asked of another program than the one that checked it.
        needed=$(objdump -T "$programs/$program" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1)
        echo "$board: $program has $(stat -c %s "$programs/$program") bytes and needs ${needed:-no glibc}"
        "${run[@]}" "$programs/$program" --version >/dev/null ||
            die "$board: $program does not run on ${run[2]}."
    done
    start=$(date +%s)
    "${run[@]}" "$programs/evenkeel" inspect "$model" ||
        die "$board: the golden windows are not right on ${run[2]}."
    echo "$board: the golden windows are right on ${run[2]} ($(($(date +%s) - start)) s)"
done
