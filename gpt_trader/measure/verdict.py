"""What a result comes to, in one word and in sentences that people understand."""

from collections.abc import Iterator
from dataclasses import dataclass

from gpt_trader.domain.costs import CostModel
from gpt_trader.measure.baselines import Baselines
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.inference import CONFIDENCE, Inference
from gpt_trader.measure.measure import Metrics
from gpt_trader.measure.sensitivity import Sensitivity

LOSES = "LOSES"
NOT_PROVEN = "NOT PROVEN"
PASS = "PASS"  # noqa: S105
HARSHER_FEES = 2.0
MOST_MISSING = 0.05  # share of the bars; more is a doubt
MOST_STALE = 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """word: LOSES, NOT PROVEN or PASS. reasons: sentences, the weightiest first."""

    word: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is made of. label: what is said of the data, such as synthetic, or None."""

    metrics: Metrics
    costs: CostModel
    inference: Inference
    sensitivity: Sensitivity
    baselines: Baselines
    checks: Checks
    label: str | None


def judge(found: Evidence) -> Verdict:
    """Return the verdict on a run.

    PASS needs every condition of `doubts`; a run that made nothing LOSES; anything else is NOT
    PROVEN, which is what most honest tests come to.
    """
    metrics = found.metrics
    if metrics.fills == 0:
        return Verdict(NOT_PROVEN, ("It never traded, so there is nothing to judge.",))
    if metrics.return_pct <= 0.0:
        return Verdict(LOSES, (*_losses(found), *_unreal(found)))
    reasons = tuple(doubts(found))
    if reasons:
        return Verdict(NOT_PROVEN, reasons)
    return Verdict(PASS, tuple(_passes(found)))


def cap(verdict: Verdict, sentence: str) -> Verdict:
    """Return a verdict with one more doubt: a PASS is none any more."""
    if verdict.word == PASS:
        return Verdict(NOT_PROVEN, (sentence,))
    return Verdict(verdict.word, (*verdict.reasons, sentence))


def doubts(found: Evidence) -> Iterator[str]:
    """Yield, as sentences, each condition of a PASS that does not hold."""
    yield from _unreal(found)
    yield from _say_unchecked(found.checks)
    yield from _may_be_luck(found.inference)
    yield from _fragile(found.sensitivity)
    yield from _no_better_than_holding(found)


def _passes(found: Evidence) -> Iterator[str]:
    tried = _count(found.inference.trials, "trial")
    luck = _chance(1.0 - (found.inference.dsr or 0.0))
    yield (
        f"It gained {found.metrics.return_pct:,.1f} % after costs; the chance that this is "
        f"the luck of the best of {tried} is {luck}."
    )
    yield "It gains at double fees and one bar late, and beats buy and hold at the same risk."
    yield "The past is no promise: paper trade it before any money does."


def _losses(found: Evidence) -> Iterator[str]:
    metrics = found.metrics
    yield f"It lost {-metrics.return_pct:,.1f} % after costs."
    if metrics.gross_pnl > 0:
        yield (
            f"Before costs it made {metrics.gross_pnl:,.2f}; fees, spread and slippage took "
            f"{metrics.gross_pnl - metrics.net_pnl:,.2f}."
        )
    else:
        yield "It lost before costs, too: cheaper trading would not save it."


def _unreal(found: Evidence) -> Iterator[str]:
    if found.label is not None:
        yield f"The market is {found.label}."
    if found.costs.kernel().taker_e8 <= 0:
        yield "It was tried without fees, which no exchange offers."
    if found.costs.touch_fills:
        yield "Its limit orders filled when only touched, ahead of everybody who waited longer."


def _say_unchecked(checks: Checks) -> Iterator[str]:
    if checks.lookahead_ok is None:
        yield "It was not checked for looking ahead."
    if checks.warmup_ok is None:
        yield "Its warm-up was not checked."
    for data in checks.data:
        if data.bad_prints:
            yield (
                f"{_count(data.bad_prints, 'price')} of {data.product} lie far from both "
                "neighbors: some of the profit may be a bad print."
            )
        if data.missing_bars > MOST_MISSING * (data.bars + data.missing_bars):
            yield f"{_count(data.missing_bars, 'bar')} of {data.product} are missing."
        if data.stale_bars > MOST_STALE * data.bars:
            yield f"{_count(data.stale_bars, 'bar')} of {data.product} did not move at all."


def _may_be_luck(inference: Inference) -> Iterator[str]:
    span = inference.return_pct
    if span is None or inference.psr is None:
        yield f"{_count(inference.days, 'day')} of returns are too few to judge."
        return
    if span.low <= 0.0:
        yield (
            f"Drawn again by chance from its own days, it makes anything from "
            f"{span.low:+,.1f} to {span.high:+,.1f} %."
        )
    if inference.trials_note is not None:
        yield f"How often luck was tried is not known: {inference.trials_note}."
    elif inference.dsr is None:
        yield "How often luck was tried is not known: nobody counted."
    if inference.dsr is not None and inference.dsr < CONFIDENCE:
        yield (
            f"The chance that it is better than the best of "
            f"{_count(inference.trials, 'worthless trial')} "
            f"is {_chance(inference.dsr)}; {_chance(CONFIDENCE)} would be proof."
        )
    needed = inference.min_track_record_days
    if needed is None or needed > inference.days:
        yield (
            f"{_count(inference.days, 'day')} are too short a record for so little return for "
            "its risk" + ("." if needed is None else f": {needed:,.0f} are needed.")
        )


def _fragile(sensitivity: Sensitivity) -> Iterator[str]:
    harsher = [p.return_pct for p in sensitivity.costs if p.factor == HARSHER_FEES]
    if not harsher or sensitivity.delayed_return_pct is None:
        yield "It was not tried at higher fees or one bar late: it decides bar by bar."
        return
    if harsher[0] <= 0.0:
        yield f"At double fees it loses: {harsher[0]:+,.1f} %."
    if sensitivity.delayed_return_pct <= 0.0:
        yield f"One bar late it loses: {sensitivity.delayed_return_pct:+,.1f} %."


def _no_better_than_holding(found: Evidence) -> Iterator[str]:
    baseline, beaten = found.baselines.vol_matched_return_pct, found.baselines.beaten
    if found.metrics.return_pct <= baseline:
        yield (
            f"Buy and hold at the same risk made {baseline:,.1f} %, "
            f"this {found.metrics.return_pct:,.1f} %."
        )
    elif beaten is not None and beaten < CONFIDENCE:
        yield (
            f"The chance that it beats buy and hold at the same risk by more than luck is "
            f"{_chance(beaten)}; {_chance(CONFIDENCE)} would be proof."
        )
    held, span = found.baselines.buy_hold_sharpe, found.inference.sharpe
    if held is not None and span is not None and span.low <= held:
        yield (
            f"By its own days its Sharpe ratio may be as low as {span.low:,.2f}, and buy and hold "
            f"had {held:,.2f}: it may be no more than the market."
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _chance(probability: float) -> str:
    return f"{probability * 100.0:.1f} %"
