#!/usr/bin/env bash
# How many instructions a window takes on ARM boards, counted in user-mode QEMU: for each size of model, by the program built for any
# 64-bit ARM and by the one built for the board's own processor, both run on that processor.
#
#   scripts/instructions.sh BOARD...
#
# Prints a table in Markdown; every number is in target/instructions. docs/benchmarks.md shows what came out.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$repository/target}
# shellcheck source-path=SCRIPTDIR source=../tests/devices/needs.sh
source "$repository/tests/devices/needs.sh"
# shellcheck source-path=SCRIPTDIR source=../tests/devices/emulator.sh
source "$repository/tests/devices/emulator.sh"
bin=$target/release
plugin=$(realpath "$bin/libevenkeel_count_instructions.so")
out=$target/instructions
any=generic-arm64
# The difference of the two is what windows take beyond the start of the program.
few=10 many=60

[ $# -gt 0 ] || die "usage: $0 BOARD..."
need jq jq

# count PROGRAM PACKAGE: instructions of a window, rounded down.
count() {
    local windows said instructions counted=()
    for windows in $few $many; do
        said=$(env -u RUST_BACKTRACE "${run[@]}" -plugin "$plugin" "$1" bench "$2" --windows "$windows" --json 2>&1 >/dev/null) ||
            die "$1 failed in QEMU on $2 (QEMU 9 does not take the plugin): $said"
        instructions=$(sed -n 's/^instructions: //p' <<<"$said")
        [ -n "$instructions" ] || die "nothing was counted of $1: $said"
        counted+=("$instructions")
    done
    echo $(((counted[1] - counted[0]) / (many - few)))
}

mkdir -p "$out"
for size in nano small base; do
    "$bin/evenkeel-train" size --config "$repository/trainer/configs/presets.toml" --set "model.preset=$size" \
        --out "$out/$size" >&2
done
"$bin/evenkeel-deploy" build "$any" --install >&2
printf '| processor | size | multiply-accumulates | instructions, any ARM | instructions, its own build | of the former | a multiply-accumulate |\n'
printf '|---|---|---|---|---|---|---|\n'
for board; do
    facts=$("$bin/evenkeel-deploy" boards "$board" --json)
    machine=$(jq -r .target <<<"$facts")
    [ "${machine%%-*}" = aarch64 ] || die "$board is no 64-bit ARM, and only those are counted; \`evenkeel-deploy boards\` lists them"
    "$bin/evenkeel-deploy" build "$board" --install >&2
    cpu=$(jq -r .target_cpu <<<"$facts")
    emulator "$machine" "$cpu"
    [ "${run[2]}" = "$cpu" ] || echo "QEMU does not know the $cpu of $board, and counts on its '${run[2]}'." >&2
    for size in nano small base; do
        plain=$(count "$target/boards/$any/evenkeel" "$out/$size") || exit 1
        own=$(count "$target/boards/$board/evenkeel" "$out/$size") || exit 1
        work=$("$bin/evenkeel" bench "$out/$size" --windows 1 --json | jq .multiply_accumulates)
        jq --null-input --arg board "$board" --arg processor "${run[2]}" --arg size "$size" \
            --argjson work "$work" --argjson plain "$plain" --argjson own "$own" \
            '{board: $board, processor: $processor, size: $size, multiply_accumulates: $work, any_arm: $plain, own_build: $own}' \
            >"$out/$board-$size.json"
        jq --raw-output '"| \(.board), \(.processor) | \(.size) | \(.multiply_accumulates) | \(.any_arm) | \(.own_build) | \(.own_build / .any_arm * 1000 | round / 1000) | \(.own_build / .multiply_accumulates * 1000 | round / 1000) |"' \
            "$out/$board-$size.json"
    done
done
