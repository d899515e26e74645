# How the tests on devices end when something is missing or wrong. Sourced, not run.
# shellcheck shell=bash

die() {
    echo "$*" >&2
    exit 1
}

# need PROGRAM PACKAGE: stops where the program is missing.
need() {
    command -v "$1" >/dev/null || die "This test needs '$1': install the Debian package '$2'."
}
