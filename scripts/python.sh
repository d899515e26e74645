#!/usr/bin/env bash
# Runs Python with the packages of reference/requirements.txt, kept in a virtual environment
# under the target folder: scripts/python.sh SCRIPT [ARGUMENTS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}

venv=$target/reference-venv
stamp=$venv/requirements.txt
if ! cmp -s reference/requirements.txt "$stamp"; then
    echo "Installing the Python packages of reference/requirements.txt into $venv" >&2
    rm -rf "$venv"
    python3 -m venv "$venv"
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement reference/requirements.txt >&2; then
        echo "The Python packages of reference/requirements.txt could not be installed (see above; is there a network?)." >&2
        exit 1
    fi
    cp reference/requirements.txt "$stamp"
fi
exec "$venv/bin/python" "$@"
