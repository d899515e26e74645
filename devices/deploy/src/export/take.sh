#!/bin/sh
# Hands the release in the folder beside this script to this board, which proves it, switches to it, and goes back if
# it does not answer. With --offline as the first argument the board does not run, and nothing is started; all others
# are options of `evenkeel-board install`.
set -eu
board=@BOARD@
key=@KEY@
options=@OPTIONS@
set_up=@SET_UP@
downgrade=@DOWNGRADE@
patience=@PATIENCE@
hold=@HOLD@
folder=$(dirname "$(readlink -f "$0")")/release
agent=$folder/bin/evenkeel-board

# RAUC gives an empty argument where it has none to give.
[ -n "$*" ] || set --
offline=
if [ "${1:-}" = --offline ]; then
    offline=$1
    shift
fi
# The program on the board is what setting up puts there last.
if [ "$set_up" = yes ] || [ ! -x /opt/evenkeel/bin/evenkeel-board ]; then
    "$agent" setup --board "$board" --key "$key" --options "$options" ${offline:+"$offline"}
fi
[ "$downgrade" = no ] || set -- --allow-downgrade "$@"
exec "$agent" install --from "$folder" --patience "$patience" --hold "$hold" ${offline:+"$offline"} "$@"
