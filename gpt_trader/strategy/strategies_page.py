"""The page docs/strategies.md, written from the strategies themselves.

`python -m gpt_trader.strategy.strategies_page > docs/strategies.md` writes it; a test holds
it in step.
"""

import inspect
import sys
from typing import Any

from gpt_trader.strategy.base import Param, params_of
from gpt_trader.strategy.params import range_of
from gpt_trader.strategy.registry import GROUP, builtin

_INTRO = f"""\
# Strategies

<!-- Written by: python -m gpt_trader.strategy.strategies_page > docs/strategies.md -->

A strategy is a frozen dataclass of parameters with one pure function, `targets(bars)`. It says
for every bar which fraction of equity it would hold: `weight` in [-1, 1], 0 to sell all, NaN for
no opinion (the lots are kept). The risk policy sizes it down afterwards, by default to 25 % of
equity a product; what is below 0 counts as 0 on spot. With every weight come its conditions,
each a value and a threshold, from which `gpt-trader why` explains a bar.

Targets are states ("be in"), not events ("buy now"), so a missed bar cannot lose a position. Row
*i* is computed from bars up to and including *i*. *Bars needed* is the number of bars for a first
opinion; *trailing window* is the number of bars whose last row equals that of the full history to
the last bit, which is what a live run loads.

Defaults are taken from the sources named, once, and are not tuned on any data: they are places
to start from, not advice. Set a parameter with `--set name=value`.

Your own strategy: `gpt-trader new-strategy NAME` writes a working file and its test; run it with
`--strategy file.py:Class`, or install a package with an entry point in the group
`{GROUP}`. What it can compute with stands in [indicators.md](indicators.md). A
class with `on_bar(view, memory)` in place of `targets(bars)` may do anything a bar at a time, and
runs in replay and live only. Its memory is JSON of at most 16,384 bytes a product: all of it is
written to the journal at every bar.

In Python a function of bars that returns Targets, or their weights, is a strategy too:
`backtest(bars, f)`. It is shown the whole history, unless `strategies.from_function(f, min_bars=50,
warmup=50)` says how far it looks back. `bars.extra` holds columns of your own, such as an index of
sentiment: `load_bars(frame, extra=["sentiment"])`. They are cut off as the bars are where the
look-ahead check asks again; longer bars (`coarser`) refuse them, who decides bar by bar is shown
none, and a session has none.

A strategy answers, and changes nothing. It is shown copies of the bars, read-only; after a run
the bars are held against their digest. What it fails with, a write or `sys.exit` among it, is
exit code 2 with its name, file and line; in a session it halts trading. What it prints goes to
stderr, and what it sets for its thread (the precision of decimals, `np.seterr`), also at the
top of its file, is put back after it has answered: set it where it is used. In a backtest the
folder and the random numbers that all code shares (`np.random.seed`, `random`) are put back,
and that it drew from them is said: use `np.random.default_rng(seed)`. Only a process can hold
what ends a process: `os._exit` in a strategy that is not asked in a process of its own ends the
command without a word.
"""

_TIMEFRAMES = '''\
Several timeframes: `coarser` makes longer bars of the ones at hand, and says for each of these
which longer bar had closed by then. The one that is still forming is never among them.

```python
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader import Bars, Targets, backtest, synthetic_market
from gpt_trader.domain.coarsen import coarser, spread, window
from gpt_trader.kernel.features.averages import sma

HOUR = 3_600_000


@dataclass(frozen=True)
class AboveTheDay:
    """In while the close is above the mean close of the last whole days."""

    name: ClassVar[str] = "above_the_day"
    days: int = 3

    @property
    def min_bars(self) -> int:
        return window(HOUR, 24 * HOUR, self.days)

    warmup = min_bars

    def targets(self, bars: Bars) -> Targets:
        day = coarser(bars, 24 * HOUR)
        mean = spread(sma(day.bars.close, self.days), day.at)
        return Targets(np.where(np.isnan(mean), np.nan, np.where(bars.close > mean, 1.0, 0.0)))


bars = synthetic_market(seed=7, products=["BTC-USD"], n_bars=1500, interval_ms=HOUR)
assert backtest(bars, AboveTheDay()).checks.lookahead_ok
```
'''

_MARKET = '''## Strategies that see the whole market

A strategy whose `targets` takes a `market` is asked once for all products of its route, and
answers by product. `market.close` and its like are prices, (n, p), a column a product in the order
of `market.products`, NaN where a product has no bar of that time: what is absent is absent.
`market.bars[product]` are its own bars, `market.reads[name]` a series that is read and not traded,
of another interval maybe: `reads` names them, `read.close` is the bar that was due at each row or
NaN, `read.last(values)` the newest one however old. Row i shows of every series what had closed by
row i's close. The checks cut all of them off together, and ask with windows as a session has them.
`gpt-trader new-strategy NAME --market` writes a working one and its test.

```python
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gpt_trader import Market, backtest, synthetic_market


@dataclass(frozen=True)
class Strongest:
    """All of it in what rose most over a day, while BTC's last whole day was up."""

    name: ClassVar[str] = "strongest"
    reads: ClassVar[dict[str, int]] = {"BTC-USD@1d": 2}
    look: int = 24

    @property
    def min_bars(self) -> int:
        return 48

    warmup = min_bars

    def targets(self, market: Market) -> dict[str, NDArray[np.float64]]:
        close = market.close
        rose = np.full(close.shape, np.nan)
        rose[self.look :] = close[self.look :] / close[: -self.look] - 1.0
        best = np.argmax(np.nan_to_num(rose, nan=-1.0), axis=1)
        days = market.reads["BTC-USD@1d"]
        is_up = days.spread(np.append(np.nan, np.diff(days.bars.price.close))) > 0.0
        return {
            product: np.where((best == j) & is_up, 0.9, 0.0)
            for j, product in enumerate(market.products)
        }


bars = synthetic_market(
    seed=7, products=["BTC-USD", "ETH-USD", "SOL-USD"], n_bars=900, interval_ms=3_600_000
)
result = backtest(bars, Strongest())
assert result.checks.lookahead_ok
assert len(result.trades) > 10
```

A route may have an interval of its own, a multiple of the bars that are traded: `interval: 4h` in a
profile's `routes`, `Route(strategy, interval="4h")` in Python. Its strategy is shown those bars and
decides at their closes, or at the product's first bar after one; between them it has no opinion. In
a session one that is told late, or closed while nobody ran, is decided at the next close.
Stops act within each traded bar all the same.

In a backtest a longer bar of a product that is traded is made of its own; any other series is
given: `backtest(bars, strategy, reads={"SOL-USD": frame})`, or `--read SOL-USD=FILE`. What is given
of a product that is traded has to have the closes of its bars, else the run is refused, with how
far it looks shifted; what nothing traded vouches for is `undeclared`, and caps the verdict, as
extra columns do. A session
asks the exchange for candles of all that is read, soon after each has closed, and journals them; a
cycle waits for those that close with it, at most as long as for bars, and is decided without them
then: what is absent is NaN.
'''


def render() -> str:
    """Return the page as Markdown."""
    sections = [_section(name, found) for name, found in builtin().items()]
    return "\n".join([_INTRO, _TIMEFRAMES, _MARKET, *sections])


def _section(name: str, strategy: type[Any]) -> str:
    made = strategy()
    lines = [f"## {name}", "", inspect.getdoc(strategy) or "", ""]
    lines.append(f"Bars needed: {made.min_bars:,}; trailing window: {made.warmup:,} (by default).")
    lines.append("")
    params = params_of(strategy)
    if not params:
        return "\n".join([*lines, "No parameters.", ""])
    lines += ["| parameter | default | range | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_row, params), ""])


def _row(param: Param) -> str:
    default = str(param.default).lower() if isinstance(param.default, bool) else param.default
    shown = f"`{default}`" if default != "" else "empty"
    return f"| `{param.name}` | {shown} | {range_of(param) or 'text'} | {param.doc} |"


if __name__ == "__main__":
    sys.stdout.write(render())
