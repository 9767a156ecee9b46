"""How sure a result is: intervals, the probability of skill, what the best of many tries hides."""

from dataclasses import dataclass, field
from math import e, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.stated import check_numbers, check_whole
from gpt_trader.door import at_the_door
from gpt_trader.kernel.stats.bootstrap import bootstrap, sharpe_of
from gpt_trader.measure.metrics import DAYS_PER_YEAR, moments, return_pct

Floats = NDArray[np.float64]

LEVEL = 0.90
RESAMPLES = 1_000
FAN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MIN_DAYS = 10  # fewer returns say nothing of their own spread
CONFIDENCE = 0.95
EULER_GAMMA = 0.5772156649015329
NORMAL = NormalDist()
ANNUAL = sqrt(DAYS_PER_YEAR)


@dataclass(frozen=True, slots=True)
class Range:
    """The ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trials:
    """The other trials on overlapping products and times; what is tried now is not among them.

    sharpes: of a day, not annualized, of those trials that have one. count: all of them.
    note: why there may have been more, such as "trials before 2026-03-01 unknown"; None if the
    record is whole.
    """

    sharpes: tuple[float, ...] = ()
    count: int = 0
    note: str | None = None

    @at_the_door
    def __post_init__(self) -> None:
        check_numbers("sharpes", self.sharpes)
        check_whole("count", self.count)


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Inference:
    """What chance may have added. Sharpe ratios are annualized by sqrt(365); None: undefined.

    level: share of resamples inside each interval. block_days: mean length of a resampled block.
    days: daily returns the intervals rest on. fan: (5, days) float64, equity over its start at the
    close of each, quantiles .05 .25 .5 .75 .95 over resamples.
    psr: probability that the true Sharpe is above 0. dsr: the same against
    `expected_best_sharpe`, what the best of `trials` worthless tries is expected to show; None if
    nobody counted. trials: this one included. trials_note: why there may have been more, or None.
    """

    level: float
    resamples: int
    block_days: float
    days: int
    return_pct: Range | None
    sharpe: Range | None
    max_drawdown_pct: Range | None
    fan: Floats = field(repr=False)
    psr: float | None
    dsr: float | None
    min_track_record_days: float | None
    trials: int
    trials_note: str | None
    expected_best_sharpe: float | None


def infer(
    returns: Floats, *, trials: Trials | None, resamples: int = RESAMPLES, seed: int = 0
) -> Inference:
    """Say what chance may have added to a run.

    returns: (days,) float64 of `metrics.daily_returns`. trials: what else was tried; None if nobody
    counted, which leaves dsr None.
    """
    days = len(returns)
    usable = days >= MIN_DAYS and bool((returns > -1.0).all())  # never was nothing left
    block = block_days(days)
    fan = np.full((len(FAN_QUANTILES), days), np.nan)
    ranges: tuple[Range | None, Range | None, Range | None] = (None, None, None)
    daily = float(sharpe_of(returns)) if usable else np.nan
    if usable:
        paths, sharpes, falls = bootstrap(returns, block, resamples, seed)
        fan = sorted_quantiles(np.sort(paths, axis=1), FAN_QUANTILES)
        grown = _range(paths[-1])
        ratio = None if np.isnan(daily) else _range(sharpes[np.isfinite(sharpes)])
        ranges = (
            Range(return_pct(1.0, grown.low), return_pct(1.0, grown.high)),
            ratio and Range(ratio.low * ANNUAL, ratio.high * ANNUAL),
            _range(falls * 100.0),
        )
    tried = Trials(note="trials were not counted") if trials is None else trials
    skill = None if np.isnan(daily) else _skill(returns, daily, None if trials is None else tried)
    return Inference(
        level=LEVEL,
        resamples=resamples,
        block_days=block,
        days=days,
        return_pct=ranges[0],
        sharpe=ranges[1],
        max_drawdown_pct=ranges[2],
        fan=fan,
        psr=None if skill is None else skill.psr,
        dsr=None if skill is None else skill.dsr,
        min_track_record_days=None if skill is None else skill.min_track_record_days,
        trials=tried.count + 1,
        trials_note=tried.note,
        expected_best_sharpe=None if skill is None else skill.expected_best_sharpe,
    )


@dataclass(frozen=True, slots=True)
class _Skill:
    psr: float | None
    dsr: float | None
    min_track_record_days: float | None
    expected_best_sharpe: float | None  # annualized


def _skill(returns: Floats, daily: float, trials: Trials | None) -> _Skill:
    skew, kurtosis = moments(returns)
    days = len(returns)
    psr = probabilistic_sharpe(daily, days, skew=skew, kurtosis=kurtosis)
    needed = min_track_record(daily, skew=skew, kurtosis=kurtosis)
    if trials is None:
        return _Skill(psr, None, needed, None)
    spread = trials_variance([daily, *trials.sharpes], days)
    best = expected_best_sharpe(trials.count + 1, spread)
    dsr = probabilistic_sharpe(daily, days, skew=skew, kurtosis=kurtosis, benchmark=best)
    return _Skill(psr, dsr, needed, best * ANNUAL)


def block_days(days: int) -> float:
    """Return the mean length of a resampled block: days ** (1/3), at least 1.

    The rate at which the best length grows for a variance (P. Hall, J. Horowitz, B. Jing, "On
    Blocking Rules for the Bootstrap with Dependent Data", 1995): 11 days for four years. Automatic
    rules look at the returns' own correlation, find next to none in a market, and would tear the
    calm and wild weeks apart on which drawdowns depend.
    """
    return max(1.0, float(np.cbrt(days)))


def sorted_quantiles(rows: Floats, quantiles: tuple[float, ...]) -> Floats:
    """Return (q, d) float64 quantiles of (d, r) rows sorted along r, by linear interpolation."""
    last = rows.shape[1] - 1
    out = np.empty((len(quantiles), len(rows)))
    for k, quantile in enumerate(quantiles):
        at = quantile * last
        low = int(at)
        below, above = rows[:, low], rows[:, min(low + 1, last)]
        out[k] = below + (above - below) * (at - low)
    return out


def _range(values: Floats) -> Range:
    tail = (1.0 - LEVEL) / 2.0
    ends = sorted_quantiles(np.sort(values)[None, :], (tail, 1.0 - tail))
    return Range(float(ends[0, 0]), float(ends[1, 0]))


def _variance_factor(sharpe: float, skew: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio x (n - 1)."""
    return 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe


def probabilistic_sharpe(
    sharpe: float, n: int, *, skew: float, kurtosis: float, benchmark: float = 0.0
) -> float | None:
    """Return the probability that the true Sharpe ratio of n returns is above the benchmark.

    Phi((SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2)); both ratios are per
    return, not annualized, and kurtosis is raw (normal: 3). None if that variance is 0. Source:
    D. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier" (2012). A later
    convention (Lopez de Prado, Lipton, Zoonekynd, 2025) takes the variance at SR*, and sqrt(n).
    """
    variance = _variance_factor(sharpe, skew, kurtosis)
    if variance <= 0.0:
        return None
    return NORMAL.cdf((sharpe - benchmark) * sqrt(n - 1) / sqrt(variance))


def min_track_record(
    sharpe: float, *, skew: float, kurtosis: float, confidence: float = CONFIDENCE
) -> float | None:
    """Return how many returns prove a Sharpe ratio above 0; None if it is not above 0.

    1 + (1 - skew SR + (kurtosis - 1) / 4 SR^2) (z / SR)^2. Source and units: as above.
    """
    if sharpe <= 0.0:
        return None
    z = NORMAL.inv_cdf(confidence)
    return 1.0 + _variance_factor(sharpe, skew, kurtosis) * (z / sharpe) ** 2


def expected_best_sharpe(trials: int, variance: float) -> float:
    """Return the highest Sharpe ratio expected of so many worthless trials; 0 for one.

    sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))), g Euler's constant; V is the variance
    of the trials' ratios. For large N; the exact value for 10 is 2 % lower. Source: D. Bailey and
    M. Lopez de Prado, "The Deflated Sharpe Ratio" (2014).
    """
    if trials < 2:
        return 0.0
    return sqrt(variance) * (
        (1.0 - EULER_GAMMA) * NORMAL.inv_cdf(1.0 - 1.0 / trials)
        + EULER_GAMMA * NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    )


def trials_variance(sharpes: list[float], n: int) -> float:
    """Return the variance of the trials' Sharpe ratios, at least that of worthless ones.

    A ratio of n returns without an edge varies by 1 / (n - 1). Fewer would be believed of a handful
    of trials, or of many that hardly differ, and would make the search look harmless.
    """
    found = float(np.var(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    return max(found, 1.0 / (n - 1))
