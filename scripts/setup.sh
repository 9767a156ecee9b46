#!/usr/bin/env bash
# Make the virtual environment: locked requirements with hashes, then the package itself.
# Does nothing when the stamp inside it matches pyproject.toml and the lock file.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
lock=requirements/dev.txt # a superset of requirements/lock.txt
stamp=$venv/.setup-stamp
pip="$venv/bin/python -m pip --disable-pip-version-check -qq" # errors only

wanted=$(cat pyproject.toml "$lock" scripts/setup.sh | cksum)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# A name on PATH may be a shim that fails: believe only a Python that runs.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

if ! { [ -x "$venv/bin/python" ] && is_new_enough "$venv/bin/python"; }; then
    python=
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.14; do
        if is_new_enough "$name"; then
            python=$name
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "setup: no Python 3.12 or newer found; install one, or name it: make PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    echo "setup: $venv with $("$python" --version)"
    if ! "$python" -m venv --clear "$venv" >"/tmp/setup-venv.$$" 2>&1; then
        echo "setup: $python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        rm -f "/tmp/setup-venv.$$"
        exit 1
    fi
    rm -f "/tmp/setup-venv.$$"
fi

rm -f "$stamp"
echo "setup: locked requirements ($(grep -c == "$lock") packages; about a minute)"
# The lock is the whole list: pip must not look for a newer coverage to fit pytest's coverage[toml].
$pip install --no-deps --require-hashes --requirement "$lock"
said=$($pip check) || { echo "setup: the lock is not complete: $said" >&2; exit 1; }
echo "setup: gpt-trader itself"
$pip install --no-deps --no-build-isolation --no-index --editable .
# Compiled once, kept in the user's cache: otherwise the first command would seem to hang.
echo "setup: compiling the kernel (once; half a minute)"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for command in "backtest --demo" "run --profile dev --cycles 40 --speed 0 --state-dir $scratch"; do
    # shellcheck disable=SC2086 - words on purpose
    XDG_STATE_HOME=$scratch "$venv/bin/gpt-trader" $command >/dev/null 2>"$scratch/said" || {
        cat "$scratch/said" >&2
        exit 1
    }
done
echo "$wanted" >"$stamp"
