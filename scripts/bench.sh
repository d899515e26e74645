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
# The first call makes the environments; the benches start what is in them.
scripts/python.sh -c "import onnxruntime"
scripts/python.sh --torch -c "import torch"

exec "$bin/evenkeel-bench" run --with "bin=$bin" --with "models=$models" --with "clips=$clips" \
    --with "python=$target/reference-venv/bin/python" --with "torch=$target/torch-venv/bin/python" \
    --out "$target/bench/$(date -u +%Y%m%dT%H%M%SZ).json" "$@"
