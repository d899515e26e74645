#!/usr/bin/env bash
# The virtual board: a computer in QEMU with a camera and a microphone, for everyone without hardware.
#
#   board.sh image                    makes its disk, where it is missing or out of date
#   board.sh up                       makes and starts it, with camera and microphone attached
#   board.sh ssh [COMMAND...]         a shell on it, or a command, as root
#   board.sh user COMMAND...          a command as an ordinary user who may use camera and microphone
#   board.sh put FILE... FOLDER       copies files and folders to it
#   board.sh show PICTURE [WIDTH HEIGHT]   shows a picture to the camera while its pictures have that size,
#                                     640 480 unless told otherwise, in the pixel format it is used in
#   board.sh play SOUND [RATE CHANNELS]   plays a sound into the microphone, over and over, while it has that
#                                     rate and so many channels, 16000 1 unless told otherwise
#   board.sh fault NAME begin|end     makes something go wrong, and right again; `fault list` names what
#   board.sh down                     turns it off
#
# The camera is a V4L2 device, the microphone an ALSA device of the kernel. The disk is as new at each start.
# For the settings see common.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pid_file=$board/qemu.pid
log=$board/console.log
control=$board/ssh-control
memory=${BOARD_MEMORY:-512}
patience=${BOARD_PATIENCE:-120}

film_frames=5

is_up() {
    [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

# reach USER OPTION...: ssh, with a key and a host that nobody but this script knows.
reach() {
    local user=$1
    shift
    ssh -q -i "$key" -p "$port" -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o ControlPath="$control-$user" -l "$user" "$@"
}

# remote USER COMMAND...: over the connection that is kept open, which takes a tenth of the time.
remote() {
    local user=$1
    shift
    reach "$user" 127.0.0.1 "$@"
}

keep_connection() {
    [ -S "$control-$1" ] || reach "$1" -fN -o ControlMaster=yes 127.0.0.1 </dev/null >"$log.ssh" 2>&1
}

must_be_up() {
    is_up || die "The virtual board is off: start it with '$0 up'."
}

qemu() {
    case $arch in
    amd64)
        need qemu-system-x86_64 qemu-system-x86
        # "max" has the vector instructions, with which the model is a third faster even in emulation.
        exec qemu-system-x86_64 -M q35 -cpu "${BOARD_CPU:-max}" -append "console=ttyS0 $append" "$@"
        ;;
    arm64)
        need qemu-system-aarch64 qemu-system-arm
        exec qemu-system-aarch64 -M virt -cpu "${BOARD_CPU:-cortex-a72}" -append "console=ttyAMA0 $append" "$@"
        ;;
    esac
}

# A connection is made by QEMU even before the board listens; only sshd says its name.
answers() {
    timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port && read -r -N 3 word <&3 && [ \"\$word\" = SSH ]" 2>/dev/null
}

start() {
    local append='quiet loglevel=4 net.ifnames=0 mitigations=off panic=1'
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null &&
        die "Port $port is taken, perhaps by another virtual board: set BOARD_PORT to a free one."
    (qemu -accel "${BOARD_ACCEL:-tcg}" -smp 2 -m "$memory" -display none -serial stdio -monitor none -no-reboot \
        -kernel "$kernel" -initrd "$initrd" \
        -drive "file=$image,format=raw,if=none,id=disk,snapshot=on" -device virtio-blk-pci,drive=disk \
        -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
        -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
        </dev/null >"$log" 2>&1) &
    echo $! >"$pid_file"
    local waited=0
    until answers; do
        is_up || die "QEMU stopped: $(tail -n 1 "$log")"
        [ "$waited" -lt "$((patience * 5))" ] ||
            die "The virtual board does not answer after $patience s; its console is in $log."
        sleep 0.2
        waited=$((waited + 1))
    done
}

up() {
    if ! is_up; then
        "$here/image.sh"
        start
    fi
    keep_connection root
    keep_connection evenkeel
    remote root 'camera plug && microphone plug' || die "Camera or microphone of the virtual board cannot be attached."
}

down() {
    if is_up; then
        local pid waited=0
        pid=$(cat "$pid_file")
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null; do
            [ "$waited" -lt 50 ] || kill -KILL "$pid" 2>/dev/null || :
            sleep 0.1
            waited=$((waited + 1))
        done
    fi
    rm -f "$pid_file" "$control"-*
}

put() {
    [ $# -ge 2 ] || die "Usage: $0 put FILE... FOLDER"
    local folder=${*: -1} file
    remote root mkdir -p "$folder"
    for file in "${@:1:$#-1}"; do
        [ -e "$file" ] || die "There is no file '$file'."
        tar -c -C "$(dirname "$file")" --owner=0 --group=0 "$(basename "$file")" | remote root tar -x -m -C "$folder"
    done
}

# A still picture as a film: a real camera's pictures differ by its noise, and one whose pictures are all
# the same is taken for frozen.
show() {
    need ffmpeg ffmpeg
    [ -f "${1:-}" ] || die "There is no picture '${1:-}'."
    local width=${2:-640} height=${3:-480} film=$board/film.raw format pixels
    format=$(remote root camera format)
    case $format in
    YUYV) pixels=yuyv422 ;;
    UYVY) pixels=uyvy422 ;;
    NV12) pixels=nv12 ;;
    YU12) pixels=yuv420p ;;
    GREY) pixels=gray ;;
    RGB3) pixels=rgb24 ;;
    BGR3) pixels=bgr24 ;;
    *) die "The camera is used in the pixel format '$format', in which nothing can be shown to it." ;;
    esac
    ffmpeg -loglevel error -y -loop 1 -i "$1" -frames:v "$film_frames" \
        -vf "scale=$height:$height,pad=$width:$height:(ow-iw)/2:0,noise=alls=2:allf=t" \
        -pix_fmt "$pixels" -f rawvideo "$film"
    remote root "cat >/tmp/film-$width && camera show /tmp/film-$width $width $height $format" <"$film"
}

play() {
    need ffmpeg ffmpeg
    [ -f "${1:-}" ] || die "There is no sound '${1:-}'."
    local rate=${2:-16000} channels=${3:-1}
    ffmpeg -loglevel error -i "$1" -ar "$rate" -ac "$channels" -f s16le - |
        remote root "cat >/tmp/sound-$rate && microphone play /tmp/sound-$rate $rate $channels"
}

verb=${1:-}
[ $# = 0 ] || shift
case $verb in
image) "$here/image.sh" ;;
up) up ;;
down) down ;;
ssh) must_be_up && remote root "$@" ;;
user) must_be_up && remote evenkeel "$@" ;;
put) must_be_up && put "$@" ;;
show) must_be_up && show "$@" ;;
play) must_be_up && play "$@" ;;
fault) must_be_up && remote root fault "$@" ;;
*) die "$0 knows image, up, ssh, user, put, show, play, fault and down; see its head." ;;
esac
