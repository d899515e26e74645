#!/usr/bin/env bash
# Cuts the power of the virtual board at random moments of an update, looks at its disk each time, and starts it
# from time to time. Whatever the moment, exactly one whole and good release has to be live. See docs/deploying.md.
#
#   tests/devices/power-cuts.sh [CUTS]
#
# 100 cuts unless told otherwise. It takes evenkeel-deploy from the target folder and makes the rest with it;
# PROGRAMS is a folder with programs that were built for the board. SEED (1) sets the moments, STARTS (10) after
# how many cuts the board is started as a whole. What was seen stays in power-cuts.tsv of the work folder; a
# run that was broken off goes on from there.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export BOARD_ARCH=arm64 BOARD_INIT=systemd
# shellcheck source-path=SCRIPTDIR/../../devices/virtual source=common.sh
source "$repository/devices/virtual/common.sh"
# shellcheck source-path=SCRIPTDIR source=models.sh
source "$repository/tests/devices/models.sh"
board() { "$repository/devices/virtual/board.sh" "$@"; }

cuts=${1:-100}
starts=${STARTS:-10}
deploy=${DEPLOY:-${CARGO_TARGET_DIR:-$repository/target}/release/evenkeel-deploy}
model=$repository/models/digits
programs=${PROGRAMS:-}
results=$work/power-cuts.tsv
state=power-cuts

# update MODEL: brings a release with it to the board.
update() {
    "$deploy" to virtual --model "$1" ${programs:+--programs "$programs"} --hold 3
}

live() { board ssh readlink /opt/evenkeel/current; }

# prepare: a board that runs one release, kept as a state; and how long the next one takes to be live.
prepare() {
    board kill 2>/dev/null || :
    board reset
    update "$model"
    live >"$work/power-cuts.before"
    board snapshot "$state"
    update "$newer" 2>&1 | tee "$work/power-cuts.log"
    # What it does before it is live; after that it shows the board a clip.
    sed -n '/^show/d; s/^[a-z ]*  *\([0-9.]*\) s .*/\1/p' "$work/power-cuts.log" |
        awk '{ sum += $1 } END { printf "%.1f\n", sum }' >"$work/power-cuts.seconds"
}

# Run on the board's disk with nothing else running: what the next start would do, then what is there.
# shellcheck disable=SC2016 # expanded on the board
look='cd /opt/evenkeel
echo "cut $(readlink current)"
bin/evenkeel-board settle >/dev/null 2>&1
echo "live $(readlink current)"
grep -q "^trial" state.toml && echo "trial left"
for release in releases/*; do
    case $release in *.old) continue ;; esac
    tr -d "\" " <"$release/release.toml" | sed -n "s/^path=//p" >/tmp/paths
    tr -d "\" " <"$release/release.toml" | sed -n "s/^sha256=//p" >/tmp/sums
    paste -d " " /tmp/sums /tmp/paths | sed "s/ /  /" >/tmp/list
    (cd "$release" && [ -s /tmp/list ] && sha256sum --quiet -c /tmp/list) >/dev/null 2>&1 || echo "altered $release"
done
current/bin/evenkeel inspect current/model >/dev/null 2>&1 && echo "golden windows right"'

# cut_after SECONDS: begins the update, cuts the power after that time, and prints what came of it.
cut_after() {
    local moment=$1 log=$work/power-cuts.log seen step was now outcome
    board restore "$state" >/dev/null
    update "$newer" >"$log" 2>&1 &
    local updating=$!
    sleep "$moment"
    board kill
    # Nobody answers any more; it would wait for the connection to time out.
    kill "$updating" 2>/dev/null || :
    wait "$updating" 2>/dev/null || :
    step=$(sed -n '/ failed$/d; s/^\([a-z][a-z ]*[a-z]\)  .* s  .*/\1/p' "$log" | tail -n 1)
    seen=$(board check "$look") || :
    was=$(sed -n 's/^cut //p' <<<"$seen")
    now=$(sed -n 's/^live //p' <<<"$seen")
    if ! grep -q '^golden windows right$' <<<"$seen" || grep -q -e '^altered' -e '^trial left$' <<<"$seen"; then
        outcome="BROKEN: $(tr '\n' ';' <<<"$seen")"
    elif [ "$now" != "$before" ]; then
        outcome="new release live"
    elif [ "$was" != "$now" ]; then
        outcome="back to the old release"
    else
        outcome="old release live"
    fi
    printf '%s\t%s\t%s\n' "$moment" "after ${step:-the beginning}" "$outcome"
}

# start_whole: starts the board as after a power cut, and waits until its service answers.
start_whole() {
    board up >/dev/null
    local end=$((SECONDS + 120))
    until board ssh systemctl is-active --quiet evenkeel; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 2
    done
}

[ -x "$deploy" ] || die "$deploy is missing: run ./just build first."
newer=$work/power-cuts-model
newer_model "$newer"
if [ ! -f "$work/power-cuts.seconds" ]; then
    rm -f "$results"
    prepare
fi
before=$(cat "$work/power-cuts.before")
whole=$(cat "$work/power-cuts.seconds")
trap 'board kill 2>/dev/null || :' EXIT
touch "$results"
for ((i = $(wc -l <"$results") + 1; i <= cuts; i++)); do
    # Also a little after the end.
    moment=$(awk -v seed="${SEED:-1}" -v i="$i" -v whole="$whole" 'BEGIN { srand(seed * 100003 + i); rand(); printf "%.2f", rand() * whole * 1.05 }')
    line=$(cut_after "$moment")
    if ((i % starts == 0)); then
        if start_whole; then line+=", starts and answers"; else line+=", BROKEN: does not answer after a start"; fi
        board kill
    fi
    printf '%s\n' "$line" | tee -a "$results"
done
echo "An update takes $whole s. Cuts by where the update was, and what was live after them:"
cut -f2,3 "$results" | sed 's/, starts and answers//' | sort | uniq -c
echo "$(grep -c 'starts and answers' "$results" || :) starts of the whole board, each answered."
! grep -q BROKEN "$results" || die "Something is broken (marked above)."
