"""What the look-ahead check costs beside the run that it checks; part of `make bench`."""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from gpt_trader import backtest
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.strategy import sma_cross
from gpt_trader.strategy.registry import resolve

SIZES = (5_760, 100_000)
MINUTE_MS = 60_000
PARAMS = {"fast": 20, "slow": 60, "weight": 1.0}
REPEATS = 5


def check_figures() -> Iterator[str]:
    """Measure a built-in strategy and the same code in a user's file, on few bars and many."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crossing_of_mine.py"
        file.write_text(Path(sma_cross.__file__).read_text())
        kinds = {
            "built in": sma_cross.SmaCross,
            "the same in a file of a user's": resolve(f"{file}:SmaCross"),
        }
        for bars in map(_minutes, SIZES):
            for name, kind in kinds.items():
                yield _figure(name, kind(**PARAMS), bars)


def _figure(name: str, strategy: Any, bars: Bars) -> str:  # noqa: ANN401
    run = partial(backtest, bars, strategy, trials=False, check_seed=0)
    bare_s, checked_s = (_best_s(partial(run, self_check=on)) for on in (False, True))
    reach = run().checks.reach
    assert reach is not None
    spent_s = checked_s - bare_s
    return (
        f"look-ahead check, {len(bars):,} bars, warm-up {strategy.warmup}, {name}: "
        f"{reach.rows_checked:,} of {reach.rows:,} rows in {spent_s:.2f} s of a processor, "
        f"{spent_s / bare_s:,.1f} times the run itself ({bare_s * 1e3:.1f} ms)"
    )


def _minutes(n: int) -> Bars:
    [bars] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=n, interval_ms=MINUTE_MS)
    return bars


def _best_s(call: Callable[[], object]) -> float:
    """Return processor time, of the process in which a file's strategy is asked, too."""
    call()
    times = []
    for _ in range(REPEATS):
        began = _spent_s()
        call()
        times.append(_spent_s() - began)
    return min(times)


def _spent_s() -> float:
    own, others = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


if __name__ == "__main__":
    for line in check_figures():
        print(line)
