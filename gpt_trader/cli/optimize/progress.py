"""How far a search is, and how to go on."""

import shlex
import sys
from collections.abc import Sequence
from time import perf_counter

from gpt_trader.app.backtest import BacktestRequest
from gpt_trader.cli.output import verbosity
from gpt_trader.optimize.search import Search, SearchProgress
from gpt_trader.optimize.space import Axis

SHOW_EVERY_S = 0.2


def again() -> str:
    """Return this very command."""
    return shlex.join(["gpt-trader", *sys.argv[1:]])


def next_command(asked: BacktestRequest, search: Search) -> str:
    """Return the backtest of the chosen point, or of the strategy where none was chosen."""
    params = {} if search.chosen is None else search.space.points[search.chosen]
    words = ["gpt-trader", "backtest"]
    words += [*(["--demo"] if asked.demo else []), "--strategy", search.strategy]
    if asked.flags["strategy"] is not None:
        words[-1] = str(asked.flags["strategy"])
    if asked.profile is not None:
        words += ["--profile", asked.profile]
    for one in asked.data:
        words += ["--data", one]
    for text in [*asked.sets, *(f"{name}={value}" for name, value in params.items())]:
        words += ["--set", text]
    return shlex.join(words)


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
