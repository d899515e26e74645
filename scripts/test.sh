#!/usr/bin/env bash
# Everything that has to hold before a change goes in. Stops at the first thing that does not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}

step() { printf '\n==> %s\n' "$1"; }

for tool in fmt clippy; do
    if ! cargo "$tool" --version >/dev/null 2>&1; then
        echo "This Rust has no 'cargo $tool': install it with 'rustup component add rustfmt clippy', then run this again." >&2
        exit 1
    fi
done

step "Format"
cargo fmt --all --check

step "Lints"
cargo clippy --release --locked --workspace --all-targets -- -D warnings

step "Programs and tests"
cargo build --release --locked --workspace
log=$target/cargo-test.log
cargo test --release --locked --workspace 2>&1 | tee "$log"

step "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --workspace

step "The runtime without live sensors needs no ALSA headers"
empty=$(mktemp -d)
PKG_CONFIG_LIBDIR=$empty PKG_CONFIG_PATH='' cargo check --release --locked -p evenkeel --no-default-features
rmdir "$empty"

step "The runtime does not depend on Candle"
tree=$(cargo tree --locked -p evenkeel --edges normal,build --prefix none)
if grep -i '^candle' <<<"$tree"; then
    echo "evenkeel depends on Candle (above), and the runtime must not: see 'cargo tree -p evenkeel --invert candle-core'." >&2
    exit 1
fi
echo "evenkeel has $(sort -u <<<"$tree" | wc -l) crates in its tree, none of them Candle's"

step "ONNX Runtime opens the shipped graphs and gives the same logits"
"$target/release/evenkeel-test-features" models/digits --out "$target/features.jsonl"
scripts/python.sh reference/onnxruntime_check.py models/digits "$target/features.jsonl"

for precision in f16 int8; do
    step "The same of the shipped model in $precision"
    "$target/release/evenkeel-train" convert models/digits --precision "$precision" --clips clips/demo --out "$target/digits-$precision"
    "$target/release/evenkeel-test-features" "$target/digits-$precision" --clips clips/demo/clips.csv --out "$target/features-$precision.jsonl"
    scripts/python.sh reference/onnxruntime_check.py "$target/digits-$precision" "$target/features-$precision.jsonl"
done

step "All checks passed"
grep '^test result' "$log" | awk '
    { passed += $4; failed += $6; ignored += $8 }
    END { printf "cargo test: %d passed, %d failed, %d ignored\n", passed, failed, ignored }'
