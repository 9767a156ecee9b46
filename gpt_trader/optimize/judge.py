"""The verdict on a search: what was never seen counts, then how much was tried to find it."""

from collections.abc import Iterator

from gpt_trader.measure.inference import CONFIDENCE
from gpt_trader.measure.verdict import LOSES, NOT_PROVEN, PASS, Verdict
from gpt_trader.optimize.luck import Luck
from gpt_trader.optimize.overfit import Overfit
from gpt_trader.optimize.walk import WalkForward

MOST_OVERFIT = 0.2
MIN_FOLDS = 3


def judge(walk: WalkForward, luck: Luck, overfit: Overfit | None, label: str | None) -> Verdict:
    """Return LOSES, NOT PROVEN or PASS with its reasons as sentences.

    LOSES: the joined out-of-sample record lost. PASS: none of `_doubts` is left; label, such as
    "synthetic", and an incomplete record of trials cap the verdict at NOT PROVEN.
    """
    if not walk.returns.any():
        return Verdict(NOT_PROVEN, ("Nothing was traded out of sample: nothing to judge.",))
    if walk.return_pct <= 0.0:
        told = f"Out of sample it made {walk.return_pct:+.2f} %: what was best before did not last."
        return Verdict(LOSES, (told,))
    doubts = tuple(_doubts(walk, luck, overfit, label))
    if doubts:
        return Verdict(NOT_PROVEN, doubts)
    return Verdict(
        PASS,
        (
            f"Out of sample it made {walk.return_pct:+.2f} % after costs, more than buy and hold.",
            f"It is better than the best of {luck.trials:,} worthless tries would be.",
            "The past is no promise: paper trade it before any money does.",
        ),
    )


def _doubts(
    walk: WalkForward, luck: Luck, overfit: Overfit | None, label: str | None
) -> Iterator[str]:
    """Yield, as sentences, each condition of a PASS that does not hold."""
    if label is not None:
        yield f"The market is {label}."
    if walk.psr is None or walk.psr < CONFIDENCE:
        yield f"The chance that its true Sharpe out of sample is above 0 is {_chance(walk.psr)}."
    if luck.note is not None:
        yield f"How often luck was tried is not known: {luck.note}."
    if luck.dsr is None or luck.dsr < CONFIDENCE:
        yield (
            f"The chance that the chosen point is better than the best of {luck.trials:,} "
            f"worthless tries (Sharpe {luck.expected_best_sharpe:.2f}) is {_chance(luck.dsr)}."
        )
    if overfit is None:
        yield "Too few days or points to tell how much of it is overfit."
    elif overfit.pbo > MOST_OVERFIT and overfit.loss_share > MOST_OVERFIT:
        # Both: where every point is as good as the next, ranks alone say nothing.
        yield (
            f"Of all halvings of the days, the best point of one half is below average in the "
            f"other in {overfit.pbo:.0%} (noise: 50 %), and loses in {overfit.loss_share:.0%}."
        )
    if walk.return_pct <= walk.buy_hold_return_pct:
        yield f"Buy and hold made more on the same days: {walk.buy_hold_return_pct:+.2f} %."
    if len(walk.folds) < MIN_FOLDS:
        yield f"{len(walk.folds)} folds are too few: {MIN_FOLDS} are wanted."


def _chance(probability: float | None) -> str:
    return "not known" if probability is None else f"{probability:.1%}"
