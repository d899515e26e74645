#!/usr/bin/env bash
# A small study as an array of eight Slurm jobs on this machine, one of which is killed and submitted again, against the
# same study in one piece: the results must be the same, byte for byte. Debian's own slurmctld and slurmd, started
# here in a folder of their own and ended again; needs root and the packages slurmctld, slurmd, slurm-client and munge.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
    echo "slurm: $*" >&2
    exit 1
}

for program in slurmctld slurmd sbatch munged; do
    PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
        die "$program is missing: apt install slurmctld slurmd slurm-client munge"
done
[ "$(id -u)" = 0 ] || die "only root may start Slurm's daemons"
export PATH=$PWD/target/release:$PATH:/usr/sbin

work=$PWD/target/slurm
rm -rf "$work"
mkdir -p "$work"/{state,spool,munge}
chmod 700 "$work/munge"
here=$(hostname -s)
parts=8

daemons=()
finish() {
    for daemon in "${daemons[@]}"; do
        kill "$daemon" 2>/dev/null || true
    done
}
trap finish EXIT

dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chmod 400 "$work/munge/key"
munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/munge/out" 2>&1 &
daemons+=($!)

cat >"$work/slurm.conf" <<END
ClusterName=evenkeel
SlurmctldHost=$here(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
KillWait=2
MinJobAge=3600
NodeName=$here NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$here Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$work/slurm.conf
slurmctld -D -c >"$work/slurmctld.log" 2>&1 &
daemons+=($!)
slurmd -D -c >"$work/slurmd.log" 2>&1 &
daemons+=($!)
for _ in $(seq 60); do
    sinfo -h -o %t 2>/dev/null | grep -q '^idle$' && break
    sleep 0.5
done
sinfo -h -o %t | grep -q '^idle$' || die "Slurm did not come up; its logs are in $work"

# Sixteen runs of a few seconds each.
cat >"$work/study.toml" <<END
base = "$PWD/trainer/configs/plain-digits.toml"
seeds = [0, 1, 2, 3]
END
for fusion in rollingq attention concat sum; do
    cat >>"$work/study.toml" <<END
[[method]]
name = "$fusion"
set = ["model.fusion=$fusion", "data.digits.source=made", "data.digits.windows_per_epoch=2048", "training.epochs=2", "training.shards=1"]
END
done
evenkeel-train data clips digits --source made --count 1 --out "$work/voices" >/dev/null # says its words once

submit() { # ARRAY
    sbatch --parsable --array="$1" --cpus-per-task=1 --mem=0 --chdir="$PWD" --output="$work/part-%a.log" \
        scripts/cluster/study.sbatch "$work/study.toml" "$work/parts" $parts
}
states() { squeue -h -j "$1" -o %T 2>/dev/null | grep -cE 'PENDING|RUNNING|COMPLETING|CONFIGURING' || true; }
wait_for() { while [ "$(states "$1")" != 0 ]; do sleep 0.5; done; }

begin=$SECONDS
job=$(submit 1-$parts)
victim=3
until [ -n "$(find "$work/parts" -path "*-*/checkpoint.safetensors" 2>/dev/null)" ] &&
    scontrol show job "${job}_$victim" | grep -q 'JobState=RUNNING'; do
    sleep 0.2
done
scancel --signal=KILL --full "${job}_$victim"
wait_for "$job"
if evenkeel-train study --config "$work/study.toml" --out "$work/parts" --merge >"$work/merge.log" 2>&1; then
    die "a part was killed, and yet nothing is missing"
fi
grep "are missing" "$work/merge.log"
wait_for "$(submit $victim)"
evenkeel-train study --config "$work/study.toml" --out "$work/parts" --merge >"$work/merge.log" 2>&1 ||
    die "the parts cannot be merged; see $work/merge.log and $work/part-*.log"
in_parts=$((SECONDS - begin))

begin=$SECONDS
evenkeel-train study --config "$work/study.toml" --out "$work/whole" >"$work/whole.log" 2>&1
in_one=$((SECONDS - begin))

diff -r "$work/whole/results" "$work/parts/results" || die "the parts came to something else"
files=$(find "$work/whole/results" -type f | wc -l)
echo "in parts ($parts, one of them killed and done again): ${in_parts} s; in one piece: ${in_one} s; $files files of results, all the same"
