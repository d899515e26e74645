# The virtual board with systemd, as a board is when it is bought: what image.sh adds for it. Sourced, not run.
#
# Packages are unpacked and not run, so what their scripts do is done here, as far as it is needed, and what
# takes time at each start and is of no use to a board without screen is left out.
# shellcheck shell=bash disable=SC2034,SC2154

systemd_packages=(libc-bin dbus systemd systemd-sysv udev libnss-systemd sudo bash grep sed tar gzip findutils procps kmod)

# Groups that rules and units of systemd name, besides those that every board here has.
systemd_groups() {
    printf '%s:x:%s:\n' adm 4 tty 5 disk 6 lp 7 kmem 15 dialout 20 cdrom 24 tape 26 shadow 42 utmp 43 users 100 \
        input 101 sgx 102 kvm 103 render 104 systemd-journal 105 systemd-network 106 messagebus 107
    printf 'sudo:x:27:%s\n' "$user"
}

# The units that are never started: with nobody at a screen, no second disk, nothing to be set up at the
# first start.
idle_units=(
    getty.target systemd-logind.service systemd-user-sessions.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-ask-password-wall.path systemd-ask-password-console.path
    systemd-tmpfiles-clean.timer systemd-hwdb-update.service systemd-sysusers.service systemd-firstboot.service
    systemd-machine-id-commit.service systemd-journal-catalog-update.service systemd-update-done.service
    systemd-journal-flush.service systemd-random-seed.service systemd-pstore.service systemd-binfmt.service
    systemd-boot-system-token.service systemd-pcrphase.service systemd-pcrphase-sysinit.service
    systemd-remount-fs.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount
    modprobe@.service cryptsetup.target veritysetup.target integritysetup.target
)

# configure_systemd ROOT: the root file system in ROOT boots with systemd.
configure_systemd() {
    local to=$1 units=$1/etc/systemd/system name
    mkdir -p "$units/multi-user.target.wants" "$units/ssh.service.d" "$to/etc/systemd/system-generators" \
        "$to/etc/systemd/system.conf.d" "$to"/var/{lib,log,tmp,cache} "$to/etc/sudoers.d" "$to/etc/modules-load.d"
    chmod 1777 "$to/tmp" "$to/var/tmp"
    printf 'passwd: files systemd\ngroup: files systemd\nshadow: files systemd\nhosts: files\n' >"$to/etc/nsswitch.conf"
    tr -d - </proc/sys/kernel/random/uuid >"$to/etc/machine-id"
    # systemd-run waits for its command by the system's bus.
    echo 'messagebus:x:107:107::/nonexistent:/usr/sbin/nologin' >>"$to/etc/passwd"
    printf 'virtio_rng\nvirtio_net\n' >"$to/etc/modules-load.d/board.conf"

    ln -s /lib/systemd/system/multi-user.target "$units/default.target"
    for name in "${idle_units[@]}"; do
        ln -s /dev/null "$units/$name"
    done
    # All that there is has a unit of its own: nothing is to be derived from fstab, consoles or old scripts.
    for name in "$to"/usr/lib/systemd/system-generators/*; do
        ln -s /dev/null "$to/etc/systemd/system-generators/${name##*/}"
    done
    rm -rf "$to/etc/init.d"
    for name in "$here"/units/*.service; do
        install -m 644 "$name" "$units/"
        ln -s "../${name##*/}" "$units/multi-user.target.wants/"
    done
    ln -s /lib/systemd/system/ssh.service "$units/multi-user.target.wants/"
    # Its settings were checked when the disk was made.
    printf '[Service]\nExecStartPre=\n' >"$units/ssh.service.d/board.conf"

    # The ordinary user may do anything by sudo, as on a board that comes with an image of its maker.
    printf '%s ALL=(ALL) NOPASSWD: ALL\n' "$user" >"$to/etc/sudoers.d/$user"
    chmod 440 "$to/etc/sudoers.d/$user"
    chmod 4755 "$to/usr/bin/sudo"
    printf '%s required pam_permit.so\n' auth account session >"$to/etc/pam.d/sudo"
    printf '%s required pam_deny.so\n' auth account session password >"$to/etc/pam.d/other"
    # A node is nobody's until `camera` or `microphone` has set the sensor up and hands it over.
    mkdir -p "$to/etc/udev/rules.d"
    cat >"$to/etc/udev/rules.d/99-board.rules" <<'R'
SUBSYSTEM=="video4linux", GROUP="root", MODE="0600"
SUBSYSTEM=="sound", GROUP="root", MODE="0600"
R
    install -m 755 "$here/guest/check" "$to/sbin/board-check"
}
