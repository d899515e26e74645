#!/usr/bin/env bash
# A computer for tests of deployment: this one, with an /etc, /opt and /run of its own and an ssh server on a port of the
# loopback interface. Its service manager is the pretended one beside this script.
#
#   host.sh FOLDER PORT [MEGABYTES]    until it is killed; FOLDER has key.pub, and MEGABYTES is the size of /opt
#
# Run it in a mount name space of its own, as root or as root of a user name space: `unshare --mount [-r]`.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
folder=$1 port=$2 megabytes=${3:-512}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What is written to /etc stays in memory, over what this machine has.
memory=$folder/memory
mkdir -p "$memory"
mount -t tmpfs tmpfs "$memory"
mkdir "$memory/etc" "$memory/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$memory/etc,workdir=$memory/work" /etc
mount -t tmpfs -o "size=${megabytes}m" tmpfs /opt
mount -t tmpfs tmpfs /run
mkdir /run/sshd

# An ordinary user who may not use sudo, beside root.
cat >>/etc/passwd <<'USER'
nobody-special:x:4321:4321::/tmp:/bin/sh
USER
printf 'nobody-special:*:19000:0:99999:7:::\n' >>/etc/shadow

[ -f "$folder/host-key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/host-key"
cat >"$folder/sshd_config" <<CONFIG
ListenAddress 127.0.0.1
Port $port
HostKey $folder/host-key
AuthorizedKeysFile $folder/key.pub
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
MaxStartups 100
SetEnv PATH=$here/service-manager:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CONFIG
exec "$(command -v sshd)" -D -e -f "$folder/sshd_config"
