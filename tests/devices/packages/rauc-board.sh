#!/usr/bin/env bash
# A board whose RAUC installs bundles: this machine, with an /etc, /opt and /run of its own and a pretended systemd. Run
# by packages/rauc.sh, as root in a mount name space and a D-Bus session of its own.
#
#   rauc-board.sh FOLDER SERVICE-MANAGER    FOLDER has the bundles, and the certificate that is trusted
set -euo pipefail
folder=$1
export PATH=$2:$PATH
# RAUC's service is at the system's bus unless it is told otherwise.
export DBUS_STARTER_BUS_TYPE=session
own=$folder/rauc-own

mkdir "$own"
mount -t tmpfs tmpfs "$own"
mkdir "$own/etc" "$own/work" "$own/mounts"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$own/etc,workdir=$own/work" /etc
mount -t tmpfs tmpfs /opt
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
cat >"$own/system.conf" <<S
[system]
compatible=Test Board 1
bootloader=noop
mountprefix=$own/mounts
statusfile=$own/status
[keyring]
path=$folder/rauc-cert.pem
[slot.rootfs.0]
device=/dev/null
type=raw
bootname=A
S

rauc service --conf="$own/system.conf" --override-boot-slot=A &
service=$!
end() {
    kill "$service"
    wait "$service" || true
}
trap end EXIT
for _ in $(seq 50); do
    ! rauc status >/dev/null 2>&1 || break
    sleep 0.1
done

good() { sed -n 's/^good = //p' /opt/evenkeel/state.toml; }

rauc install "$folder/one.raucb"
first=$(good)
[[ $first = '"20260101000000-'* ]]
[ "\"$(basename "$(readlink /opt/evenkeel/current)")\"" = "$first" ]
if rauc install "$folder/crashes.raucb"; then
    echo "What crashes was installed."
    exit 1
fi
[ "$(good)" = "$first" ]
grep -q 'it crashed' /opt/evenkeel/state.toml
