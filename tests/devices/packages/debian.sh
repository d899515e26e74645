# A Debian in a folder, and what apt does with the packages there. Sourced by packages.sh, not run.
# shellcheck shell=bash disable=SC2154

paths=/usr/sbin:/usr/bin:/sbin:/bin
home=opt/evenkeel
# Beside what Debian calls required: what the package depends on.
packages=systemd,dbus,libasound2

# Debian's packages of an architecture, unpacked and configured, are kept from one test to the next.
make_root() {
    local base=$work/$arch-$packages.tar
    if [ ! -f "$base" ]; then
        echo "Installing Debian's packages ($arch), which takes some minutes"
        # shellcheck disable=SC2016 # the dollars are apt's
        apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format '$(REPO_URI) $(CODENAME)' | sort -u |
            sed 's|.*|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & main|' >"$work/sources.list"
        mmdebstrap --architectures="$arch" --variant=minbase --format=tar --include="$packages" \
            '' "$base.new" "$work/sources.list" >"$work/$arch.log" 2>&1 ||
            die "The packages could not be installed; what happened is in $work/$arch.log."
        mv "$base.new" "$base"
    fi
    root=$made/root-$board
    mkdir "$root"
    as_root tar -C "$root" --exclude='./dev/*' -xf "$base"
    as_root mkdir "$root/debs" "$root/pretend"
    as_root cp "$repository/tests/hosts/service-manager/systemctl" "$repository/tests/hosts/service-manager/systemd-run" \
        "$root/pretend"
    as_root cp "$debs"/*.deb "$root/debs"
}

# in_root COMMAND...: with /proc and /dev.
in_root() {
    # shellcheck disable=SC2016 # the dollars are of the shell inside
    local enter='mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" env -i "$@"'
    as_root unshare --mount --pid --fork sh -c "$enter" "$root" PATH="$pretend$paths" HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
}

# apt ARGUMENT...: what it says goes to a file. It has no lists of packages: what a package needs is there, or it fails.
apt() {
    in_root apt-get --quiet --yes -o DPkg::Path="$pretend$paths" -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 "$@" \
        >"$made/apt.log" 2>&1
}

must() {
    apt "$@" || die "$board: apt-get $* failed: $(tail -n 8 "$made/apt.log")"
}

must_not() {
    ! apt "$@" || die "$board: apt-get $* did not fail: $(tail -n 8 "$made/apt.log")"
}

# What is live, by the name of its package, and that it is the release found good.
live() {
    local id name
    id=$(basename "$(readlink "$root/$home/current")")
    grep -qxF "good = \"$id\"" "$root/$home/state.toml" || die "$board: $id is live, and not found good."
    for name in "${!number[@]}"; do
        [ "${number[$name]}" != "${id%%-*}" ] || echo "$name"
    done
}

# dpkg's own words for how the package is: ii when all is well.
# shellcheck disable=SC2016 # the dollar is dpkg's
state() { in_root dpkg-query --show --showformat='${db:Status-Abbrev}' evenkeel | tr -d ' '; }

# Everything there is, but what package managers note for themselves.
everything() {
    as_root find "$root" -xdev \( -path "$root/var/lib/dpkg" -o -path "$root/var/lib/apt" -o -path "$root/var/cache" \
        -o -path "$root/var/log" -o -path "$root/debs" -o -path "$root/proc" -o -path "$root/dev" \) -prune \
        -o -printf '%P %y %m %U:%G %s %l\n' | sed 's/ d \([0-9]*\) \([0-9:]*\) [0-9]* $/ d \1 \2/' | sort
    (cd "$root/etc" && as_root find . -type f -exec sha256sum {} + | sort)
}

test_debian() {
    pretend=
    make_root
    everything >"$made/before"
    without_systemd
    refusals
    pretend=/pretend:
    as_root mkdir -p "$root/run/systemd/system"
    with_systemd
    removal
    as_root rm -rf "$root"
}

without_systemd() {
    must install /debs/one.deb
    is "the live release" "$(live)" one
    is "the unit" "$(readlink "$root/etc/systemd/system/multi-user.target.wants/evenkeel.service")" \
        /etc/systemd/system/evenkeel.service
    in_root /$home/current/bin/evenkeel inspect /$home/current/model >"$made/inspect.log" ||
        die "$board: the golden windows are not right there."
    in_root /$home/bin/evenkeel-board status | tee "$made/status.log"
    says "$made/status.log" "board    $board"

    as_root sed -i 's/^EVENKEEL_OPTIONS=.*/&--changed-here/' "$root/etc/evenkeel/options.env"
    must install /debs/two.deb
    is "the live release" "$(live)" two
    grep -q changed-here "$root/etc/evenkeel/options.env" || die "$board: the changed options are gone."
    must_not install /debs/one.deb
    is "the live release" "$(live)" two
    must install --allow-downgrades /debs/one.deb
    is "the live release" "$(live)" one
    must install /debs/two.deb
    is "the live release" "$(live)" two
    is "the number of releases kept" "$(find "$root/$home/releases" -mindepth 1 -maxdepth 1 | wc -l)" 2
}

refusals() {
    local name
    for name in stranger other; do
        must_not install /debs/$name.deb
        case $name in
        stranger) says "$made/apt.log" 'which this board does not trust' ;;
        other) says "$made/apt.log" 'this package is for the board other' ;;
        esac
        is "the package after that" "$(state)" ii
        is "the live release" "$(live)" two
    done
}

with_systemd() {
    local log=$root/run/service-manager.log
    must_not install /debs/crashes.deb
    says "$made/apt.log" 'did not do, and 20260201000000-'
    says "$made/apt.log" 'it crashed'
    is "the live release" "$(live)" two
    # Not configured: dpkg knows that it is not there yet.
    is "the package after that" "$(state)" iF
    says "$log" 'restart --no-block evenkeel.service'

    # Nothing is started where that is forbidden.
    as_root rm "$log"
    printf '#!/bin/sh\nexit 101\n' >"$made/policy-rc.d"
    chmod 755 "$made/policy-rc.d"
    as_root cp "$made/policy-rc.d" "$root/usr/sbin"
    must install /debs/three.deb
    is "the live release" "$(live)" three
    is "the package after that" "$(state)" ii
    [ ! -e "$log" ] || die "$board: the service was touched: $(cat "$log")"

    as_root rm "$root/usr/sbin/policy-rc.d"
    must install --reinstall /debs/three.deb
    is "the live release" "$(live)" three
    says "$log" 'restart --no-block evenkeel.service'
}

removal() {
    must remove evenkeel
    [ ! -e "$root/$home" ] || die "$board: something is left in /$home."
    says "$root/run/service-manager.log" 'stop evenkeel.service'
    [ -e "$root/etc/evenkeel/options.env" ] || die "$board: the options are gone before the package is purged."
    must purge evenkeel
    as_root rm -r "$root/run/service-manager.log" "$root/run/systemd"
    everything >"$made/after"
    diff "$made/before" "$made/after" || die "$board: the root is not as it was before the package."
}
