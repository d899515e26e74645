# What one image has of its own: ids of partitions, name, key, wireless network. Sourced by make.sh, not run.
# shellcheck shell=bash disable=SC2034,SC2154

user=evenkeel

# Two cards in one machine must not be taken for each other.
choose_ids() {
    local id
    case $kind in
    pi)
        id=$(cut -d- -f1 /proc/sys/kernel/random/uuid)
        disk_id=0x$id boot_id=$id-01 root_id=$id-02
        ;;
    uefi)
        disk_id=$(cat /proc/sys/kernel/random/uuid)
        boot_id=$(cat /proc/sys/kernel/random/uuid)
        root_id=$(cat /proc/sys/kernel/random/uuid)
        ;;
    esac
}

# lay_files FOLDER: what is laid over the base, in the places that it has there.
lay_files() {
    local to=$1
    rm -rf "$to"
    mkdir -p "$to/etc" "$to/home/$user/.ssh"
    [ -z "$overlay" ] || cp -R --preserve=mode,links "$overlay/." "$to/"
    echo "$hostname" >"$to/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost\n' "$hostname" >"$to/etc/hosts"
    # A board without its boot partition still starts as far as ssh.
    cat >"$to/etc/fstab" <<S
PARTUUID=$root_id / ext4 defaults,noatime,errors=remount-ro 0 1
PARTUUID=$boot_id $(boot_folder "$kind") vfat defaults,umask=0077,nofail 0 2
S
    cp "$authorized_key" "$to/home/$user/.ssh/authorized_keys"
    chmod 600 "$to/home/$user/.ssh/authorized_keys"
    [ -z "$ssid" ] || lay_wifi "$to"
}

# The network's name is written in hexadecimal, so that no character of it means something else; a password
# ends with the last quote of its line. It stands there as it is, because networks of WPA3 want it so.
lay_wifi() {
    local to=$1 name
    name=$(printf %s "$ssid" | od -An -v -tx1 | tr -d ' \n')
    mkdir -p "$to/etc/wpa_supplicant" "$to/etc/systemd/system/multi-user.target.wants"
    (
        umask 077
        cat >"$to/etc/wpa_supplicant/wpa_supplicant-wlan0.conf" <<S
ctrl_interface=DIR=/run/wpa_supplicant
country=$country
network={
	ssid=$name
	psk="$password"
	key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE
	ieee80211w=1
}
S
    )
    ln -s /lib/systemd/system/wpa_supplicant@.service \
        "$to/etc/systemd/system/multi-user.target.wants/wpa_supplicant@wlan0.service"
}
