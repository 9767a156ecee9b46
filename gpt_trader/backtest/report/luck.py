"""This Sharpe ratio among those that luck alone would have shown."""

from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import PagePart, Ticks, empty, figure, plot
from gpt_trader.backtest.report.returns import upright
from gpt_trader.backtest.report.scale import WIDE, Scale, ticks
from gpt_trader.backtest.report.svg import band, line, view
from gpt_trader.backtest.report.words import compact, number, percent, plural
from gpt_trader.measure.assess import Assessment
from gpt_trader.measure.inference import expected_best_sharpe as best_of
from gpt_trader.measure.metrics import DAYS_PER_YEAR

Floats = NDArray[np.float64]
HEIGHT = 220.0
POINTS = 161
NORMAL = NormalDist()


def luck(assessment: Assessment | None, sharpe: float | None) -> PagePart:
    """Return the density of the best of N worthless trials, with this run's Sharpe ratio in it."""
    key, title = "luck", "Skill or luck?"
    if assessment is None:
        return empty(key, title, "Not assessed: nobody counted the trials.")
    inference = assessment.inference
    if sharpe is None or inference.days < 2:
        return empty(key, title, "Too few days, or equity never moved: no Sharpe ratio to judge.")
    trials = max(inference.trials, 1)
    deviation = sharpe_deviation(trials, inference.expected_best_sharpe, inference.days)
    low = min(-2.5 * deviation, sharpe - 0.3 * deviation)
    high = max((best_of(trials, 1.0) + 2.5) * deviation, sharpe + 0.3 * deviation)
    grid = np.linspace(low, high, POINTS)
    density = best_density(grid / deviation, trials)
    x = Scale(low, high, 0.0, WIDE)
    y = Scale(0.0, float(density.max()) * 1.15, HEIGHT, 0.0)
    places, heights = x(grid), y(density)
    beyond = grid >= sharpe
    share = 1.0 - NORMAL.cdf(sharpe / deviation) ** trials
    tries = "one worthless try" if trials == 1 else f"the best of {trials:,} worthless tries"
    says = f"Luck alone gives {tries} a Sharpe ratio this high {_times(share)}."
    floor = np.full(POINTS, HEIGHT)
    labels = Ticks(tuple((x.at(v), compact(v)) for v in ticks(low, high, 6)))
    drawn = plot(
        key, HEIGHT, f"{title} {says}",
        view(HEIGHT, band(places, heights, floor, "range"), line(places, heights, "price"),
             band(places[beyond], heights[beyond], floor[beyond], "loss")),
        upright(x.at(sharpe), HEIGHT, f"this run {number(sharpe)}", below=8.0, class_="mine"),
        upright(x.at(best_of(trials, 1.0) * deviation), HEIGHT, "luck expects", below=HEIGHT - 22),
        x=labels, y=Ticks(()), zero=HEIGHT,
    )  # fmt: skip
    return PagePart(figure(key, title, says, drawn, note=_note(assessment)))


def _times(share: float) -> str:
    if share >= 0.01:
        return f"{number(share * 100, 0)} times in 100"
    return f"{number(share * 10_000, 0)} times in 10,000" if share >= 0.0001 else "almost never"


def _note(assessment: Assessment) -> str:
    inference = assessment.inference
    probability = {
        "above 0": inference.psr,
        f"above what the best of {plural(inference.trials, 'trial')} owes to luck": inference.dsr,
    }
    said = [
        f"the true ratio is {what} with probability {percent(p * 100, 0)}"
        for what, p in probability.items()
        if p is not None
    ]
    notes = [f"By its length, skew and tails: {'; '.join(said)}."] if said else []
    if (nulls := assessment.nulls) is not None:
        notes.append(
            f"Of {nulls.count} runs of its own targets at other times, at the same costs, "
            f"{nulls.as_good} did as well (p {nulls.p_value:.2g}); turned round they have a "
            f"Sharpe ratio of {number(nulls.flipped_sharpe)}."
        )
    notes += (
        [f"{inference.trials_note[0].upper()}{inference.trials_note[1:]}."]
        if inference.trials_note
        else []
    )
    return " ".join(notes)


def sharpe_deviation(trials: int, expected_best_sharpe: float | None, days: int) -> float:
    """Return the deviation of worthless trials' annual Sharpe ratios.

    The one that makes `expected_best_sharpe` the expected best of so many; with one trial, or
    without that number, the sampling error of a ratio of 0 over so many days, sqrt(365 / days).
    """
    if trials > 1 and expected_best_sharpe is not None and expected_best_sharpe > 0.0:
        return expected_best_sharpe / best_of(trials, 1.0)
    return sqrt(DAYS_PER_YEAR / days)


def best_density(z: Floats, trials: int) -> Floats:
    """Return the density of the maximum of N standard normal draws: N f(z) F(z)**(N - 1)."""
    found = []
    for value in z.tolist():
        below = NORMAL.cdf(value)
        power = (trials - 1) * log(below) if below > 0.0 else float("-inf")
        found.append(trials * NORMAL.pdf(value) * (exp(power) if trials > 1 else 1.0))
    return np.array(found)
