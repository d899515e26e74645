# The disk: partitions and file systems. Sourced by make.sh, not run.
# shellcheck shell=bash disable=SC2154

# The first partition, which the firmware reads: sectors of 512 bytes.
boot_start=8192
boot_sectors=524288
root_start=$((boot_start + boot_sectors))
# Left at the end, where a GPT has its second copy.
end_sectors=2048

write_partitions() {
    local disk=$1 root_sectors=$((size * 2048 - root_start - end_sectors))
    rm -f "$disk"
    truncate -s "${size}M" "$disk"
    case $kind in
    # The first stage of the Pi 3 knows partition tables of the old kind only.
    pi)
        sfdisk -q "$disk" <<S
label: dos
label-id: $disk_id
start=$boot_start, size=$boot_sectors, type=c, bootable
start=$root_start, size=$root_sectors, type=83
S
        ;;
    uefi)
        sfdisk -q "$disk" <<S
label: gpt
label-id: $disk_id
start=$boot_start, size=$boot_sectors, type=uefi, uuid=$boot_id, name=boot
start=$root_start, size=$root_sectors, type=linux, uuid=$root_id, name=root
S
        ;;
    esac
}

# The root file system is put together in a folder by root, who also takes the boot partition's files out of it.
write_file_systems() {
    local disk=$1 folder
    folder=$(boot_folder "$kind")
    as_root "$here/fill" "$work" "$folder" "$root_id" \
        "$disk" "offset=$((root_start * 512))" "$(((size * 2048 - root_start - end_sectors) / 2))"
    mkfs.vfat -F 32 -n BOOT -C "$work/boot.fat" "$((boot_sectors / 2))" >/dev/null
    mcopy -s -i "$work/boot.fat" "$work"/boot/* ::
    dd if="$work/boot.fat" of="$disk" bs=1M seek="$((boot_start / 2048))" conv=notrunc,sparse status=none
}
