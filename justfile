# Recipes of evenkeel. Run them with ./just, which gets `just` by itself where it is missing.

set shell := ["bash", "-euo", "pipefail", "-c"]

target := env_var_or_default("CARGO_TARGET_DIR", "target")
evenkeel := target / "release/evenkeel"
trainer := target / "release/evenkeel-train"
deployer := target / "release/evenkeel-deploy"

# List the recipes
default:
    @"{{ just_executable() }}" --justfile "{{ justfile() }}" --list --unsorted

# Show the shipped model live (on clips where there are no sensors) and on clips: a line each, a table and a picture; with --web live as a page
demo *options: setup
    scripts/demo.sh {{ options }}

# Bring evenkeel onto a board, and go back by itself if it does not answer there: `just deploy virtual`, `just deploy raspberry-pi-4 --host pi@192.168.1.20`, `just deploy fleet.toml`
deploy board *options: build
    {{ deployer }} to {{ board }} --install {{ options }}

# Check everything: format, lints, tests, documentation, builds, ONNX Runtime
test: (setup "--python")
    scripts/test.sh

# Install the Debian packages that building needs, where they are missing
setup *options:
    scripts/setup.sh {{ options }}

# Build all programs. All at once, because a part of the workspace alone compiles its dependencies with other features
build: setup
    cargo build --release --locked --workspace

# Test live on a real camera and microphone, those of a virtual board, with everything going wrong (five minutes)
test-devices: build
    tests/devices/live.sh {{ evenkeel }}

# Build for boards of other kinds than this machine, and let the model's golden windows be answered there, in QEMU
test-foreign *boards="virtual armv7": build
    tests/devices/foreign.sh {{ boards }}

# Bring bad releases to the virtual board, and cut its power in updates (an hour)
test-updates cuts="100": build
    tests/devices/bad-releases.sh
    tests/devices/power-cuts.sh {{ cuts }}

# Make the images of these boards, look into them, and start them in QEMU (half an hour the first time)
test-images *boards="generic-amd64 generic-arm64 raspberry-pi-3": build
    tests/devices/images.sh {{ boards }}

# Make Debian packages for these boards and a RAUC bundle, and have apt and RAUC install them (Debian's packages lintian, mmdebstrap, systemd-container, rauc, squashfs-tools)
test-packages *boards="generic-amd64 generic-arm64": build
    tests/devices/packages.sh {{ boards }}

# A day of clips, as fast as the machine can play them, with sensors that fail at random every few seconds: counts, outages, memory (some minutes)
soak hours="24": build
    {{ evenkeel }} live --model models/digits --clip clips/demo --times 3 --loop --speed max --faults 4 --quiet --tally \
        --for "$(( {{ hours }} * 3600 ))" >/dev/null

# Format all Rust code
fmt:
    cargo fmt --all

# Look for mistakes and bad style in the Rust code and the scripts
lint: setup
    cargo clippy --release --workspace --all-targets -- -D warnings
    if command -v shellcheck >/dev/null; then shellcheck -x just .ci/run scripts/*.sh devices/virtual/*.sh devices/virtual/guest/* devices/*.sh devices/images/*.sh devices/images/configure devices/images/fill devices/images/files/grow-root devices/images/files/initramfs-hook devices/deploy/src/export/take.sh devices/deploy/src/export/deb/scripts/* tests/devices/*.sh tests/devices/packages/*.sh tests/cluster/*.sh scripts/cluster/*.sbatch tests/hosts/host.sh tests/hosts/service-manager/*; fi

# Build the documentation of the crates
doc: setup
    RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace

# Make the demonstration clips in clips/demo again
clips: build
    {{ trainer }} data clips digits --source made --split test --seed 0 --count 12 --out clips/demo

# Get the recordings of the digits data set (26 MB), or find them in the cache or a mirror
data: build
    {{ trainer }} data get digits

# Train the shipped model from the recordings and write models/digits
models: data
    {{ trainer }} fit --config trainer/configs/digits.toml --out runs/digits
    {{ trainer }} export runs/digits --name digits --license CC-BY-SA-4.0 \
        --robustness docs/results/robustness/robustness-0.json \
        --commit "$(git describe --always --dirty --abbrev=40)" --out models/digits

# Measure evenkeel beside ONNX Runtime, PyTorch, torchaudio and Pillow, in turns on the same cores: `just bench`, `just bench --only inference` (a large download; some minutes on a machine that does nothing else)
bench *options: build (setup "--python")
    scripts/bench.sh {{ options }}

# Count the instructions that a window takes on the processors of these ARM boards, in QEMU (a quarter of an hour the first time; Debian's packages qemu-user, jq)
instructions *boards="raspberry-pi-4 raspberry-pi-5": build
    scripts/instructions.sh {{ boards }}

# What changed between two runs of the benches beyond their noise
bench-compare before after: build
    {{ target }}/release/evenkeel-bench compare {{ before }} {{ after }}

# Time the three sizes of model on this machine, which is of the kind BOARD in devices/boards, and keep the figures
speed board: build
    mkdir -p docs/results/speed/{{ board }}
    for size in nano small base; do \
        {{ trainer }} size --config trainer/configs/presets.toml --set model.preset=$size --out {{ target }}/sizes/$size; \
        {{ evenkeel }} bench {{ target }}/sizes/$size --windows 2000 --json >{{ target }}/sizes/$size.json; \
        mv {{ target }}/sizes/$size.json docs/results/speed/{{ board }}/; \
    done
    "{{ just_executable() }}" --justfile "{{ justfile() }}" speed-table

# Put the figures of all boards in docs/results/speed in one table
speed-table: build
    {{ deployer }} speed docs/results/speed --out docs/results/speed/table.md

# The shipped model in f32, f16 and int8: bytes, drift, memory, time in turns, accuracy on clips it never met
precision: data
    scripts/precision.sh {{ target }}

# Compare each layer of the pre-trained networks with what their makers' own code gives (a large download)
test-backbones: build (setup "--python")
    scripts/test-backbones.sh

# Compare the fusion methods over six test speakers (an hour and a half on two cores; resumes, and uses the results that are there)
study: data
    {{ trainer }} study --config trainer/configs/study.toml --out runs/study --results docs/results/digits

# What the rotation does where nothing else keeps the balance (half an hour on two cores; resumes, and uses the results that are there)
rotation-study: data
    {{ trainer }} study --config trainer/configs/rotation-study.toml --out runs/rotation-study --results docs/results/rotation

# RollingQ against OGM-GE and MMPareto, alone and together, clean and with a sensor spoilt (an hour and a half on two cores; 42 MB of noise; resumes, and uses the results that are there)
balance-study: data
    {{ trainer }} data get noise
    {{ trainer }} study --config trainer/configs/balance-study.toml --out runs/balance-study --results docs/results/balance

# A model with three sensors, from training to evaluation: all of them, and each one lost (half an hour on two cores)
three-sensors: data
    {{ trainer }} fit --config trainer/configs/three-sensors.toml --out runs/three-sensors
    {{ trainer }} export runs/three-sensors --name three-sensors --license CC-BY-SA-4.0 --out runs/three-sensors/model
    {{ trainer }} data clips digits --accelerometer --out runs/three-sensors/clips
    {{ evenkeel }} evaluate runs/three-sensors/clips/clips.csv --model runs/three-sensors/model --report runs/three-sensors/report
    for lost in audio camera signal; do {{ evenkeel }} evaluate runs/three-sensors/clips/clips.csv --model runs/three-sensors/model --without "$lost"; done

# Three sensors with rotation, with plain attention, and side by side, over three test speakers (a quarter of an hour on two cores; resumes, and uses the results that are there)
three-sensors-study: data
    {{ trainer }} study --config trainer/configs/three-sensors-study.toml --out runs/three-sensors-study --results docs/results/three-sensors

# Voice alone, lips alone, and both, on a face that speaks digits (43 MB of clips; resumes, and uses the results that are there)
grid-study: build
    {{ trainer }} data get grid-digits
    {{ trainer }} study --config trainer/configs/grid-study.toml --out runs/grid-study --results docs/results/grid

# The same with pre-trained encoders, frozen (a quarter of an hour; 19 MB of networks)
pretrained-grid-study: build
    {{ trainer }} data get grid-digits
    {{ trainer }} data get speech-embedding
    {{ trainer }} data get efficientnet-lite0
    {{ trainer }} study --config trainer/configs/pretrained-grid-study.toml --out runs/pretrained-grid-study --results docs/results/pretrained-grid

# Digits from other sources than the training: encoders from scratch and pre-trained, with and without more voices and hands (an hour; 76 MB; resumes, and uses the results that are there)
unseen-study: data
    {{ trainer }} data get optdigits
    {{ trainer }} data get grid-digits
    {{ trainer }} data get speech-embedding
    {{ trainer }} data get efficientnet-lite0
    {{ trainer }} study --config trainer/configs/unseen-study.toml --out runs/unseen-study --results docs/results/unseen

# What 5, 10, 20 and 50 clips of each class give, from scratch and pre-trained (an hour; 19 MB of networks; resumes, and uses the results that are there)
learning-curve: data
    {{ trainer }} data get speech-embedding
    {{ trainer }} data get efficientnet-lite0
    {{ trainer }} study --config trainer/configs/learning-curve.toml --out runs/learning-curve --results docs/results/learning-curve

# A small study as an array of Slurm jobs on this machine, one of them killed, against the same in one piece (as root; apt install slurmctld slurmd slurm-client munge)
test-slurm: build
    tests/cluster/slurm.sh

# How long it takes from the first clip of ten classes to a model on the virtual board, step by step
first-clip-to-board: data
    scripts/first-clip-to-board.sh

# Every fusion and every layer of the final recipe under every corruption, over six test speakers (two hours on two cores; 42 MB of noise; resumes, and uses the results that are there)
robustness-study: data
    {{ trainer }} data get noise
    {{ trainer }} study --config trainer/configs/robustness-study.toml --out runs/robustness-study --results docs/results/robustness

# The same on a face that speaks digits
grid-robustness-study: build
    {{ trainer }} data get grid-digits
    {{ trainer }} data get noise
    {{ trainer }} study --config trainer/configs/grid-robustness-study.toml --out runs/grid-robustness-study --results docs/results/grid-robustness

# Draw the tables and figures in docs/results again from the results kept there
tables: build
    {{ trainer }} study --config trainer/configs/study.toml --results docs/results/digits --table-only
    {{ trainer }} study --config trainer/configs/rotation-study.toml --results docs/results/rotation --table-only
    {{ trainer }} study --config trainer/configs/grid-study.toml --results docs/results/grid --table-only
    {{ trainer }} study --config trainer/configs/pretrained-grid-study.toml --results docs/results/pretrained-grid --table-only
    {{ trainer }} study --config trainer/configs/robustness-study.toml --results docs/results/robustness --table-only
    {{ trainer }} study --config trainer/configs/grid-robustness-study.toml --results docs/results/grid-robustness --table-only
    {{ trainer }} study --config trainer/configs/learning-curve.toml --results docs/results/learning-curve --table-only
    {{ trainer }} study --config trainer/configs/unseen-study.toml --results docs/results/unseen --table-only
    {{ trainer }} study --config trainer/configs/balance-study.toml --results docs/results/balance --table-only
    {{ trainer }} study --config trainer/configs/three-sensors-study.toml --results docs/results/three-sensors --table-only

# The shipped model on 200 real windows in tract and in ONNX Runtime: the largest difference
parity: data (setup "--python")
    {{ trainer }} data clips digits --source real --split validation --count 200 --out {{ target }}/parity-clips
    {{ target }}/release/evenkeel-test-features models/digits --clips {{ target }}/parity-clips/clips.csv --out {{ target }}/parity.jsonl
    scripts/python.sh reference/onnxruntime_check.py models/digits {{ target }}/parity.jsonl
