#!/usr/bin/env bash
# The shipped model live, on camera and microphone or on recorded clips while both are spoilt in turn; then on
# recorded clips: answers, a table and a picture. With --web the live part alone, as a page, until it is stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}

model=models/digits
out=$target/demo
cache=${EVENKEEL_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/evenkeel}

# The folder that holds the real recordings, if there is one.
recordings() {
    local folder
    for folder in "$cache" "${EVENKEEL_MIRROR:-}" ../shared/data; do
        if [ -n "$folder" ] && [ -f "$folder/fsdd.tar.gz" ] && [ -f "$folder/mnist/t10k-images-idx3-ubyte.gz" ]; then
            echo "$folder"
            return
        fi
    done
}

echo "Building evenkeel (the first time takes some minutes)"
found=$(recordings)
if [ -n "$found" ]; then
    cargo build --release --locked --workspace
    seed=$(sed -n '/^\[training\]/,$s/^seed = \([0-9]*\)$/\1/p' "$model/model.toml")
    clips=$out/clips
    rm -rf "$clips"
    echo
    echo "Clips: 300 made of real test recordings in $found (a speaker and handwriting that the model never met in training)"
    "$target/release/evenkeel-train" data clips digits --source real --split test --seed "$seed" --count 300 --out "$clips"
else
    cargo build --release --locked -p evenkeel
    clips=clips/demo
    echo
    echo "Clips: the dozen in $clips, made by the project itself (synthetic voices, drawn digits)"
    echo "For real recordings (26 MB): ./just data, then ./just demo again"
fi

# Whether there is a camera or a microphone.
has_sensors() { compgen -G '/dev/video*' >/dev/null || grep -qs capture /proc/asound/pcm; }

played=(--clip clips/demo --times 3)
spoilt=(--corrupt camera:black:5@6s..11s --corrupt audio:noise:5@29s..34s)
live=("$target/release/evenkeel" live --model "$model")
if [ "${1:-}" = --web ]; then
    shift
    if has_sensors; then
        exec "${live[@]}" --web --control "$@"
    fi
    echo "There is no camera and no microphone here: the page shows clips in their place"
    exec "${live[@]}" "${played[@]}" --loop "${spoilt[@]}" --web --control "$@"
fi
echo
if has_sensors && [ -t 0 ] && [ -t 1 ]; then
    "${live[@]}"
elif [ -t 0 ] && [ -t 1 ]; then
    "${live[@]}" "${played[@]}" "${spoilt[@]}" --for 40
else
    echo "Live on clips, each played three times; the lens is covered from 6 to 11 s, and the microphone hears noise from 29 to 34 s"
    "${live[@]}" "${played[@]}" "${spoilt[@]}" --for 40 --speed max
fi
echo
"$target/release/evenkeel" evaluate "$clips" --model "$model" --report "$out/report" --each
echo
echo "Now with a sensor spoilt in every way of the suite, three of the five severities, at most 60 of the clips"
"$target/release/evenkeel" evaluate "$clips" --model "$model" --corruptions standard --quick --report "$out/robustness" | head -n 12
echo "  …"
echo
echo "Page: $out/robustness/report.html"
echo "Picture: $out/report/summary.svg (numbers: summary.json, every clip: results.csv beside it)"
