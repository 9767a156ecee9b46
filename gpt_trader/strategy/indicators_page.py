"""The page docs/indicators.md, written from the features themselves.

`python -m gpt_trader.strategy.indicators_page > docs/indicators.md` writes it; a test holds it in
step.
"""

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from gpt_trader.kernel.features import (
    averages,
    bands,
    oscillators,
    pivots,
    ranges,
    relation,
    sar,
    smooth,
    volume,
    wilder,
    window,
)

MODULES = (
    averages, smooth, wilder, oscillators, bands, sar, window, ranges, volume, relation, pivots,
)  # fmt: skip

_INTRO = '''\
# Indicators

<!-- Written by: python -m gpt_trader.strategy.indicators_page > docs/indicators.md -->

Compiled functions from whole columns to columns of the same length, for the `targets` of a
strategy of yours. Row *i* is computed from rows up to and including *i*; NaN stands where there is
not enough history yet, and a strategy answers NaN there: no opinion. Where TA-Lib has the
indicator, values, seeding and first valid row are TA-Lib's, and tests hold them against it.

*Memory* is how many rows decide a row. A window of so many gives the same bits as the whole
history, so it is what a strategy declares as `warmup`. A recursive average never forgets wholly:
declare 30 periods of an EMA or 60 of Wilder's, and round what decides by `settle`, after which two
runs say exactly the same. What depends on all rows since an event (OBV, the lines that turn) is
the same on a window only once that event lies within it; the self-check of a backtest says so if it
does not.

`gpt_trader.indicators` has all but two of them (`true_range_at` and `weighted_sum` are building
blocks) by the same names for columns of any kind: pandas or polars Series, arrays or lists, ticks
or prices. A Series comes back with its index; NaN in the first rows is passed on, so that
an indicator can be taken of another one; NaN further on is refused where the indicator could not
answer it by NaN.

`bars.open`, `high`, `low` and `close` are whole ticks (int64), of which moving averages are exact;
`bars.price.open` and so on are the same in quote currency (float64). `bars.volume` is in base
units, `bars.time` in ms. The functions of `gpt_trader.kernel.features` take arrays as they are:
int64 where ticks are asked for, else float64.

```python
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader import Bars, Targets, backtest, indicators, synthetic_market


@dataclass(frozen=True)
class Dip:
    """In while the trend is up and the close in the lower half of its latest range."""

    name: ClassVar[str] = "dip"
    min_bars: int = 61
    warmup: int = 61

    def targets(self, bars: Bars) -> Targets:
        k, _ = indicators.stochastic(bars.high, bars.low, bars.close, 14, 3, 3)
        trend = indicators.hma(bars.close, 55)
        weight = np.where((bars.close > trend) & (k < 50.0), 1.0, 0.0)
        return Targets(np.where(np.isnan(trend), np.nan, weight))


bars = synthetic_market(seed=7, products=["BTC-USD"], n_bars=1500, interval_ms=3_600_000)
assert backtest(bars, Dip()).checks.warmup_ok
```
'''


def render() -> str:
    """Return the page as Markdown."""
    listed = ", ".join(
        f"[{name}](#{name})" for module in MODULES for name, _ in sorted(offered(module))
    )
    return "\n".join([_INTRO, f"{listed}.\n", *(_section(module) for module in MODULES)])


def offered(module: ModuleType) -> list[tuple[str, Callable[..., Any]]]:
    """Return the public functions that a module of features defines, in its order."""
    return [
        (name, found)
        for name, found in vars(module).items()
        if callable(found) and not name.startswith("_") and found.__module__ == module.__name__
    ]


def _section(module: ModuleType) -> str:
    told = (inspect.getdoc(module) or "").partition("\n")
    lines = [f"## {told[0].rstrip('.')}", ""]
    if told[2].strip():
        lines += [told[2].strip(), ""]
    lines += [f"`from {module.__name__} import ...`", ""]
    for name, found in offered(module):
        arguments = ", ".join(inspect.signature(found).parameters)
        lines += [f"### {name}", "", f"`{name}({arguments})`", "", inspect.getdoc(found) or "", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(render())
