#!/usr/bin/env bash
# Runs Python with the packages of reference/requirements.txt, kept in a virtual environment
# under the target folder: scripts/python.sh [--torch] SCRIPT [ARGUMENTS]
# With --torch it has those of reference/requirements-torch.txt instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}

requirements=reference/requirements.txt
venv=$target/reference-venv
if [ "${1:-}" = --torch ]; then
    shift
    requirements=reference/requirements-torch.txt
    venv=$target/torch-venv
fi
stamp=$venv/requirements.txt
if ! cmp -s "$requirements" "$stamp"; then
    echo "Installing the Python packages of $requirements into $venv" >&2
    rm -rf "$venv"
    python3 -m venv "$venv"
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$requirements" >&2; then
        echo "The Python packages of $requirements could not be installed (see above; is there a network?)." >&2
        exit 1
    fi
    cp "$requirements" "$stamp"
fi
exec "$venv/bin/python" "$@"
