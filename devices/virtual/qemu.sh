# QEMU for the virtual board: turning it on and off, cutting its power, keeping and getting back its state.
# Sourced by board.sh, not run.
# shellcheck shell=bash disable=SC2154

pid_file=$board/qemu.pid
log=$board/console.log
# QEMU's control protocol, JSON in lines, over a pair of pipes: the shell can write and read these by itself.
monitor=$board/monitor
memory=${BOARD_MEMORY:-512}
patience=${BOARD_PATIENCE:-120}

is_up() {
    [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

must_be_up() {
    is_up || die "The virtual board is off: start it with '$0 up'."
}

must_keep_its_disk() {
    [ "$init" = systemd ] ||
        die "The disk of this virtual board is as new at each start: set BOARD_INIT=systemd for one that keeps it."
}

# machine APPEND OPTION...: in place of this shell, so that its process is QEMU's.
machine() {
    local append="quiet loglevel=4 net.ifnames=0 mitigations=off panic=1 $1"
    # shellcheck disable=SC2054 # the commas are QEMU's
    local options=(-accel "${BOARD_ACCEL:-tcg}" -smp 2 -m "$memory" -display none -serial stdio -no-reboot
        -kernel "$kernel" -initrd "$initrd" -device virtio-rng-pci -device virtio-blk-pci,drive=disk)
    shift
    case $init in
    plain) options+=(-drive "file=$image,format=raw,if=none,id=disk,snapshot=on") ;;
    # Where the image's blocks now are is written to the file when the board flushes, and not before; for
    # that QEMU has to have room for all of it.
    systemd) options+=(-drive "file=$disk,format=qcow2,if=none,id=disk,cache=writeback,l2-cache-size=16M") ;;
    esac
    case $arch in
    amd64)
        need qemu-system-x86_64 qemu-system-x86
        # "max" has the vector instructions, with which the model is a third faster even in emulation.
        exec qemu-system-x86_64 -M q35 -cpu "${BOARD_CPU:-max}" -append "console=ttyS0 $append" "${options[@]}" "$@"
        ;;
    arm64)
        need qemu-system-aarch64 qemu-system-arm
        exec qemu-system-aarch64 -M virt -cpu "${BOARD_CPU:-cortex-a72}" -append "console=ttyAMA0 $append" \
            "${options[@]}" "$@"
        ;;
    esac
}

# make_disk UNDER FORMAT: a disk that has what is in the file UNDER, and is written to instead of it. Its blocks
# are of 4 kB, as small as those of the board's file system: each of them by itself is kept or lost.
make_disk() {
    need qemu-img qemu-utils
    qemu-img create -q -f qcow2 -b "$1" -F "$2" -o cluster_size=4k "$disk"
}

# A connection is made by QEMU even before the board listens; only sshd says its name.
answers() {
    timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && read -r -N 3 word <&3 && [ \"\$word\" = SSH ]" 2>/dev/null
}

wait_for_answer() {
    local end=$((SECONDS + patience))
    until answers; do
        is_up || die "QEMU stopped: $(tail -n 1 "$log")"
        [ "$SECONDS" -lt "$end" ] ||
            die "The virtual board does not answer after $patience s; its console is in $log."
        sleep 0.2
    done
}

# start OPTION...: turns it on and waits until it can be reached.
start() {
    local append=''
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null &&
        die "Port $port is taken, perhaps by another virtual board: set BOARD_PORT to a free one."
    [ "$init" = plain ] || append=init=/lib/systemd/systemd
    rm -f "$monitor.in" "$monitor.out"
    mkfifo "$monitor.in" "$monitor.out"
    (machine "$append" -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
        -device virtio-net-pci,netdev=net,romfile= -chardev "pipe,id=monitor,path=$monitor" -mon monitor,mode=control \
        "$@" </dev/null >"$log" 2>&1) &
    echo $! >"$pid_file"
    wait_for_answer
}

# A power button that is held: QEMU ends at once, but writes to the disk's file what it holds.
stop() {
    local pid waited=0
    if is_up; then
        pid=$(cat "$pid_file")
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null; do
            [ "$waited" -lt 50 ] || kill -KILL "$pid" 2>/dev/null || :
            sleep 0.1
            waited=$((waited + 1))
        done
    fi
    rm -f "$pid_file"
}

# A power cut: what the board has not flushed is lost, see docs/device-tests.md for how far.
cut_power() {
    local pid
    pid=$(cat "$pid_file")
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.01
    done
    rm -f "$pid_file"
}

# ask COMMAND: one of QEMU's commands, in JSON; prints what it returns and fails with its message.
ask() {
    local line answer=
    # Open for both, lest one waits for the other.
    exec 8<>"$monitor.in" 9<>"$monitor.out"
    # The first is refused when it was said before, which is as well.
    printf '%s\n' '{"execute": "qmp_capabilities"}' "{\"id\": \"ask\", $1}" >&8
    while [ -z "$answer" ]; do
        is_up || die "QEMU stopped: $(tail -n 1 "$log")"
        read -r -t "$patience" line <&9 || die "QEMU does not answer to '$1' after $patience s."
        case $line in
        *'"id": "ask"'*) answer=$line ;;
        esac
    done
    exec 8>&- 9>&-
    case $answer in
    *'"error": '*) die "QEMU cannot do '$1': $answer" ;;
    esac
    printf '%s\n' "$answer"
}

# Names of states become names of files.
must_be_name() {
    [[ ${1:-} =~ ^[A-Za-z0-9][A-Za-z0-9_-]*$ ]] ||
        die "A state of the virtual board has a name of letters, digits, '-' and '_', unlike '${1:-}'."
}

# save_state NAME: writes the running board's memory and disk to files and turns it off. Its disk then is
# the state's, and what comes later is written over it.
save_state() {
    local name=$1 progress
    [ ! -e "$states/$name.disk" ] ||
        die "There is a state '$name' already: give another name, or throw all of them away with '$0 reset'."
    mkdir -p "$states"
    ask '"execute": "migrate-set-parameters", "arguments": {"max-bandwidth": 10000000000}' >/dev/null
    ask '"execute": "migrate", "arguments": {"uri": "exec:cat >'"'$states/$name.memory'"'"}' >/dev/null
    while :; do
        progress=$(ask '"execute": "query-migrate"')
        case $progress in
        *'"status": "completed"'*) break ;;
        *'"status": "failed"'* | *'"status": "cancelled"'*) die "The state '$name' cannot be written: $progress" ;;
        esac
        sleep 0.1
    done
    stop
    mv "$disk" "$states/$name.disk"
}

must_have_state() {
    [ -e "$states/$1.disk" ] ||
        die "There is no state '$1' of the virtual board: keep one with '$0 snapshot $1'."
}

# load_state NAME: turns the board on as it was.
load_state() {
    local name=$1
    rm -f "$disk"
    make_disk "$states/$name.disk" qcow2
    start -incoming "exec:cat '$states/$name.memory'"
}

# check COMMAND...: starts the disk as it is with nothing but the command, and prints what that printed.
check() {
    local script=$board/check-command output=$board/check.log code
    [ $# -gt 0 ] || die "Usage: $0 check COMMAND..."
    ! is_up || die "The virtual board is on: turn it off, or cut its power, before its disk is checked."
    [ -f "$disk" ] || die "The virtual board has no disk yet: start it with '$0 up'."
    printf '%s\n' "$*" >"$script"
    truncate -s %512 "$script"
    (machine init=/sbin/board-check -nic none -monitor none \
        -drive "file=$script,format=raw,if=none,id=script,readonly=on" -device virtio-blk-pci,drive=script \
        </dev/null >"$output" 2>&1) &
    echo $! >"$pid_file"
    # The console ends its lines as a typewriter does.
    timeout "$patience" tail --pid=$! -f /dev/null || die "The check is not done after $patience s; its console is in $output."
    rm -f "$pid_file"
    tr -d '\r' <"$output" | sed -n '/^board-check: begin$/,/^board-check: end /p' | sed '1d;$d'
    code=$(tr -d '\r' <"$output" | sed -n 's/^board-check: end //p')
    [ -n "$code" ] || die "The board did not get as far as the command; its console is in $output."
    return "$code"
}
