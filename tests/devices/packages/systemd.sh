# The same packages where systemd runs, in a container of this machine's architecture; the service hears and sees clips.
# Sourced by packages.sh, not run.
# shellcheck shell=bash disable=SC2034,SC2154

# Packages whose service needs no sensors.
make_packages_with_clips() {
    local boards=$made/boards-clips-$board name
    mkdir "$boards"
    sed 's|^options = .*|options = ["--clip", "/clips", "--loop"]|' \
        "${EVENKEEL_BOARDS:-$repository/devices/boards}/$board.toml" >"$boards/$board.toml"
    for name in one two; do
        file=clips-$name EVENKEEL_BOARDS=$boards PROGRAMS=$(programs) make_deb $name
    done
}

test_systemd() {
    make_packages_with_clips
    pretend=
    make_root
    cp -R "$repository/clips/demo" "$root/clips"
    boot
    within apt-get -qq -y install /debs/clips-one.deb >"$made/apt.log" 2>&1 ||
        die "$board: apt-get failed where systemd runs: $(tail -n 8 "$made/apt.log")"
    is "the live release" "$(live)" one
    is "the service" "$(within systemctl is-active evenkeel.service)" active

    # Killed as soon as it is the new one.
    kill_when_live two &
    local killer=$!
    ! within apt-get -qq -y install /debs/clips-two.deb >"$made/apt.log" 2>&1 ||
        die "$board: a release that is killed was installed."
    kill "$killer" 2>/dev/null || true
    wait "$killer" 2>/dev/null || true
    says "$made/apt.log" 'it (crashed|ended by itself) after'
    is "the live release" "$(live)" one
    is "the service" "$(within systemctl is-active evenkeel.service)" active

    within dpkg --configure evenkeel >"$made/apt.log" 2>&1 ||
        die "$board: the release was not taken the second time: $(tail -n 8 "$made/apt.log")"
    is "the live release" "$(live)" two
    is "the service" "$(within systemctl is-active evenkeel.service)" active

    within apt-get -qq -y purge evenkeel >"$made/apt.log" 2>&1 || die "$board: purging failed: $(tail -n 8 "$made/apt.log")"
    [ ! -e "$root/$home" ] || die "$board: something is left in /$home."
    is "what systemd knows" "$(within systemctl list-units --all --plain --no-legend 'evenkeel*')" ""
    is "the names that are left" "$(find "$root" -xdev -name '*evenkeel*' ! -path "$root/var/lib/dpkg/*" \
        ! -path "$root/var/log/*" ! -path "$root/debs/*")" ""
    halt
    rm -rf "$root"
}

boot() {
    # The unified hierarchy, where the machine has both.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --directory "$root" --register=no --keep-unit --console=passive \
        --private-network /lib/systemd/systemd >"$made/boot.log" 2>&1 &
    container=$!
    local waited=0
    until [ "$(within systemctl is-system-running 2>/dev/null)" = running ]; do
        if ! kill -0 "$container" 2>/dev/null || [ $((waited += 1)) -gt 300 ]; then
            die "$board: systemd does not run in a container: $(tail -n 5 "$made/boot.log")"
        fi
        sleep 0.2
    done
}

halt() {
    kill "$container" 2>/dev/null || true
    wait "$container" 2>/dev/null || true
    container=
}

# within COMMAND...: in the container, whose first process is systemd.
within() {
    local first
    first=$(pgrep -P "$container" -x systemd) || return 1
    nsenter --target "$first" --mount --uts --ipc --net --pid --cgroup --root --wd env -i PATH="$paths" HOME=/root \
        LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# kill_when_live NAME: the service, again and again while it is of that release.
kill_when_live() {
    local id
    while sleep 0.2; do
        id=$(basename "$(readlink "$root/$home/current")")
        # There may be nothing to kill yet.
        [ "${id%%-*}" != "${number[$1]}" ] || within systemctl kill --signal=KILL evenkeel.service 2>/dev/null || true
    done
}
