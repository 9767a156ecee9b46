"""What a result comes to, in one word and in sentences that people understand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gpt_trader.domain.costs import (
    LEAST_TAKER_BPS,
    WORST_MAKER_BPS,
    WORST_TAKER_BPS,
    CostModel,
)
from gpt_trader.hints import in_python
from gpt_trader.kernel.rounding import BPS
from gpt_trader.measure.baselines import Baselines
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.doubt import BELOW_LUCK, FRAGILE, LEAK, TOO_SHORT, UNTESTED, Doubt
from gpt_trader.measure.holdout import Holdout, say_holdout
from gpt_trader.measure.inference import Inference
from gpt_trader.measure.late import MOST_KEPT, MUST_KEEP, Late
from gpt_trader.measure.measure import Metrics
from gpt_trader.measure.metrics import DAYS_PER_YEAR
from gpt_trader.measure.nulls import Nulls
from gpt_trader.measure.proof import Proof
from gpt_trader.measure.sensitivity import Dearer, Sensitivity

LOSES = "LOSES"
NOT_PROVEN = "NOT PROVEN"
PASS = "PASS"  # noqa: S105
TOO_GOOD = 3.0  # a Sharpe ratio, annualized: an honest edge of days that is larger lasts longer
LEFT = 0.1  # of a gain: less is nearly nothing
MOSTLY = 0.5  # of a gain: more of it is what the gain is
MANY = 0.1  # of runs at other times that do as well


@dataclass(frozen=True, slots=True)
class Verdict:
    """word: LOSES, NOT PROVEN or PASS. reasons: sentences, the weightiest first.

    kinds: of the doubts (`doubt.Kind`), each once, in the order of their sentences.
    """

    word: str
    reasons: tuple[str, ...]
    kinds: tuple[str, ...] = ()

    def in_python(self) -> "Verdict":
        """Return it with reasons that name arguments, not flags."""
        return replace(self, reasons=tuple(map(in_python, self.reasons)))

    def lines(self) -> Iterator[str]:
        """Yield it, and each of its reasons on a line of its own."""
        kinds = f" ({', '.join(self.kinds)})" if self.kinds else ""
        yield f"Verdict: {self.word}{kinds}"
        yield from (f"  - {reason}" for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is made of. label: what is said of the data, such as synthetic, or None.

    nulls: None if they could not be run. doubts: what others found, such as bars in doubt.
    """

    metrics: Metrics
    costs: CostModel
    inference: Inference
    nulls: Nulls | None
    proof: Proof
    sensitivity: Sensitivity
    baselines: Baselines
    checks: Checks
    label: str | None
    doubts: tuple[Doubt, ...] = ()
    holdout: Holdout | None = None


def judge(found: Evidence) -> Verdict:
    """Return the verdict on a run.

    PASS needs every condition of `doubts`; a run that made nothing LOSES; anything else is NOT
    PROVEN, which is what most honest tests come to.
    """
    metrics = found.metrics
    if metrics.fills == 0:
        return Verdict(NOT_PROVEN, ("It never traded, so there is nothing to judge.",))
    if metrics.return_pct <= 0.0:
        unreal = (doubt.sentence for doubt in unreal_terms(found.label, found.costs))
        return Verdict(LOSES, (*_losses(found), *unreal))
    found_doubts = tuple(doubts(found))
    if found_doubts:
        return not_proven(found_doubts)
    return Verdict(PASS, tuple(_passes(found)))


def not_proven(doubts: Iterable[Doubt]) -> Verdict:
    """Return NOT PROVEN, and why."""
    kept = tuple(doubts)
    return Verdict(
        NOT_PROVEN,
        tuple(doubt.sentence for doubt in kept),
        tuple(dict.fromkeys(doubt.kind for doubt in kept)),
    )


def cap(verdict: Verdict, doubt: Doubt) -> Verdict:
    """Return a verdict with one more doubt: a PASS is none any more."""
    if verdict.word == PASS:
        return not_proven([doubt])
    kinds = (*verdict.kinds, doubt.kind) if verdict.word == NOT_PROVEN else ()
    reasons = (*verdict.reasons, doubt.sentence)
    return Verdict(verdict.word, reasons, tuple(dict.fromkeys(kinds)))


def doubts(found: Evidence) -> Iterator[Doubt]:
    """Yield each condition of a PASS that does not hold."""
    yield from unreal_terms(found.label, found.costs)
    yield from unchecked(found.checks)
    yield from found.doubts
    yield from _uncounted(found.inference)
    yield from _may_be_luck(found)
    yield from _no_better_than_holding(found)
    yield from fragile(found.sensitivity.dearer, found.sensitivity.late)
    yield from _lost_on_sealed(found.holdout)
    metrics = found.metrics
    yield from like_a_leak(metrics.return_pct, metrics.sharpe, found.sensitivity.delayed_return_pct)


def _passes(found: Evidence) -> Iterator[str]:
    proof, nulls = found.proof, found.nulls
    assert proof.luck is not None
    assert nulls is not None
    yield (
        f"It gained {found.metrics.return_pct:,.1f} % after costs; the chance that luck alone "
        f"makes as much is {chance(proof.luck)}{_as_best(proof.trials)}."
    )
    yield f"{_nulls_said(nulls)}; it would pass as the best of at most {proof.most_trials:,} tries."
    yield (
        f"It gains at {_dearer_said(found.sensitivity.dearer)}, and filled a minute late, and made "
        "more than buy and hold at the same risk."
    )
    yield from _mostly_funding(found.metrics)
    yield from _gone_in_a_bar(found.sensitivity)
    yield say_holdout(found.holdout)
    yield "The past is no promise: paper trade it before any money does."


def _dearer_said(dearer: Dearer | None) -> str:
    """Say at which fees it was run again: the dearest are not asked of one that pays less."""
    assert dearer is not None
    is_worst = dearer.taker_bps >= WORST_TAKER_BPS and dearer.maker_bps >= WORST_MAKER_BPS
    which = "the exchange's dearest" if is_worst else "twice its own, not the exchange's dearest"
    return f"fees of {dearer.taker_bps:g} / {dearer.maker_bps:g} bps ({which})"


def _mostly_funding(metrics: Metrics) -> Iterator[str]:
    """Say that a gain is no gain of prices: funding is asked as long as others hold against it."""
    received = -float(metrics.funding_paid)
    if received > MOSTLY * float(metrics.net_pnl):
        share = received / float(metrics.net_pnl)
        yield f"Funding received is {share:.0%} of its gain: it lasts as long as others pay it."


def _losses(found: Evidence) -> Iterator[str]:
    metrics = found.metrics
    yield f"{say_loss(metrics.return_pct)} after costs."
    if metrics.gross_pnl > 0:
        gross, net = (
            float(money / metrics.start_equity) * 100.0
            for money in (metrics.gross_pnl, metrics.net_pnl)
        )
        yield (
            f"Before costs it made {gross:,.2f} % of its start; {_takers(metrics)} took "
            f"{gross - net:,.2f} %."
        )
    else:
        yield "It lost before costs, too: cheaper trading would not save it."


def say_loss(return_pct: float) -> str:
    """Say what a run that gained nothing lost, as a sentence without its end."""
    if return_pct == 0.0:
        return "It made nothing"
    lost = -return_pct
    return f"It lost {lost:,.1f} %" if lost >= 0.05 else "It lost less than 0.1 %"


def _takers(metrics: Metrics) -> str:
    if metrics.funding_paid:
        return "fees, spread, slippage and funding"
    return "fees, spread and slippage"


def unreal_terms(label: str | None, costs: CostModel) -> Iterator[Doubt]:
    """Yield on which terms nobody trades. label: what is said of the data, such as synthetic."""
    if label is not None:
        yield Doubt(UNTESTED, f"The market is {label}.")
    taker_bps = costs.kernel().taker_e8 / BPS
    if taker_bps <= 0.0:
        yield Doubt(FRAGILE, "It was tried without fees, which no exchange offers.")
    elif taker_bps < LEAST_TAKER_BPS:
        yield Doubt(
            FRAGILE,
            f"It was tried at a taker fee of {taker_bps:g} bps, below the lowest that the exchange "
            f"publishes for any volume: {LEAST_TAKER_BPS:g}.",
        )
    if costs.touch_fills:
        told = "Its limit orders filled when only touched, ahead of everybody who waited longer."
        yield Doubt(FRAGILE, told)


def unchecked(checks: Checks) -> Iterator[Doubt]:
    """Yield what no check of a strategy reached."""
    if checks.lookahead_ok is None:
        yield Doubt(UNTESTED, "It was not checked for looking ahead.")
    if checks.warmup_ok is None:
        yield Doubt(UNTESTED, "Its warm-up was not checked.")
    if checks.outside:
        told = f"its {', '.join(checks.outside)} was made outside"
        yield Doubt(UNTESTED, f"What came in by {told}: nothing was cut off there.")
    if checks.unreached:
        read = ", ".join(checks.unreached)
        yield Doubt(UNTESTED, f"It reads {read}: no check cuts off what is known later there.")


def _uncounted(inference: Inference) -> Iterator[Doubt]:
    unknown = "How often luck was tried is not known"
    if inference.trials_note is not None:
        yield Doubt(UNTESTED, f"{unknown}: {inference.trials_note}.")
    elif inference.dsr is None and inference.psr is not None:
        yield Doubt(UNTESTED, f"{unknown}: nobody counted.")


def _may_be_luck(found: Evidence) -> Iterator[Doubt]:
    """Both tests, and how long a record of such days would prove it."""
    proof, nulls = found.proof, found.nulls
    if proof.luck is None:
        told = f"{count(proof.days, 'day')} of returns are too few to judge."
        yield Doubt(TOO_SHORT, told)
        return
    if not found.sensitivity.costs:
        told = "It was not run at other times or terms: it decides bar by bar."
        yield Doubt(UNTESTED, told)
    elif nulls is None or proof.timing is None:
        told = "Its history is too short to run its targets at other times."
        yield Doubt(TOO_SHORT, told)
    needed = None if _holding_is_better(found) else proof.days_needed
    kind = BELOW_LUCK if needed is None else TOO_SHORT
    if proof.luck > proof.level:
        yield Doubt(
            kind,
            f"The chance that luck alone makes such a Sharpe ratio in {count(proof.days, 'day')} "
            f"is {chance(proof.luck)}{_as_best(proof.trials)}; {chance(proof.level)} would be "
            "proof.",
        )
    if nulls is not None and proof.timing is not None and proof.timing > proof.level:
        yield Doubt(
            kind,
            f"{_nulls_said(nulls)}: the chance is {chance(proof.timing)}"
            f"{_as_best(proof.trials)}; {chance(proof.level)} would be proof.",
        )
    if needed is not None and needed > proof.days:
        yield Doubt(kind, say_how_long(needed - proof.days))


def _holding_is_better(found: Evidence) -> bool:
    """Whether holding made as much, and many runs at other times: more of it proves nothing."""
    baseline, nulls = found.baselines.vol_matched_return_pct, found.nulls
    if baseline is None or nulls is None or found.metrics.return_pct > baseline:
        return False
    return nulls.as_good >= MANY * nulls.count


def say_how_long(days: int) -> str:
    """Say how much longer a record of such days has to be."""
    years = f" ({days / DAYS_PER_YEAR:,.1f} years)" if days > DAYS_PER_YEAR else ""
    return f"An edge of this size needs about {days:,} more days{years} to be proven."


def _nulls_said(nulls: Nulls) -> str:
    return (
        f"Of {nulls.count} runs of its own targets at other times, at the same costs, "
        f"{nulls.as_good} did as well"
    )


def _as_best(trials: int) -> str:
    return "" if trials == 1 else f" for the best of {trials:,} trials"


def fragile(dearer: Dearer | None, late: Late | None) -> Iterator[Doubt]:
    """Yield at which terms, hardly worse than its own, a run loses or keeps little."""
    if dearer is not None and dearer.return_pct <= 0.0:
        yield Doubt(
            FRAGILE,
            f"At fees of {dearer.taker_bps:g} / {dearer.maker_bps:g} bps it loses: "
            f"{dearer.return_pct:+,.1f} %.",
        )
    if late is not None and late.kept is not None and late.kept < MUST_KEEP:
        yield Doubt(FRAGILE, _say_late(late))
    if late is not None and late.kept is not None and late.kept > MOST_KEPT:
        yield Doubt(
            UNTESTED,
            f"Filled a minute late it would make {late.return_pct:+,.1f} %, many times more: its "
            "bars do not tell what its fills are worth. Finer bars (backtest --detail) would.",
        )


def _say_late(late: Late) -> str:
    if late.protected_pct > late.at_once_pct:
        said = (
            "Most of its profit was made by take-profits or stops at prices that their bars left "
            f"again, or jumped over: {late.return_pct:+,.1f} % without it, filled a minute late"
        )
    else:
        said = f"Filled a minute late most of its profit is gone: {late.return_pct:+,.1f} %"
    if late.bar_ms <= late.latency_ms:
        return f"{said}."
    if late.protected_pct <= late.at_once_pct:
        said += "; prices jump right after its fills, as between bid and ask"
    return f"{said}. Finer bars (backtest --detail) would tell better."


def _gone_in_a_bar(sensitivity: Sensitivity) -> Iterator[str]:
    """Say that an edge is a fast one, which is no fault of it."""
    late = sensitivity.delayed_return_pct
    if late is not None and late <= 0.0:
        yield f"It lives within the first bar after each decision: one bar late, {late:+,.1f} %."


def like_a_leak(made_pct: float, sharpe: float | None, late_pct: float | None) -> Iterator[Doubt]:
    """Yield that a gain is too good and too short-lived: no check reaches everything.

    late_pct: with every target one bar later, percent; None: it could not be run.
    """
    if late_pct is None or sharpe is None or sharpe <= TOO_GOOD:
        return
    if late_pct <= LEFT * made_pct:
        yield Doubt(
            LEAK,
            f"One bar late {late_pct:+,.1f} % is left of {made_pct:+,.1f} %, at a "
            f"Sharpe ratio of {sharpe:.1f}: such a collapse is what leaked knowledge of the "
            "future looks like, and a column that is dated one bar early exactly so.",
        )


def _lost_on_sealed(holdout: Holdout | None) -> Iterator[Doubt]:
    if holdout is not None and holdout.return_pct is not None and holdout.return_pct <= 0.0:
        yield Doubt(FRAGILE, say_holdout(holdout))


def _no_better_than_holding(found: Evidence) -> Iterator[Doubt]:
    baseline = found.baselines.vol_matched_return_pct
    if baseline is None:
        told = "Buy and hold could not be counted: nothing says what was to be beaten."
        yield Doubt(UNTESTED, told)
    elif found.metrics.return_pct <= baseline:
        yield Doubt(
            BELOW_LUCK,
            f"Buy and hold at the same risk made {baseline:,.1f} %, "
            f"this {found.metrics.return_pct:,.1f} %.",
        )


def count(number: int, noun: str) -> str:
    """Return a number of things in words."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun}"


def chance(probability: float) -> str:
    """Return a probability in words, never 0."""
    return f"{probability * 100.0:.1f} %" if probability >= 0.001 else "below 0.1 %"
