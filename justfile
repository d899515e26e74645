# Recipes of evenkeel. Run them with ./just, which gets `just` by itself where it is missing.

set shell := ["bash", "-euo", "pipefail", "-c"]

target := env_var_or_default("CARGO_TARGET_DIR", "target")

# List the recipes
default:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# Show the shipped model's answers on clips: a line each, a table and a picture
demo: setup
    scripts/demo.sh

# Check everything: format, lints, tests, documentation, builds, ONNX Runtime
test: (setup "--python")
    scripts/test.sh

# Install the Debian packages that building needs, where they are missing
setup *options:
    scripts/setup.sh {{ options }}

# Format all Rust code
fmt:
    cargo fmt --all

# Look for mistakes and bad style in the Rust code and the scripts
lint: setup
    cargo clippy --release --workspace --all-targets -- -D warnings
    if command -v shellcheck >/dev/null; then shellcheck just .ci/run scripts/*.sh; fi

# Build the documentation of the crates
doc: setup
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace

# Make the demonstration clips in clips/demo again
clips: setup
    cargo run --release -p evenkeel-train -- data clips digits --source made --split test --seed 0 --count 12 --out clips/demo

# Get the recordings of the digits data set (26 MB), or find them in the cache or a mirror
data: setup
    cargo run --release -p evenkeel-train -- data get digits

# Train the shipped model from the recordings and write models/digits
models: data
    cargo run --release -p evenkeel-train -- fit --config trainer/configs/digits.toml --out runs/digits
    cargo run --release -p evenkeel-train -- export runs/digits --name digits --license CC-BY-SA-4.0 --out models/digits

# Time the shipped model on this machine: tract, then ONNX Runtime, one thread each
bench: (setup "--python")
    cargo run --release -p evenkeel -- bench models/digits
    scripts/python.sh reference/onnxruntime_latency.py models/digits

# Time a training step of the default model on two threads: Candle, then PyTorch (a large download)
step-time *changes: (setup "--python")
    cargo run --release -p evenkeel-train -- bench --config trainer/configs/digits.toml {{ changes }}
    scripts/python.sh --torch reference/pytorch_step.py trainer/configs/digits.toml {{ changes }}

# Compare the fusion methods over six test speakers (about four hours on two cores; resumes)
study: data
    cargo run --release -p evenkeel-train -- study --config trainer/configs/study.toml --out runs/study
