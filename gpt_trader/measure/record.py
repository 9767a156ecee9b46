"""The judgement of a record that another tool made: what its days say, and what nobody can say."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.times import DAY_MS
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure import metrics
from gpt_trader.measure.baselines import Baselines, baselines
from gpt_trader.measure.doubt import BELOW_LUCK, TOO_SHORT, UNTESTED, Doubt
from gpt_trader.measure.inference import Inference, Trials, infer
from gpt_trader.measure.path import Path
from gpt_trader.measure.proof import LEVEL, best_of
from gpt_trader.measure.robust import Trimmed, trim
from gpt_trader.measure.verdict import LOSES, Verdict, chance, count, not_proven, say_loss
from gpt_trader.plain import plain_dict

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RecordNumbers:
    """Of daily closes, UTC; percentages are times 100; None is undefined. See docs/backtest.md."""

    start_equity: float
    final_equity: float
    return_pct: float
    cagr_pct: float | None
    sharpe: float | None
    sortino: float | None
    volatility_pct: float | None
    max_drawdown_pct: float
    max_drawdown_days: float
    days: int


@dataclass(frozen=True, slots=True)
class RecordJudgement:
    """What can be said of a record. luck: chance that the best of so many trials does as well.

    baselines: None if no bars were given to hold it against.
    """

    numbers: RecordNumbers
    inference: Inference
    trimmed: Trimmed
    luck: float | None
    baselines: Baselines | None
    verdict: Verdict

    def to_json_dict(self) -> dict[str, Any]:
        """Return what JSON says of it: every number, none of the daily series."""
        series = {"fan", "buy_hold", "vol_matched"}
        beside = {} if self.baselines is None else asdict(self.baselines)
        return plain_dict(
            {
                "result": asdict(self.numbers),
                "verdict": self.verdict.word,
                "why": list(self.verdict.kinds),
                "reasons": list(self.verdict.reasons),
                "luck": self.luck,
                "inference": {k: v for k, v in asdict(self.inference).items() if k not in series},
                "trimmed": asdict(self.trimmed),
                "baselines": {k: v for k, v in beside.items() if k not in series} or None,
            }
        )


def judge_record(
    time: Ints,
    equity: Floats,
    start: float | None,
    *,
    trials: int | None,
    bars: Sequence[Bars] = (),
    costs: CostModel,
    last_ms: int = 0,
) -> RecordJudgement:
    """Judge an equity curve by its daily closes.

    time: (n,) int64 ms UTC, ascending; equity: (n,) float64 there; start: before the first, None:
    it began with the first, and days count from there on. trials: how many were tried, this one
    included; None: nobody says. bars: of what could have been held, bought at `costs` for
    comparison. last_ms: how long after its time the last value was known: a bar's length, where
    times are bars' opens.
    """
    begin_ms, first = int(time[0]), float(equity[0]) if start is None else start
    fall = metrics.drawdown_of(equity, time, last_ms, start=first)
    if start is None:  # nothing was made on the day of the first value before there was a second
        time = np.append(min((begin_ms // DAY_MS + 1) * DAY_MS, int(time[1])), time[1:])
    returns = metrics.daily_returns(time, equity, first)
    final = float(equity[-1])
    numbers = RecordNumbers(
        start_equity=first,
        final_equity=final,
        return_pct=metrics.return_pct(first, final),
        cagr_pct=metrics.cagr_pct(first, final, int(time[-1]) - begin_ms + last_ms),
        sharpe=metrics.sharpe(returns),
        sortino=metrics.sortino(returns),
        volatility_pct=metrics.volatility_pct(returns),
        max_drawdown_pct=fall.max_pct,
        max_drawdown_days=fall.max_days,
        days=len(returns),
    )
    tried = None if trials is None else Trials(count=trials - 1)
    sure = infer(returns, trials=tried)
    luck = None if sure.psr is None else best_of(1.0 - sure.psr, sure.trials)
    held = [one[slice(*np.searchsorted(one.time, [begin_ms, time[-1] + 1]))] for one in bars]
    beside = _beside(time, equity, first, [one for one in held if len(one)], costs)
    doubts = tuple(_doubts(numbers, sure, luck, beside, is_counted=trials is not None))
    return RecordJudgement(numbers, sure, trim(returns), luck, beside, _verdict(numbers, doubts))


def _beside(
    time: Ints, equity: Floats, start: float, held: Sequence[Bars], costs: CostModel
) -> Baselines | None:
    """Return what holding the bars of the record's time would have made."""
    if not held:
        return None
    units = round(start * UNITS_PER_QUOTE)
    nothing = np.empty(0, FILL_DTYPE)
    path = Path(tuple(held), held[0].interval_ms, time, equity, nothing, units)
    return baselines(path, costs, close_at_end=False)


def _verdict(numbers: RecordNumbers, doubts: Sequence[Doubt]) -> Verdict:
    """A record never passes: what made it cannot be run again."""
    if numbers.return_pct <= 0.0:
        return Verdict(LOSES, (f"{say_loss(numbers.return_pct)}.",))
    return not_proven(doubts)


def _doubts(
    numbers: RecordNumbers,
    sure: Inference,
    luck: float | None,
    beside: Baselines | None,
    *,
    is_counted: bool,
) -> Iterator[Doubt]:
    days = count(sure.days, "day")
    if luck is None:
        yield Doubt(TOO_SHORT, f"{days} of returns are too few to judge.")
    elif luck > LEVEL:
        best = "" if sure.trials == 1 else f" for the best of {sure.trials:,} trials"
        needed = sure.min_track_record_days
        kind = BELOW_LUCK if needed is None or needed <= sure.days else TOO_SHORT
        yield Doubt(
            kind,
            f"The chance that luck alone makes such a Sharpe ratio in {days} is {chance(luck)}"
            f"{best}; {chance(LEVEL)} would be proof.",
        )
    if not is_counted:
        yield Doubt(UNTESTED, "How often luck was tried is not known: state it with --trials.")
    matched = None if beside is None else beside.vol_matched_return_pct
    if matched is None:
        told = "What holding would have made is not known: give the market with --data."
        yield Doubt(UNTESTED, told)
    elif numbers.return_pct <= matched:
        yield Doubt(
            BELOW_LUCK,
            f"Buy and hold at the same risk made {matched:,.1f} %, this "
            f"{numbers.return_pct:,.1f} %.",
        )
    yield Doubt(
        UNTESTED,
        "What made it is not here: it could not be checked for looking ahead, nor run at other "
        "times and costs.",
    )
