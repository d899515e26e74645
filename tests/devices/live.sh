#!/usr/bin/env bash
# `evenkeel live` on a real V4L2 camera and a real ALSA microphone, those of the virtual board, while
# everything goes wrong that can. See docs/device-tests.md.
#
#   tests/devices/live.sh [EVENKEEL [MODEL [CLIPS]]]
#
# Builds nothing: EVENKEEL is the program (target/release/evenkeel unless told otherwise), MODEL a package
# (models/digits), CLIPS a folder with clips.csv (clips/demo). FAULTS names the faults to try, all unless
# told otherwise; KEEP_BOARD=1 leaves the board on. Everything that was measured stays in the work folder
# (target/devices/live).
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR/../../devices/virtual source=common.sh
source "$repository/devices/virtual/common.sh"
board() { "$repository/devices/virtual/board.sh" "$@"; }

program=${1:-${CARGO_TARGET_DIR:-$repository/target}/release/evenkeel}
model=${2:-$repository/models/digits}
clips=${3:-$repository/clips/demo}
# The camera and the microphone are the ones that it takes by itself.
live=(/tmp/evenkeel live --model "/tmp/$(basename "$model")" --json)
# Seconds that a fault lasts, and that are given to recover from it.
hold=6
patience=30
# A label is shown for so long, seconds.
showing=10
labels=(two five seven)

results=$work/live
rm -rf "$results"
mkdir -p "$results"
lines=$results/lines.jsonl
: >"$results/faults.tsv"
: >"$results/shown.tsv"

say() { printf '%s\n' "$*"; }
board_time() { board ssh date +%s.%N; }

# evaluate OPTION... FILTER [FILE]: jq, with the names of live.jq.
evaluate() {
    local options=()
    while [[ $1 = -* ]]; do
        options+=("$1")
        shift
    done
    jq "${options[@]}" -L "$repository/tests/devices" "include \"live\"; $1" "${@:2}"
}

# clip LABEL COLUMN: the file of the first clip with a label; column 1 is its sound, 2 its picture.
clip() {
    local file
    file=$(awk -F, -v label="$1" -v column="$2" '$3 == label { print $column; exit }' "$clips/clips.csv")
    [ -n "$file" ] || die "$clips/clips.csv has no clip of '$1'."
    echo "$clips/$file"
}

# latest FILTER: whether it holds of the newest whole line.
latest() {
    # shellcheck disable=SC2016 # the dollar is sed's
    board ssh 'tail -n 2 /tmp/lines.jsonl | sed "\$d"' | evaluate -e "$1" >/dev/null
}

# The connection ends with the process that it began, so another process cannot take its place unseen.
is_running() { kill -0 "$live_job" 2>/dev/null; }

# wait_for FILTER WHAT: until it holds of the newest line.
wait_for() {
    local end=$((SECONDS + patience))
    until latest "$1"; do
        is_running || die "evenkeel live has ended: $(board ssh 'tail -n 3 /tmp/live.err')"
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 1
    done
}

start_board() {
    say "Starting the virtual board ($arch)"
    # From nothing: what an earlier test left would be measured, too.
    board down
    board up
    trap finish EXIT
    board put "$program" "$model" /tmp
    [ "$(basename "$program")" = evenkeel ] || board ssh "mv /tmp/$(basename "$program") /tmp/evenkeel"
    board play "$(clip "${labels[0]}" 1)"
}

# What there is, also of a test that was broken off.
save_lines() {
    board ssh cat /tmp/lines.jsonl >"$lines"
    board ssh cat /tmp/live.err >"$results/live.err"
}

finish() {
    save_lines 2>/dev/null || :
    [ -n "${KEEP_BOARD:-}" ] || board down
}

start_live() {
    say "Starting evenkeel live"
    board user 'touch /tmp/lines.jsonl'
    board user "echo \$\$ >/tmp/live.pid; exec ${live[*]} >/tmp/lines.jsonl 2>/tmp/live.err" &
    live_job=$!
    wait_for '(sensor("audio") | runs) and (sensor("camera") | runs)' ||
        die "Camera and microphone do not both run after $patience s: $(board ssh 'tail -n 3 /tmp/live.err; tail -n 1 /tmp/lines.jsonl')"
    memory_before=$(memory)
}

memory() { board ssh "awk '/VmRSS/ { print \$2 }' \"/proc/\$(cat /tmp/live.pid)/status\""; }

show_labels() {
    local label from
    for label in "${labels[@]}"; do
        say "Showing and saying $label"
        board show "$(clip "$label" 2)"
        board play "$(clip "$label" 1)"
        from=$(board_time)
        sleep "$showing"
        printf '%s\t%s\t%s\n' "$label" "$from" "$(board_time)" >>"$results/shown.tsv"
    done
    # For the faults after which the sensors come back with another format.
    label=${labels[-1]}
    board show "$(clip "$label" 2)" 800 600
    board play "$(clip "$label" 1)" 44100 2
}

inject() {
    local fault=$1 from to
    say "Injecting $fault"
    from=$(board fault "$fault" begin)
    case $fault in
    camera-broken | board-suspended) ;; # over when it has happened
    *) sleep "$hold" ;;
    esac
    to=$(board fault "$fault" end)
    # Not more than a moment of health: that it stays is for the evaluation to see.
    sleep 1
    wait_for '(sensor("audio") | well) and (sensor("camera") | well)' || say "  it does not recover within $patience s"
    sleep 3
    printf '%s\t%s\t%s\t%s\n' "$fault" "$from" "$to" "$(board_time)" >>"$results/faults.tsv"
}

stop_live() {
    local code=0
    is_running || die "evenkeel live has ended: $(board ssh 'tail -n 3 /tmp/live.err')"
    memory_after=$(memory)
    # shellcheck disable=SC2016 # expanded on the board
    board ssh 'kill -INT "$(cat /tmp/live.pid)"'
    wait "$live_job" || code=$?
    save_lines
    say "One process from beginning to end; it ended with code $code when asked to; memory $memory_before kB, then $memory_after kB"
    [ "$code" = 0 ] || die "It should have ended with code 0: $(tail -n 3 "$results/live.err")"
}

need jq jq
need ffmpeg ffmpeg
evaluate -n 'empty'
[ -x "$program" ] || die "There is no program '$program': build it with 'cargo build --release -p evenkeel'."
[ -f "$model/model.toml" ] || die "There is no model package '$model'."
[ -f "$clips/clips.csv" ] || die "There are no clips in '$clips': it has no clips.csv."

start_board
start_live
show_labels
for fault in ${FAULTS:-$(board fault list)}; do
    inject "$fault"
done
stop_live

# shellcheck disable=SC2016 # the dollars are jq's
evaluate -n -r 'report($faults; $shown; $truth)' "$lines" --rawfile faults "$results/faults.tsv" --rawfile shown "$results/shown.tsv" \
    --arg truth "${labels[-1]}" >"$results/report.txt"
cat "$results/report.txt"
! grep -q BROKEN "$results/report.txt" || die "A bound is broken (marked above); the lines are in $lines."
