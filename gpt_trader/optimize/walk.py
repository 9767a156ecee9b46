"""Walk-forward: choose on the days before, trade the days after, join the tests to one record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.errors import StrategyError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.holding import buy_and_hold, hold_daily
from gpt_trader.measure.inference import probabilistic_sharpe
from gpt_trader.measure.metrics import DAY_MS, DAYS_PER_YEAR, moments, return_pct, returns_since
from gpt_trader.measure.path import Listed
from gpt_trader.optimize.failing import Failing, attempt
from gpt_trader.optimize.folds import Fold
from gpt_trader.optimize.objective import Objective, scores, sharpe
from gpt_trader.optimize.plateau import choose
from gpt_trader.optimize.sweep import SearchTerms, closes_between

Floats = NDArray[np.float64]


@equal_by_fields
@dataclass(frozen=True, slots=True)
class FoldRun:
    """One fold. Times are int64 ms UTC: chosen on [start, split), traded on [split, end).

    point: index of the chosen point; None if none had traded, and then nothing is traded after.
    score: of the objective in-sample. The Sharpe ratios are annualized, None where undefined.
    returns: (days,) float64 daily returns out-of-sample, of an account that begins and ends flat.
    unhalted: the same had no loss limit halted its entries; None if none did.
    """

    start: int
    split: int
    end: int
    point: int | None
    score: float | None
    in_sharpe: float | None
    in_yearly_pct: float | None
    out_return_pct: float
    out_sharpe: float | None
    returns: Floats = field(repr=False)
    unhalted: Floats | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WithoutHalts:
    """The joined tests, had no loss limit halted entries. tests: how many were halted."""

    tests: int
    return_pct: float
    sharpe: float | None


@equal_by_fields
@shown_by_fields
@dataclass(frozen=True, slots=True)
class WalkForward:
    """The folds, and what their tests come to joined: return, Sharpe and drawdown out-of-sample.

    in_sharpe, in_yearly_pct: means over the folds of what was seen when choosing. psr:
    probability that the true out-of-sample Sharpe is above 0 (nothing was chosen by it).
    buy_hold_return_pct: of the same days, at the same costs; None if it cannot be bought.
    unhalted: None if nothing halted a test.
    """

    folds: tuple[FoldRun, ...]
    returns: Floats = field(repr=False)
    return_pct: float
    yearly_pct: float
    sharpe: float | None
    max_drawdown_pct: float
    psr: float | None
    in_sharpe: float | None
    in_yearly_pct: float | None
    buy_hold_return_pct: float | None
    unhalted: WithoutHalts | None = None

    @property
    def kept_sharpe(self) -> float | None:
        """Out-of-sample Sharpe over the in-sample one; None unless that was above 0."""
        if self.sharpe is None or self.in_sharpe is None or self.in_sharpe <= 0.0:
            return None
        return self.sharpe / self.in_sharpe


def walk_forward(
    terms: SearchTerms,
    strategies: Sequence[Any],
    shape: tuple[int, ...],
    closes: Floats,
    folds: Sequence[Fold],
    objective: Objective,
) -> WalkForward:
    """Choose and test fold by fold. closes: (k, d) of the sweep over all days."""
    runs = tuple(_run(terms, strategies, shape, closes, fold, objective) for fold in folds)
    returns = np.concatenate([run.returns for run in runs])
    grown = np.cumprod(1.0 + returns)
    peak = np.maximum(np.maximum.accumulate(grown), 1.0)
    ratio = _ratio(returns)
    return WalkForward(
        folds=runs,
        returns=returns,
        return_pct=return_pct(1.0, float(grown[-1])),
        yearly_pct=yearly_pct(float(grown[-1]), len(returns)),
        sharpe=ratio,
        max_drawdown_pct=float((1.0 - grown / peak).max()) * 100.0,
        psr=None if ratio is None else _psr(returns),
        in_sharpe=_mean([run.in_sharpe for run in runs]),
        in_yearly_pct=_mean([run.in_yearly_pct for run in runs]),
        buy_hold_return_pct=_buy_hold(terms, runs[0].split, runs[-1].end),
        unhalted=_without_halts(runs),
    )


def _without_halts(runs: Sequence[FoldRun]) -> WithoutHalts | None:
    halted = sum(run.unhalted is not None for run in runs)
    if not halted:
        return None
    returns = np.concatenate([run.returns if (r := run.unhalted) is None else r for run in runs])
    return WithoutHalts(halted, return_pct(1.0, float(np.prod(1.0 + returns))), _ratio(returns))


def held_returns(terms: SearchTerms) -> Floats | None:
    """Return the daily returns of buying all products and waiting, None if that cannot be done."""
    days = terms.first_day + np.arange(terms.days)
    held = hold_daily(
        [Listed(bars) for bars in terms.series],
        terms.costs,
        days,
        start_units=terms.cash,
        close_at_end=False,
    )
    return None if held is None else returns_since(1.0, held)


def yearly_pct(growth: float, days: int) -> float:
    """Return growth (final / start) over so many days as percent a year of 365 days."""
    if growth <= 0.0:
        return -100.0
    with np.errstate(over="ignore"):
        return float((np.exp(np.log(growth) * DAYS_PER_YEAR / days) - 1.0) * 100.0)


def _run(
    terms: SearchTerms,
    strategies: Sequence[Any],
    shape: tuple[int, ...],
    closes: Floats,
    fold: Fold,
    objective: Objective,
) -> FoldRun:
    seen = closes[:, : fold.split]
    found = scores(seen, terms.start, objective)
    point, unhalted = choose(found, shape), None
    start, split, end = ((terms.first_day + day) * DAY_MS for day in (0, fold.split, fold.end))
    if point is None:
        after = np.full(fold.end - fold.split, terms.start)
    else:
        tested = attempt(lambda: closes_between(terms, strategies[point], split, end))
        if isinstance(tested, Failing):
            raise StrategyError(
                f"{strategies[point]} fails out of sample: {tested.words}",
                hint="what is chosen must run on any part of the history",
                where=tested.place,
            ) from tested.error
        after = tested
        if terms.risk is not None:
            free = replace(terms, risk=terms.risk.unhalted())
            others = closes_between(free, strategies[point], split, end)
            if not np.array_equal(others, after):
                unhalted = returns_since(terms.start, others)
    returns = returns_since(terms.start, after)
    return FoldRun(
        start=start,
        split=split,
        end=end,
        point=point,
        score=None if point is None else float(found[point]),
        in_sharpe=None if point is None else _ratio(returns_since(terms.start, seen[point])),
        in_yearly_pct=None
        if point is None
        else yearly_pct(float(seen[point, -1]) / terms.start, fold.split),
        out_return_pct=return_pct(terms.start, float(after[-1])),
        out_sharpe=_ratio(returns),
        returns=returns,
        unhalted=unhalted,
    )


def _ratio(returns: Floats) -> float | None:
    found = float(sharpe(returns[None])[0])
    return None if np.isnan(found) else found


def _psr(returns: Floats) -> float | None:
    skew, kurtosis = moments(returns)
    daily = float(returns.mean() / returns.std(ddof=1))
    return probabilistic_sharpe(daily, len(returns), skew=skew, kurtosis=kurtosis)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _buy_hold(terms: SearchTerms, start_ms: int, end_ms: int) -> float | None:
    held = []
    for bars in terms.series:
        first, end = (int(i) for i in np.searchsorted(bars.time, (start_ms, end_ms)))
        if first < end:
            held.append(Listed(bars[first:end]))
    left = buy_and_hold(held, terms.costs, start_units=terms.cash, close_at_end=True)
    return None if left is None else return_pct(terms.start, left / UNITS_PER_QUOTE)
