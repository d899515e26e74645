#!/usr/bin/env bash
# Installs what building evenkeel needs beyond Rust: Debian packages, and only those that are missing.
# With --python also what the tests need: Python for the ONNX Runtime check, a browser for the live page, an ssh server
# for boards, and a tracer to kill programs at each of their calls.
set -euo pipefail

missing=()
need() { # PACKAGE COMMAND...: the package is missing when the command fails
    local package=$1
    shift
    if ! "$@" >/dev/null 2>&1; then
        missing+=("$package")
    fi
}
# The unversioned library comes with the headers that generating the V4L2 bindings needs.
has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_sshd() { PATH=$PATH:/usr/sbin command -v sshd; }
has_libclang() { compgen -G '/usr/lib/llvm-*/lib/libclang.so' || ldconfig -p | grep -F 'libclang.so '; }

need gcc command -v cc
need libc6-dev test -e /usr/include/stdio.h
need pkg-config command -v pkg-config
need libasound2-dev pkg-config --exists alsa
need libclang-dev has_libclang
need ffmpeg command -v ffmpeg
need espeak-ng command -v espeak-ng
if [ "${1:-}" = --python ]; then
    need python3-venv python3 -c 'import ensurepip, venv'
    need chromium has_browser
    need openssh-client command -v ssh-keygen
    need openssh-server has_sshd
    need sudo command -v sudo
    need strace command -v strace
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

stop() {
    echo "$1" >&2
    exit 1
}
packages="${missing[*]}"
if ! command -v apt-get >/dev/null; then
    stop "Missing here, by their Debian names: $packages. This is not a Debian or Ubuntu: install what your distribution calls them, then run this again."
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        stop "Missing Debian packages: $packages. You are not root and there is no sudo: ask an administrator for 'apt-get install $packages', then run this again."
    fi
    as_root=(sudo)
fi
echo "Installing Debian packages: $packages" >&2
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >&2; }
# A stale package list names versions that are gone, so it is refreshed; without network the
# packages may still come from a local store.
apt update || echo "The list of packages could not be refreshed; trying with the one that is here." >&2
if ! apt install --yes --no-install-recommends "${missing[@]}"; then
    stop "Installing failed (see above; is there a network?): run 'apt-get install $packages' yourself, then run this again."
fi
