# Running a board's programs here, in user-mode QEMU. Sourced after needs.sh, not run.
# shellcheck shell=bash

# emulator TRIPLE CPU: fills run with the command that programs of the board are run by, with the board's own processor
# where QEMU has it. Wants repository and target to be set.
emulator() {
    local machine sysroot
    case $1 in
    aarch64-*) machine=aarch64 sysroot=$target/tools/sysroot-arm64 ;;
    armv7-*) machine=arm sysroot=$target/tools/sysroot-armhf ;;
    *) machine=x86_64 sysroot=$target/tools/sysroot-amd64 ;;
    esac
    "$repository/devices/sysroot.sh" "${sysroot##*-}" "$sysroot"
    need "qemu-$machine" qemu-user
    local cpu=max known
    # QEMU 7 answers, and ends with 1.
    known=$("qemu-$machine" -cpu help || true)
    if grep -qwF -e "$2" <<<"$known"; then
        cpu=$2
    elif [ "$machine" = arm ]; then
        # The first ARMv7 processor.
        cpu=cortex-a8
    fi
    # shellcheck disable=SC2034
    run=("qemu-$machine" -cpu "$cpu" -L "$sysroot")
}
