# The part that all images of a kind have in common: the packages, installed, as the archive base.tar. Sourced
# by make.sh, not run.
# shellcheck shell=bash disable=SC2154

# Beside what Debian calls required, and the dependencies of these.
packages=(
    systemd-sysv systemd-resolved systemd-timesyncd libnss-systemd dbus udev kmod initramfs-tools zstd
    openssh-server sudo iproute2 netbase ca-certificates fdisk e2fsprogs dosfstools alsa-utils v4l-utils
    wpasupplicant wireless-regdb less nano
)
pi_packages=(raspi-firmware firmware-brcm80211)
uefi_packages=(systemd-boot firmware-atheros firmware-brcm80211 firmware-iwlwifi firmware-realtek)

# boot_folder KIND: where the board's system sees the partition that its firmware reads.
boot_folder() {
    case $1 in
    pi) echo /boot/firmware ;;
    uefi) echo /boot/efi ;;
    esac
}

# must_run_programs_of ARCHITECTURE: packages' own scripts run while they are installed.
must_run_programs_of() {
    [ "$1" != "$(dpkg --print-architecture)" ] || return 0
    need arch-test arch-test
    arch-test "$1" >/dev/null ||
        die "This machine does not run programs of $1, which an image needs: install the Debian packages 'qemu-user-static' and 'binfmt-support'."
}

may_be_root() {
    [ "$(id -u)" = 0 ] || as_root true 2>/dev/null ||
        die "An image has files of many owners: give this user subordinate ids (install 'uidmap', then 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)'), or be root."
}

# as_root COMMAND...: as root, in a name space of one's own where the user is not.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        unshare --map-auto --map-root-user "$@"
    fi
}

# The Debian sources of this machine, with the component that has the firmware of boards.
write_sources() {
    # shellcheck disable=SC2016 # the dollars are apt's
    apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format '$(REPO_URI) $(CODENAME)' | sort -u |
        sed 's|.*|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & main non-free-firmware|' >"$work/sources.list"
    [ -s "$work/sources.list" ] ||
        die "This machine's apt has no package lists of Debian: an image can only be made on Debian, after 'apt-get update'."
}

# What the packages' scripts want to know before they run, in a folder that is laid over the empty root. ROOT-ID stands
# for the partition, which is another one in each image.
write_before() {
    local to=$1
    mkdir -p "$to$(boot_folder "$kind")"
    if [ "$kind" = uefi ]; then
        mkdir -p "$to/etc/kernel"
        echo 'root=PARTUUID=ROOT-ID ro fsck.repair=yes quiet' >"$to/etc/kernel/cmdline"
        echo debian >"$to/etc/kernel/entry-token"
        # A folder of that name is where the kernels go.
        mkdir -p "$to$(boot_folder "$kind")/debian"
    fi
}

base_inputs() {
    printf '%s\n' "$kind" "$arch" "${packages[@]}" "${pi_packages[@]}" "${uefi_packages[@]}"
    cat /etc/os-release "$here/configure" "$here"/files/*
    declare -f boot_folder write_sources write_before make_base
}

make_base() {
    local sum chosen
    sum=$(base_inputs | sha256sum)
    [ "$(cat "$work/base.stamp" 2>/dev/null)" != "$sum" ] || return 0
    rm -rf "$work/base.stamp" "$work/base.tar.new" "$work/before"
    write_sources
    write_before "$work/before"
    case $kind in
    pi) chosen=("${packages[@]}" "${pi_packages[@]}") ;;
    uefi) chosen=("${packages[@]}" "${uefi_packages[@]}") ;;
    esac
    echo "Installing Debian's packages for the image ($kind, $arch), which takes some minutes"
    SYSTEMD_RELAX_ESP_CHECKS=1 INITRD=No mmdebstrap --architectures="$arch" --variant=minbase --format=tar \
        --include="$(IFS=, && echo "${chosen[*]},linux-image-$arch")" \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-include=/usr/share/doc/apt/examples/sources.list' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='force-unsafe-io' --setup-hook="sync-in '$work/before' /" \
        --customize-hook="mkdir \"\$1/seed\"" --customize-hook="sync-in '$here/files' /seed" \
        --customize-hook="copy-in '$here/configure' /seed" \
        --customize-hook="chroot \"\$1\" /bin/sh /seed/configure $kind && rm -r \"\$1/seed\"" \
        '' "$work/base.tar.new" "$work/sources.list" >"$work/base.log" 2>&1 ||
        die "The packages could not be installed; what happened is in $work/base.log."
    mv "$work/base.tar.new" "$work/base.tar"
    rm -rf "$work/before"
    echo "$sum" >"$work/base.stamp"
}
