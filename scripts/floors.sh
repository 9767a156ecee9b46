#!/usr/bin/env bash
# Installs the oldest of everything that pyproject.toml allows, and runs every command with it.
# A lower bound that is too low is found here and nowhere else: the lock has the newest of all.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-uv}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GPT_TRADER_STATE_DIR="$work/state" GPT_TRADER_CACHE_DIR="$work/cache"

"$uv" venv --quiet --python "${PYTHON:-3.12}" "$work/venv"
"$uv" pip install --quiet --python "$work/venv" --resolution lowest-direct .
"$uv" pip freeze --quiet --python "$work/venv"
bin=$work/venv/bin
cd "$work"

run() {
    if ! "$@" >"$work/out" 2>&1; then
        cat "$work/out"
        echo "floors: failed: ${*#"$bin/"}" >&2
        exit 1
    fi
    echo "ok      ${*#"$bin/"}"
}

run "$bin/gpt-trader" --help
names=$("$bin/python" -c "from gpt_trader.cli.commands import COMMANDS; print(*COMMANDS)")
for name in $names; do
    run "$bin/gpt-trader" "$name" --help
done
run "$bin/python" -m gpt_trader.cli.cli_page # the help of all subcommands
run "$bin/gpt-trader" validate-config --profile dev
run "$bin/gpt-trader" backtest --demo --strategy sma_cross
run "$bin/gpt-trader" run --profile dev --cycles 3
run "$bin/gpt-trader" status --profile dev
cat >library.py <<'PYTHON'
import gpt_trader as gt

[bars] = gt.synthetic_market(seed=7, products=["BTC-USD"], n_bars=900, interval_ms=3_600_000)
again = gt.load_bars(bars.to_pandas(), product_id="BTC-USD")
result = gt.backtest(again, gt.strategies.SmaCross(5, 20), assess=True, trials=False)
result.to_pandas(), repr(result), result._repr_html_()
gt.optimize(bars, gt.strategies.SmaCross, {"fast": (5, 6)}, folds=2, trials=False)
PYTHON
run "$bin/python" library.py
