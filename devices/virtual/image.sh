#!/usr/bin/env bash
# Makes the disk, the kernel and the initrd of the virtual board, where they are not there yet.
#
# The board is the same Debian release as this machine, from the package sources that apt uses here, so
# that programs built here run in it. Packages are unpacked and never run, which is why neither root nor a
# processor of the board's kind is needed. What is there is kept until something that went into it changes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=../apt.sh
source "$here/../apt.sh"
# shellcheck source-path=SCRIPTDIR source=systemd.sh
source "$here/systemd.sh"
PATH=$PATH:/usr/sbin:/sbin

# The dependencies of these come along.
packages=(busybox-static dash openssh-server alsa-utils v4l-utils libasound2 coreutils)
[ "$init" = plain ] || packages+=("${systemd_packages[@]}")
# Room on the disk for what is put there, kB: files of a test, or several releases.
free_kb=131072
[ "$init" = plain ] || free_kb=786432
# In the board: for the test devices, the root file system and the network.
modules=(vivid snd-aloop virtio_net virtio_rng ipv6)
# In the initrd: what it takes to mount the root file system.
early_modules=(virtio_pci virtio_blk crc32c_generic ext4)

unpacked=$board/packages
root=$board/root
full_kernel=$board/kernel-package
apt=$board/apt

# Unpacked packages are nobody's but the user's; inside a name space the user is root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        unshare --map-root-user "$@"
    fi
}

# Unpacks a package into a folder in which /bin, /sbin and /lib are links into /usr.
unpack() {
    dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink --no-same-owner -C "$2" \
        --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' \
        --exclude='./usr/share/sounds' --exclude='./usr/lib/*/gconv' --exclude='./usr/lib/*/perl*' \
        --exclude='./usr/share/perl*' --exclude='./usr/bin/perl*'
}

fetch_packages() {
    echo "Fetching the packages of the board ($arch)"
    configure_apt "$apt" "$arch"
    in_apt "$apt" apt-get update
    in_apt "$apt" apt-get install --yes --download-only "${packages[@]}"
    local kernel_package
    kernel_package=$(in_apt "$apt" apt-cache depends "linux-image-$arch" | awk '/Depends: linux-image/ { print $2; exit }')
    [ -n "$kernel_package" ] ||
        die "The package sources of this machine have no linux-image-$arch: the board can only be made on Debian."
    (cd "$apt/archives" && in_apt "$apt" apt-get download "$kernel_package")
}

unpack_packages() {
    rm -rf "$unpacked" "$full_kernel"
    mkdir -p "$unpacked/usr/bin" "$unpacked/usr/sbin" "$unpacked/usr/lib" "$unpacked/usr/lib64" "$full_kernel"
    local name package
    for name in bin sbin lib lib64; do
        ln -s "usr/$name" "$unpacked/$name"
    done
    for package in "$apt"/archives/*.deb; do
        case $package in
        */linux-image-*) dpkg-deb -x "$package" "$full_kernel" ;;
        *) unpack "$package" "$unpacked" ;;
        esac
    done
    local version
    version=$(ls "$full_kernel/lib/modules")
    depmod -b "$full_kernel" "$version"
    cp "$full_kernel/boot/vmlinuz-$version" "$kernel"
    rm -rf "${unpacked:?}/boot"
}

# copy_modules FOLDER MODULE...: the modules and all that they need.
copy_modules() {
    local to=$1 version file
    shift
    version=$(ls "$full_kernel/lib/modules")
    mkdir -p "$to/lib/modules/$version"
    cp "$full_kernel/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$to/lib/modules/$version/"
    modprobe -d "$full_kernel" -S "$version" --show-depends --all "$@" | awk '$1 == "insmod" { print $2 }' | sort -u |
        while read -r file; do
            install -D -m 644 "$file" "$to/lib/modules/$version/${file##*"/lib/modules/$version/"}"
        done
    depmod -b "$to" "$version"
}

# What the packages' own scripts would have set up, as far as it is needed, and what is ours.
configure_root() {
    rm -rf "$root"
    cp -a "$unpacked" "$root"
    mkdir -p "$root"/{proc,sys,dev,run,tmp,root/.ssh,etc/ssh} "$root/home/$user/.ssh"
    cat >"$root/etc/passwd" <<X
root:x:0:0:root:/root:/bin/sh
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
$user:x:1000:1000::/home/$user:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
X
    cat >"$root/etc/group" <<X
root:x:0:
audio:x:29:$user
video:x:44:$user
$user:x:1000:
nogroup:x:65534:
X
    [ "$init" = plain ] || systemd_groups >>"$root/etc/group"
    printf '%s:*:19000:0:99999:7:::\n' root sshd "$user" nobody >"$root/etc/shadow"
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
    printf '127.0.0.1 localhost board\n' >"$root/etc/hosts"
    echo board >"$root/etc/hostname"
    cat >"$root/etc/ssh/sshd_config" <<'X'
HostKey /etc/ssh/ssh_host_ed25519_key
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxSessions 50
Subsystem sftp /usr/lib/openssh/sftp-server
X
    # The sound card's end to record from and to play to by default are not the same device.
    cat >"$root/etc/asound.conf" <<'X'
pcm.!default {
    type asym
    capture.pcm "plughw:Loopback,1,0"
    playback.pcm "plughw:Loopback,0,0"
}
ctl.!default { type hw; card Loopback }
X
    rm -f "$root/etc/ssh/ssh_host_ed25519_key"*
    ssh-keygen -q -t ed25519 -N '' -C board -f "$root/etc/ssh/ssh_host_ed25519_key"
    local home
    for home in root "home/$user"; do
        cp "$key.pub" "$root/$home/.ssh/authorized_keys"
        chmod 700 "$root/$home" "$root/$home/.ssh"
    done
    # Where a package brought the program, the program; for all else busybox.
    local tool
    while read -r tool; do
        [ -e "$root/$tool" ] || [ -L "$root/$tool" ] || ln -s /bin/busybox "$root/$tool"
    done < <(busybox_tools)
    ln -sf dash "$root/bin/sh"
    install -m 755 "$here/guest/init" "$root/sbin/board-init"
    install -m 755 "$here/guest/camera" "$here/guest/microphone" "$here/guest/fault" "$root/usr/bin/"
    copy_modules "$root" "${modules[@]}"
    [ "$init" = plain ] || configure_systemd "$root"
}

# The paths of busybox's tools that the board uses. Listed, because its own list cannot be asked for on
# a processor of another kind.
busybox_tools() {
    printf 'bin/%s\n' mount umount mknod ip ps kill hostname grep sed ping vi less
    printf 'sbin/%s\n' modprobe rmmod lsmod insmod poweroff reboot
    printf 'usr/bin/%s\n' awk find tar gzip xargs setsid pidof pgrep top free which nc clear
}

make_initrd() {
    local folder=$board/initrd-root tool
    rm -rf "$folder"
    mkdir -p "$folder"/{bin,lib,proc,sys,dev,mnt}
    cp "$root/bin/busybox" "$folder/bin/"
    for tool in sh mount umount modprobe switch_root sleep; do
        ln -s busybox "$folder/bin/$tool"
    done
    install -m 755 "$here/guest/early-init" "$folder/init"
    copy_modules "$folder" "${early_modules[@]}"
    # modprobe in the initrd is told by the script which ones.
    printf '%s\n' "${early_modules[@]}" >"$folder/modules"
    (cd "$folder" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$initrd"
    rm -rf "$folder"
}

make_image() {
    local size
    size=$(du -sk --apparent-size "$root" | cut -f1)
    rm -f "$image.new"
    truncate -s "$((size * 5 / 4 + free_kb))K" "$image.new"
    # Whole from the beginning: otherwise the board's kernel goes on making it, beside what is measured.
    as_root mkfs.ext4 -q -F -L board -E lazy_itable_init=0,lazy_journal_init=0 -d "$root" "$image.new"
    if [ "$init" = systemd ]; then
        give_home
    fi
    mv "$image.new" "$image"
    # What was written to a disk that was is of no use to the new one.
    rm -rf "$disk" "$states"
    # For users of ssh who trust no host that they do not know.
    printf 'virtual-board %s\n' "$(cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >"$known_hosts"
}

# All files are root's while the disk is made; the home of the ordinary user is handed over on the disk.
give_home() {
    local file owner
    for file in "/home/$user" "/home/$user/.ssh" "/home/$user/.ssh/authorized_keys"; do
        for owner in uid gid; do
            echo "set_inode_field $file $owner 1000"
        done
    done | debugfs -w -f - "$image.new" >/dev/null 2>&1
}

# One line for each thing that goes into a stage.
packages_inputs() {
    printf '%s\n' "${packages[@]}" "$arch"
    cat /etc/os-release
    declare -f configure_apt in_apt unpack fetch_packages unpack_packages
}
image_inputs() {
    packages_inputs
    printf '%s\n' "$init" "$free_kb" "${modules[@]}" "${early_modules[@]}" "${idle_units[@]}"
    cat "$here"/guest/* "$here"/units/* "$key.pub"
    declare -f copy_modules configure_root busybox_tools make_initrd make_image give_home systemd_groups configure_systemd
}

# stage NAME: runs NAME_stage unless it has run with the same inputs.
stage() {
    local stamp=$board/$1.stamp sum
    sum=$("$1_inputs" | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        rm -f "$stamp"
        "$1_stage"
        echo "$sum" >"$stamp"
    fi
}
packages_stage() {
    rm -rf "$apt"
    fetch_packages
    unpack_packages
    rm -rf "$apt/archives"
}
image_stage() {
    echo "Making the disk of the board ($arch)"
    configure_root
    make_initrd
    make_image
    rm -rf "$root"
}

need apt-get apt
need dpkg-deb dpkg
need modprobe kmod
need cpio cpio
need mkfs.ext4 e2fsprogs
need ssh-keygen openssh-client
[ -f "$key" ] || ssh-keygen -q -t ed25519 -N '' -C evenkeel-board -f "$key"
stage packages
stage image
