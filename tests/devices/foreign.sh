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
target=${CARGO_TARGET_DIR:-$repository/target}
deploy=$target/release/evenkeel-deploy
model=${MODEL:-$repository/models/digits}

# emulator TRIPLE CPU: fills run with the command that programs of the board are run by.
emulator() {
    local machine sysroot
    case $1 in
    aarch64-*) machine=aarch64 sysroot=$target/tools/sysroot-arm64 ;;
    armv7-*) machine=arm sysroot=$target/tools/sysroot-armhf ;;
    *) machine=x86_64 sysroot=$target/tools/sysroot-amd64 ;;
    esac
    "$repository/devices/sysroot.sh" "${sysroot##*-}" "$sysroot"
    need "qemu-$machine" qemu-user
    local cpu=max known
    # QEMU 7 answers, and ends with 1.
    known=$("qemu-$machine" -cpu help || true)
    if grep -qwF -e "$2" <<<"$known"; then
        cpu=$2
    elif [ "$machine" = arm ]; then
        # The first ARMv7 processor.
        cpu=cortex-a8
    fi
    run=("qemu-$machine" -cpu "$cpu" -L "$sysroot")
}

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
