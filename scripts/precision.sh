#!/usr/bin/env bash
# The shipped model in f32, f16 and int8: bytes, drift on validation windows, memory and time of a window, accuracy. docs/precision.md
# shows what it printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${1:-${CARGO_TARGET_DIR:-target}}
evenkeel=$target/release/evenkeel
trainer=$target/release/evenkeel-train
work=$target/precision
rounds=9

mkdir -p "$work"
for split in validation test; do
    "$trainer" data clips digits --source real --split "$split" --count 550 --out "$work/$split"
done
ln -sfn "$PWD/models/digits" "$work/f32"
for precision in f16 int8; do
    echo "==> $precision"
    "$trainer" convert models/digits --precision "$precision" --clips "$work/validation" --out "$work/$precision"
done

echo "==> Time and memory: medians of $rounds rounds in turns"
for ((round = 0; round < rounds; round++)); do
    for precision in f32 f16 int8; do
        "$evenkeel" bench "$work/$precision" --windows 1000 --json >"$work/bench-$precision-$round.json"
    done
done
for precision in f32 f16 int8; do
    jq --slurp --raw-output --arg precision "$precision" '
        def median: sort | .[length / 2 | floor];
        def stage($name): map(.stages[] | select(.name == $name).p50) | median * 1000 | round / 1000;
        "\($precision): \(.[0].graph_bytes) bytes, \(map(.memory_bytes) | median) resident, " +
        "\(map(.load_milliseconds) | median | round) ms to load, " +
        "\(stage("three graphs")) ms for the graphs, \(stage("whole window")) ms for a window"' \
        "$work/bench-$precision"-*.json
done

for clips in clips/demo "$work/test"; do
    echo "==> Accuracy on $clips"
    for precision in f32 f16 int8; do
        report=$work/report-$precision
        rm -rf "$report"
        "$evenkeel" evaluate "$clips" --model "$work/$precision" --report "$report" >/dev/null
        jq --raw-output --arg precision "$precision" \
            '"\($precision): \(.summary.fused.correct) of \(.summary.fused.total)"' "$report/summary.json"
    done
done
