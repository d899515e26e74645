#!/usr/bin/env bash
# Measures evenkeel beside its peers and keeps the figures: scripts/bench.sh [OPTIONS OF evenkeel-bench run]. Gets the peers, the
# models of all sizes and their features ready first. docs/benchmarks.md says what is measured and how.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
bin=$target/release
models=$target/bench/models

mkdir -p "$models" "$target/bench/clips"
rm -rf "$models/digits"
cp -r models/digits "$models/digits"
for size in small base; do
    "$bin/evenkeel-train" size --config trainer/configs/presets.toml --set "model.preset=$size" --out "$models/$size" >&2
done
# Two to eight sensors: the further ones read as the first of their kind do.
audio=$(sed -n '/^\[audio\]/,/^$/{/=/p}' trainer/configs/presets.toml | sed 's/ *#.*//' | paste -sd,)
camera=$(sed -n '/^\[camera\]/,/^$/{/=/p}' trainer/configs/presets.toml | sed 's/ *#.*//' | paste -sd,)
signal='rate_hz=100.0,channels=3,window_seconds=1.28,mean=[0.0,0.0,0.0],std=[1.0,1.0,1.0]'
sensors=("signal={$signal}" "audio2={$audio}" "camera2={$camera}" "signal2={$signal}" "signal3={$signal}" "signal4={$signal}")
stem='{convolutions=[{channels=24,kernel=[1,7],stride=[1,3]},{channels=48,kernel=[1,5],stride=[1,2]}],kernel=[1,3],stride=[1,2]}'
for ((count = 2; count <= 8; count++)); do
    further=()
    for sensor in "${sensors[@]:0:count-2}"; do
        further+=(--set "$sensor")
    done
    [ "$count" = 2 ] || further+=(--set "model.signal=$stem")
    "$bin/evenkeel-train" size --config trainer/configs/presets.toml --set model.preset=nano "${further[@]}" \
        --out "$models/sensors-$count" >&2
done
for model in digits small base; do
    "$bin/evenkeel-test-features" "$models/$model" --out "$models/$model.jsonl" >&2
done
clips=$(realpath "$target/bench/clips")
for split in train validation test; do
    count=1024
    [ "$split" = train ] || count=128
    "$bin/evenkeel-train" data clips digits --source made --split "$split" --count "$count" --out "$clips/$split" >&2
    sed "s#\(^\|,\)\([^,]*\.\(wav\|png\)\)#\1$split/\2#g" "$clips/$split/clips.csv"
done | awk 'NR == 1 || !/^audio,/' >"$clips/clips.csv"
for count in 4 8 16 128 256 512 1024; do
    head -n "$((count + 1))" "$clips/clips.csv" >"$clips/first-$count.csv"
done
# The first call makes the environments; the benches start what is in them.
scripts/python.sh -c "import onnxruntime"
scripts/python.sh --torch -c "import torch"

exec "$bin/evenkeel-bench" run --with "bin=$bin" --with "models=$models" --with "clips=$clips" \
    --with "python=$target/reference-venv/bin/python" --with "torch=$target/torch-venv/bin/python" \
    --out "$target/bench/$(date -u +%Y%m%dT%H%M%SZ).json" "$@"
