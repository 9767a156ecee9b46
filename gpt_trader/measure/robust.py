"""What a result hangs on: single days, how it was filled, when its bars begin."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from gpt_trader.measure.holdout import Holdout
from gpt_trader.measure.metrics import daily_returns, return_pct, sharpe
from gpt_trader.measure.path import Path, day_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TRIMMED_SHARE = 0.01
AS_RUN = "as run"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The Sharpe ratio, annualized, without the best or the worst days; None where undefined.

    days: how many were left out, TRIMMED_SHARE of all, rounded up.
    """

    days: int
    without_best: float | None
    without_worst: float | None


@dataclass(frozen=True, slots=True)
class Rung:
    """The run filled in one way; Sharpe annualized, None where undefined."""

    filled: str
    return_pct: float
    sharpe: float | None


@dataclass(frozen=True, slots=True)
class Phases:
    """The run on bars that begin at other times: how far results lie apart.

    count: starts that were tried, the whole multiples of the interval among them. Sharpe ratios
    are annualized; without variation they count as 0.
    """

    count: int
    sharpe_low: float
    sharpe_median: float
    sharpe_high: float
    return_low_pct: float
    return_median_pct: float
    return_high_pct: float


@dataclass(frozen=True, slots=True)
class Robustness:
    """ladder: from the kindest fill to the run itself and on; empty if it cannot be repeated fast.

    phases: None if the bars were not made of finer ones, or the run cannot be repeated fast.
    """

    trimmed: Trimmed
    ladder: tuple[Rung, ...]
    phases: Phases | None


@dataclass(frozen=True, slots=True)
class OtherRuns:
    """What runs a strategy in other ways. rungs: equity by how it is filled, the kindest first.

    phases: times and equity on bars that begin elsewhere; None if there are none.
    """

    rungs: Mapping[str, Callable[[], Floats]]
    phases: Callable[[], Sequence[tuple[Ints, Floats]]] | None


NO_OTHER_RUNS = OtherRuns({}, None)


def robustness(path: Path, others: OtherRuns, harder: Iterable[Rung] = ()) -> Robustness:
    """Say what a run hangs on. harder: rungs that come after the run itself."""
    ladder = tuple(_rung(path, filled, run()) for filled, run in others.rungs.items())
    return Robustness(
        trimmed=trim(day_returns(path)),
        ladder=(*ladder, _rung(path, AS_RUN, path.equity), *harder) if ladder else (),
        phases=None if others.phases is None else spread(path.start, others.phases()),
    )


def on_sealed(holdout: Holdout | None) -> Iterator[Rung]:
    """Yield the rung of sealed days that were opened."""
    if holdout is not None and holdout.return_pct is not None:
        yield Rung("on the sealed days", holdout.return_pct, holdout.sharpe)


def trim(returns: Floats) -> Trimmed:
    """Return the Sharpe ratio without the best, and without the worst, TRIMMED_SHARE of days."""
    days = ceil(TRIMMED_SHARE * len(returns))
    ordered = np.sort(returns)
    return Trimmed(days, sharpe(ordered[: len(ordered) - days]), sharpe(ordered[days:]))


def _rung(path: Path, filled: str, equity: Floats) -> Rung:
    made = return_pct(path.start, float(equity[-1]))
    return Rung(filled, made, sharpe(daily_returns(path.time, equity, path.start)))


def spread(start: float, runs: Sequence[tuple[Ints, Floats]]) -> Phases:
    """Return how far runs lie apart. start: equity before each, quote."""
    sharpes = np.array([sharpe(daily_returns(*run, start)) or 0.0 for run in runs])
    made = np.array([return_pct(start, float(equity[-1])) for _, equity in runs])
    return Phases(
        len(runs),
        float(sharpes.min()), float(np.median(sharpes)), float(sharpes.max()),
        float(made.min()), float(np.median(made)), float(made.max()),
    )  # fmt: skip
