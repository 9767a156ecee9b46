#!/usr/bin/env bash
# The checks that only read, one line each; the output of one that fails is shown in full.
# All of them run, so that one call shows everything there is to repair.
set -uo pipefail
cd "$(dirname "$0")/.."

bin=${1:-.venv/bin}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

check() {
    local name=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        cat "$log"
        failed=1
    fi
}

check "format (ruff)" "$bin/ruff" format --check .
check "lint (ruff)" "$bin/ruff" check .
check "types (mypy --strict)" "$bin/mypy"
check "layers (import-linter)" "$bin/lint-imports"
check "core rules" "$bin/python" scripts/lint_core.py
exit "$failed"
