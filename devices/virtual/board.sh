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
# And with BOARD_INIT=systemd, where the disk keeps what is written to it:
#
#   board.sh kill                     cuts its power
#   board.sh check COMMAND...         a command on the disk of a board that is off, as root and with nothing else
#                                     running; prints what it printed, and ends with its code
#   board.sh snapshot NAME            keeps the state of the running board, memory and disk
#   board.sh restore NAME             gets that state back, whether the board is on or off
#   board.sh reset                    throws away what was written to the disk, and all states
#   board.sh ssh-config               prints settings for ssh -F, under the host name `virtual-board`
#
# The camera is a V4L2 device, the microphone an ALSA device of the kernel. For the settings see common.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# shellcheck source-path=SCRIPTDIR source=qemu.sh
source "$here/qemu.sh"

control=$board/ssh-control

film_frames=5

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

keep_connections() {
    keep_connection root
    keep_connection "$user"
}

drop_connections() {
    local name
    for name in root "$user"; do
        [ ! -S "$control-$name" ] || remote "$name" -O exit 2>/dev/null || :
    done
    rm -f "$control"-*
}

up() {
    if ! is_up; then
        "$here/image.sh"
        [ "$init" = plain ] || [ -f "$disk" ] || make_disk "$image" raw
        start
    fi
    keep_connections
    case $init in
    plain) remote root 'camera plug && microphone plug' ;;
    systemd) remote root systemctl start board-sensors ;;
    esac || die "Camera or microphone of the virtual board cannot be attached."
}

down() {
    # What somebody has just put there is to be there when the board is on again.
    if is_up && [ "$init" = systemd ]; then
        remote root sync || die "The virtual board does not answer: cut its power with '$0 kill'."
    fi
    stop
    drop_connections
}

snapshot() {
    must_be_name "${1:-}"
    # A connection would be there in the state, with nobody at its other end.
    drop_connections
    save_state "$1"
    load_state "$1"
    keep_connections
}

restore() {
    must_be_name "${1:-}"
    must_have_state "$1"
    ! is_up || cut_power
    drop_connections
    load_state "$1"
    keep_connections
}

ssh_config() {
    cat <<X
Host virtual-board
    HostName 127.0.0.1
    HostKeyAlias virtual-board
    Port $port
    User $user
    IdentityFile "$key"
    IdentitiesOnly yes
    UserKnownHostsFile "$known_hosts"
X
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
user) must_be_up && remote "$user" "$@" ;;
put) must_be_up && put "$@" ;;
show) must_be_up && show "$@" ;;
play) must_be_up && play "$@" ;;
fault) must_be_up && remote root fault "$@" ;;
kill) must_keep_its_disk && must_be_up && cut_power && drop_connections ;;
check) must_keep_its_disk && check "$@" ;;
snapshot) must_keep_its_disk && must_be_up && snapshot "$@" ;;
restore) must_keep_its_disk && restore "$@" ;;
reset)
    must_keep_its_disk
    ! is_up || die "The virtual board is on: turn it off before its disk is thrown away."
    rm -rf "$disk" "$states"
    ;;
ssh-config) must_keep_its_disk && ssh_config ;;
*) die "$0 does not know '$verb'; see its head." ;;
esac
