#!/usr/bin/env bash
# Makes the images of boards as `just deploy BOARD --image` does, looks into their partitions, and starts them in
# QEMU, until the release that was put there is found live and good on the board.
#
#   tests/devices/images.sh BOARD...
#
# It takes evenkeel-deploy from the target folder, and makes the rest with it. PROGRAMS is a folder with programs
# that were built for the boards, in place of building them; KEEP=1 keeps the images. The Raspberry Pi's own first
# stages are not in QEMU: there the kernel is started by QEMU with what the boot partition says.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=needs.sh
source "$repository/tests/devices/needs.sh"
target=${CARGO_TARGET_DIR:-$repository/target}
deploy=$target/release/evenkeel-deploy
PATH=$PATH:/usr/sbin:/sbin

# is WHAT WANTED: whether they are the same.
is() {
    [ "$1" = "$2" ] || die "$board: there is '$1' where '$2' should be."
}

[ $# -gt 0 ] || die "usage: $0 BOARD..."
[ -x "$deploy" ] || die "$deploy is missing: run ./just build first."
need jq jq
need sfdisk fdisk
need mdir mtools
need debugfs e2fsprogs
need ssh openssh-client

work=$target/images/test
rm -rf "$work"
mkdir -p "$work"
machine=
end() {
    [ -z "$machine" ] || kill "$machine" 2>/dev/null || true
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap end EXIT
ssh-keygen -q -t ed25519 -N '' -C test -f "$work/ssh-key"
printf 'correct "horse"\n' >"$work/password"
port=$((20000 + RANDOM % 10000))

make_image() {
    local start
    image=$work/$board.img hostname=test-$board
    start=$(date +%s)
    "$deploy" to "$board" --image "$image" --hostname "$hostname" --authorized-key "$work/ssh-key.pub" \
        --key "$work/deploy.key" --wifi-ssid 'a "b" c' --wifi-password-file "$work/password" --wifi-country DE \
        ${PROGRAMS:+--programs "$PROGRAMS"} --install
    echo "$board: made in $(($(date +%s) - start)) s, $(du -m "$image" | cut -f1) MB used of $(($(stat -c %s "$image") >> 20)) MiB"
}

# field JQ: of the partition table.
field() { sfdisk --json "$image" | jq -r "$1"; }

# boot_file PATH: a file of the boot partition.
boot_file() { mtype -i "$image@@$((boot_start * 512))" "::$1"; }

# has_boot_files PATH...: whether all are there, and not empty.
has_boot_files() {
    local file
    for file; do
        [ "$(boot_file "$file" | head -c 1 | wc -c)" = 1 ] || die "$board: the boot partition has no $file."
    done
}

look_at_partitions() {
    local disk_id
    is "$(field '.partitiontable.partitions | length')" 2
    boot_start=$(field '.partitiontable.partitions[0].start')
    root_start=$(field '.partitiontable.partitions[1].start')
    case $kind in
    image-pi)
        is "$(field .partitiontable.label)" dos
        is "$(field '.partitiontable.partitions[0] | "\(.type) \(.bootable)"')" 'c true'
        is "$(field '.partitiontable.partitions[1].type')" 83
        disk_id=$(field .partitiontable.id)
        root_id=${disk_id#0x}-02
        ;;
    image-uefi)
        is "$(field .partitiontable.label)" gpt
        # The type of EFI system partitions (UEFI specification, 5.3.3).
        is "$(field '.partitiontable.partitions[0].type')" C12A7328-F81F-11D2-BA4B-00A0C93EC93B
        root_id=$(field '.partitiontable.partitions[1].uuid' | tr '[:upper:]' '[:lower:]')
        ;;
    esac
}

look_at_boot_files() {
    local entry config
    case $kind in
    image-pi)
        has_boot_files bootcode.bin start.elf start4.elf fixup.dat fixup4.dat config.txt cmdline.txt \
            bcm2837-rpi-3-b.dtb bcm2837-rpi-3-b-plus.dtb bcm2837-rpi-zero-2-w.dtb bcm2711-rpi-4-b.dtb
        config=$(boot_file config.txt)
        kernel=$(sed -n 's/^kernel=//p' <<<"$config")
        initrd=$(sed -n 's/^initramfs \([^ ]*\).*/\1/p' <<<"$config")
        grep -q '^arm_64bit=1' <<<"$config" || die "$board: the firmware is not told to start a kernel of 64 bit."
        cmdline=$(boot_file cmdline.txt)
        ;;
    image-uefi)
        case $architecture in
        amd64) has_boot_files EFI/BOOT/BOOTX64.EFI ;;
        arm64) has_boot_files EFI/BOOT/BOOTAA64.EFI ;;
        esac
        entry=$(mdir -b -i "$image@@$((boot_start * 512))" ::loader/entries | sed -n 's|^::/||p')
        config=$(boot_file "$entry")
        kernel=$(sed -n 's/^linux *//p' <<<"$config")
        initrd=$(sed -n 's/^initrd *//p' <<<"$config")
        cmdline=$(sed -n 's/^options *//p' <<<"$config")
        ;;
    esac
    has_boot_files "$kernel" "$initrd"
    [[ " $cmdline " = *" root=PARTUUID=$root_id "* ]] ||
        die "$board: the kernel is told '$cmdline', and its root is on $root_id."
}

# in_root COMMAND: one of debugfs's.
in_root() { debugfs -R "$1" "$image?offset=$((root_start * 512))" 2>/dev/null; }

# facts PATH: kind, rights, user and group, or where a link leads.
facts() {
    in_root "stat $1" | awk '
        /Type:/ { type = $4; mode = $6 }
        /User:/ { owner = $2 ":" $4 }
        /Fast link dest:/ { gsub(/"/, "", $4); print "link to " $4; done = 1 }
        END { if (!done && type) print type, mode, owner }'
}

look_at_root() {
    local number
    e2fsck -fn "$image?offset=$((root_start * 512))" >"$work/e2fsck.log" 2>&1 ||
        die "$board: the root file system is not sound: $(cat "$work/e2fsck.log")"
    is "$(in_root 'cat /etc/hostname')" "$hostname"
    is "$(in_root 'cat /home/evenkeel/.ssh/authorized_keys')" "$(cat "$work/ssh-key.pub")"
    is "$(facts /home/evenkeel/.ssh)" 'directory 0700 1000:1000'
    is "$(facts /home/evenkeel/.ssh/authorized_keys)" 'regular 0600 1000:1000'
    is "$(facts /etc/wpa_supplicant/wpa_supplicant-wlan0.conf)" 'regular 0600 0:0'
    [[ "$(in_root 'cat /etc/wpa_supplicant/wpa_supplicant-wlan0.conf')" = *'ssid=612022622220'*'psk="correct "horse""'* ]] ||
        die "$board: the wireless network is not the one that was named."
    is "$(facts /opt/evenkeel/current)" "link to releases/$(in_root 'ls -p /opt/evenkeel/releases' | awk -F/ '$6 ~ /^[0-9]/ { print $6 }')"
    is "$(facts /etc/systemd/system/evenkeel.service)" 'link to /opt/evenkeel/current/systemd/evenkeel.service'
    is "$(facts /opt/evenkeel/bin/evenkeel-board)" 'regular 0755 0:0'
    number=$(sed -n 's|.* public key: ||p' "$work/deploy.pub" | head -n 1)
    is "$(in_root "cat /opt/evenkeel/keys/$number.pub" | tail -n 1)" "$(tail -n 1 "$work/deploy.pub")"
    # Each board makes its own.
    is "$(facts /etc/ssh/ssh_host_ed25519_key)" ''
    is "$(in_root 'cat /etc/machine-id')" ''
}

# firmware FILE...: the first that is there.
firmware() {
    local file
    for file; do
        if [ -f "$file" ]; then
            echo "$file"
            return
        fi
    done
    die "This test needs UEFI for QEMU: install the Debian packages 'ovmf' and 'qemu-efi-aarch64'."
}

# The disk is larger than the image, as cards are.
make_disk() {
    disk=$work/$board.disk serial=$work/$board.serial
    cp --sparse=always "$image" "$disk"
    truncate -s 4G "$disk"
}

# shellcheck disable=SC2054 # the commas are QEMU's
start_machine() {
    local -a is_machine net=(-netdev "user,id=net,hostfwd=tcp:127.0.0.1:$port-:22")
    : >"$serial"
    local drive=file=$disk,format=raw,cache=unsafe
    case $kind-$architecture in
    image-pi-*)
        need qemu-system-aarch64 qemu-system-arm
        for name in "$kernel" "$initrd" bcm2837-rpi-3-b.dtb; do
            boot_file "$name" >"$work/${name##*/}"
        done
        is_machine=(qemu-system-aarch64 -M raspi3b -kernel "$work/$kernel" -initrd "$work/$initrd" -dtb "$work/bcm2837-rpi-3-b.dtb"
            -append "$cmdline" -drive "$drive,if=sd" -serial null -serial "file:$serial"
            "${net[@]}" -device usb-net,netdev=net)
        ;;
    image-uefi-amd64)
        need qemu-system-x86_64 qemu-system-x86
        is_machine=(qemu-system-x86_64 -M q35 -cpu max -smp 2 -m 1024
            -drive "if=pflash,format=raw,readonly=on,file=$(firmware /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd)")
        ;;
    image-uefi-arm64)
        need qemu-system-aarch64 qemu-system-arm
        is_machine=(qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 2 -m 1024
            -bios "$(firmware /usr/share/qemu-efi-aarch64/QEMU_EFI.fd)")
        ;;
    esac
    if [ "$kind" = image-uefi ]; then
        is_machine+=(-drive "$drive,if=none,id=disk" -device virtio-blk-pci,drive=disk -device virtio-rng-pci
            "${net[@]}" -device virtio-net-pci,netdev=net -serial "file:$serial")
    fi
    "${is_machine[@]}" -display none -monitor none >"$work/$board.qemu" 2>&1 &
    machine=$! started=$(date +%s)
    if [ "$kind" = image-pi ]; then
        wait_for_login
    fi
}

switch_off() {
    local left=90
    on_board sudo systemctl poweroff || true
    while kill -0 "$machine" 2>/dev/null && [ "$left" -gt 0 ]; do
        left=$((left - 1))
        sleep 1
    done
    kill "$machine" 2>/dev/null || true
    wait "$machine" || true
    machine=
}

on_board() {
    # shellcheck disable=SC2029 # the command is meant for the board
    ssh -q -i "$work/ssh-key" -p "$port" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o ConnectTimeout=10 evenkeel@127.0.0.1 "$@"
}

# A screen and a keyboard are not needed, but whoever connects to the Pi's serial port can see what is going on.
wait_for_login() {
    local left=300
    until grep -aq "$hostname login:" "$serial"; do
        left=$((left - 1))
        { [ "$left" -gt 0 ] && kill -0 "$machine" 2>/dev/null; } ||
            die "$board: nobody is asked to log in at the serial port. It ends with: $(tail -n 5 "$serial")"
        sleep 1
    done
    echo "$board: one is asked to log in at the serial port"
}

# wait_for_ssh SECONDS: says after how many it answers.
wait_for_ssh() {
    until on_board true 2>/dev/null; do
        kill -0 "$machine" 2>/dev/null || die "$board: QEMU has ended: $(cat "$work/$board.qemu")"
        [ $(($(date +%s) - started)) -lt "$1" ] || die "$board: no ssh after $1 s. Its console ends with: $(tail -n 5 "$serial")"
        sleep 2
    done
    echo $(($(date +%s) - started))
}

look_at_board() {
    local status failed
    on_board timeout 60 sh -c "'until [ -e /var/lib/board/grown ]; do sleep 1; done'" ||
        die "$board: the root file system was not grown."
    is "$(on_board hostname)" "$hostname"
    status=$(on_board sudo /opt/evenkeel/bin/evenkeel-board status --json)
    is "$(jq -r '"\(.board) \(.trial) \(.releases | length) \(.live == .releases[0].release)"' <<<"$status")" "$board false 1 true"
    is "$(on_board systemctl is-enabled evenkeel.service)" enabled
    on_board /opt/evenkeel/current/bin/evenkeel inspect /opt/evenkeel/current/model >"$work/$board.inspect" ||
        die "$board: the golden windows are not right there: $(cat "$work/$board.inspect")"
    # The image has less than 2 GiB for it.
    [ "$(on_board df --output=size -B1M / | tail -n 1)" -gt 3000 ] || die "$board: the root file system did not grow."
    failed=$(on_board systemctl list-units --failed --plain --no-legend)
    is "$failed" ''
    echo "$board: live is $(jq -r .live <<<"$status"), its golden windows are right there, the service is $(jq -r .service.state <<<"$status")"
}

try_board() {
    local facts
    facts=$("$deploy" boards "$board" --json)
    kind=$(jq -r .provision <<<"$facts")
    case $(jq -r .target <<<"$facts") in
    x86_64-*) architecture=amd64 ;;
    *) architecture=arm64 ;;
    esac
    make_image
    look_at_partitions
    look_at_boot_files
    look_at_root
    echo "$board: partitions, boot files and root file system are as they should be"
    make_disk
    start_machine
    echo "$board: ssh answers $(wait_for_ssh 900) s after the first start"
    look_at_board
    switch_off
    start_machine
    echo "$board: ssh answers $(wait_for_ssh 900) s after the second start"
    look_at_board
    switch_off
    [ -n "${KEEP:-}" ] || rm -f "$image" "$disk"
}

for board; do
    try_board
done
