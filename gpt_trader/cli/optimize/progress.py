"""How far a search is, and how to go on."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from gpt_trader.cli.flags import MarketFlags, words_of
from gpt_trader.cli.options import again as again_in
from gpt_trader.cli.output import verbosity
from gpt_trader.config.keys import format_value
from gpt_trader.optimize.given import SearchProgress
from gpt_trader.optimize.search import Search
from gpt_trader.optimize.space import Axis
from gpt_trader.strategy.params import Value

SHOW_EVERY_S = 0.2


def again() -> str:
    """Return this very command."""
    return shlex.join(["gpt-trader", *sys.argv[1:]])


def next_command(
    search: Search, market: MarketFlags, profile: str | None, state_dir: Path | None
) -> str:
    """Return the backtest of the chosen point, or of the strategy where none was chosen.

    Whatever decided the point's run is in it: its flags, and every parameter by its value.
    """
    point = {} if search.chosen is None else search.space.points[search.chosen]
    params = {name: _exactly(value) for name, value in {**search.fixed, **point}.items()}
    set_keys = [(text.partition("=")[0].strip(), text) for text in market.sets or []]
    others = [text for key, text in set_keys if key.removeprefix("params.") not in params]
    sets = [*others, *(f"{name}={text}" for name, text in params.items())]
    strategy = market.strategy or search.strategy
    same = words_of(replace(market, strategy=strategy, sets=sets))
    if market.start is not None:  # a point is not warmed up on bars before its days
        same.append("--cold-start")
    return f"gpt-trader backtest{again_in(profile, state_dir)} {shlex.join(same)}"


def _exactly(value: Value) -> str:
    return str(value) if isinstance(value, float) else format_value(value)


class ProgressLine:
    """A line on stderr, where that is a terminal: points done, best so far, time left."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = axes
        self._terminal = sys.stderr.isatty() and verbosity() >= 0
        self._began = self._last = perf_counter()
        self.done = self.total = 0

    def note(self, now: SearchProgress) -> None:
        """Take how far the sweep is, and show it if it is time to."""
        self.done, self.total = now.done, now.total
        at = perf_counter()
        if not self._terminal or at - self._last < SHOW_EVERY_S:
            return
        self._last = at
        left_s = (at - self._began) / now.done * (now.total - now.done)
        best = "" if now.best is None else f", best {now.best[1]:.2f} at {self._named(now.best[0])}"
        line = f"{now.done:,} of {now.total:,} points{best}, {left_s:.0f} s left"
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _named(self, index: int) -> str:
        parts = []
        for axis in reversed(self._axes):
            index, at = divmod(index, len(axis.values))
            parts.append(f"{axis.name}={axis.values[at]}")
        return " ".join(reversed(parts))
