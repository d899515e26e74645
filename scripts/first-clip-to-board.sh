#!/usr/bin/env bash
# How long it takes from the first clip to a model on a board: the way of docs/tutorial.md with ten classes of twenty clips,
# four of each of five people, and the seconds of each step.
#
# Played clips, real voices and handwriting, stand in for people, as fast as can be. People need a countdown of 3 s, the
# 1.9 s of the clip and a breath for each: about twenty minutes for all, four for each of them, which are to be added.
# The board is the virtual one, as it stands after `./just deploy virtual`; without it (NO_BOARD=1) the last step is
# left out.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/target/release:$PATH"

digits=zero,one,two,three,four,five,six,seven,eight,nine
work=$PWD/target/first-clip-to-board
config=${CONFIG:-trainer/configs/own.toml}

rm -rf "$work"
mkdir -p "$work"

total=0
step() { # NAME COMMAND...
    local name=$1 begin end
    shift
    begin=$(date +%s%N)
    "$@" >>"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        echo "first-clip-to-board: $name failed; the whole of it is in $work/log" >&2
        exit 1
    }
    end=$(date +%s%N)
    printf '%-28s %8.1f s\n' "$name" "$(((end - begin) / 1000000))e-3"
    total=$((total + (end - begin) / 1000000))
}

people() {
    for fold in 0 1 2 3 4 5; do
        evenkeel-train data clips digits --split test --seed $fold --out "$work/people/$fold"
    done
}

record() { # FOLD FOLDER CLIPS
    evenkeel record --labels $digits --out "$work/$2" --per-class "$3" --speaker "speaker-$1" --auto \
        --clip "$work/people/$1/clips.csv" --speed max
}

everybody() {
    for fold in 0 1 2 3 4; do
        record $fold recordings 4
    done
}

people >>"$work/log" 2>&1
record 5 strangers 10 >>"$work/log" 2>&1
cp "$config" "$work/own.toml"

step "record 200 clips" everybody
step "look at them" evenkeel-train data check --config "$work/own.toml" --out "$work/check.html"
step "train" evenkeel-train fit --config "$work/own.toml" --out "$work/run"
step "export" evenkeel-train export "$work/run" --name own-digits --license CC-BY-SA-4.0 --out "$work/model"
step "measure on a stranger" evenkeel evaluate "$work/strangers/clips.csv" --model "$work/model"
if [ -z "${NO_BOARD:-}" ]; then
    step "bring it onto the board" ./just deploy virtual --model "$work/model"
fi
printf '%-28s %8.1f s\n' "in all" "${total}e-3"
grep -E "^(all sensors|microphone alone|camera alone)" "$work/log" | tail -n 3
