"""The verdict on a search: what was never seen counts, then how much was tried to find it."""

from collections.abc import Iterator, Sequence

from gpt_trader.measure.doubt import BELOW_LUCK, FRAGILE, TOO_SHORT, UNTESTED, Doubt
from gpt_trader.measure.verdict import (
    LOSES,
    NOT_PROVEN,
    PASS,
    Verdict,
    chance,
    count,
    not_proven,
    say_how_long,
)
from gpt_trader.optimize.luck import Luck
from gpt_trader.optimize.overfit import Overfit
from gpt_trader.optimize.walk import WalkForward

MOST_OVERFIT = 0.2
MIN_FOLDS = 3


def judge(
    walk: WalkForward,
    luck: Luck,
    overfit: Overfit | None,
    label: str | None,
    found: Sequence[Doubt] = (),
) -> Verdict:
    """Return LOSES, NOT PROVEN or PASS with its reasons as sentences.

    LOSES: the joined out-of-sample record lost. PASS: none of `_doubts` is left; label, such as
    "synthetic", what others found, such as bars in doubt, and an incomplete record of trials cap
    the verdict at NOT PROVEN.
    """
    if not walk.returns.any():
        told = "Nothing was traded out of sample: nothing to judge."
        return Verdict(NOT_PROVEN, (told,))
    if walk.return_pct <= 0.0:
        told = f"Out of sample it made {walk.return_pct:+.2f} %: what was best before did not last."
        return Verdict(LOSES, (told,))
    doubts = (*found, *_doubts(walk, luck, overfit, label))
    if doubts:
        return not_proven(doubts)
    assert luck.chance is not None
    assert luck.beyond_market is not None
    return Verdict(
        PASS,
        (
            f"Out of sample it made {walk.return_pct:+.2f} % after costs.",
            (
                f"The chance that luck makes as much of {count(luck.trials, 'try')} is "
                f"{chance(luck.chance)}, as much beyond the market {chance(luck.beyond_market)}."
            ),
            "The past is no promise: paper trade it before any money does.",
        ),
    )


def _doubts(
    walk: WalkForward, luck: Luck, overfit: Overfit | None, label: str | None
) -> Iterator[Doubt]:
    """Yield each condition of a PASS that does not hold."""
    if label is not None:
        yield Doubt(UNTESTED, f"The market is {label}.")
    if luck.note is not None:
        yield Doubt(UNTESTED, f"How often luck was tried is not known: {luck.note}.")
    yield from _may_be_luck(luck)
    if overfit is not None and min(overfit.pbo, overfit.loss_share) > MOST_OVERFIT:
        # Both: where every point is as good as the next, ranks alone say nothing.
        yield Doubt(
            FRAGILE,
            f"Of all halvings of the days, the best point of one half is below average in the "
            f"other in {overfit.pbo:.0%} (noise: 50 %), and loses in {overfit.loss_share:.0%}.",
        )
    if len(walk.folds) < MIN_FOLDS:
        yield Doubt(TOO_SHORT, f"{len(walk.folds)} folds are too few: {MIN_FOLDS} are wanted.")


def _may_be_luck(luck: Luck) -> Iterator[Doubt]:
    """Both tests, and how long a record of such days would prove it."""
    if luck.chance is None:
        yield Doubt(TOO_SHORT, f"{count(luck.days, 'day')} of returns are too few to judge.")
        return
    kind = BELOW_LUCK if luck.days_needed is None else TOO_SHORT
    if luck.chance > luck.level:
        yield Doubt(
            kind,
            f"The chance that luck makes as much of {count(luck.trials, 'try')} as the chosen "
            f"point made is {chance(luck.chance)}; {chance(luck.level)} would be proof.",
        )
    if luck.beyond_market is None:
        told = "Buy and hold could not be counted: nothing says what was to be beaten."
        yield Doubt(UNTESTED, told)
        return
    if luck.beyond_market > luck.level:
        yield Doubt(
            kind,
            f"Beyond what holding as much of the market made, that chance is "
            f"{chance(luck.beyond_market)}; {chance(luck.level)} would be proof.",
        )
    if luck.days_needed is not None and luck.days_needed > luck.days:
        yield Doubt(kind, say_how_long(luck.days_needed - luck.days))
