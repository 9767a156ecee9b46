"""Why a run did, or did not, trade: its decision at a bar, made once more by the live engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gpt_trader.backtest.asked import Terms
from gpt_trader.backtest.prepare import Prepared, prepare
from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.backtest.simulation import run_targets
from gpt_trader.backtest.warm import since_each
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_interval, format_time, to_ms
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import Decided
from gpt_trader.errors import UsageError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.observe.decided import Told, became_of, decided_json
from gpt_trader.observe.explanation import Explanation
from gpt_trader.strategy.asked import ask_all

if TYPE_CHECKING:
    from gpt_trader.backtest.result import Result


def why(
    result: "Result", product: str, time: "str | int | datetime | np.datetime64"
) -> Explanation:
    """Explain the decision on a product at the bar open at a time, as `gpt-trader why` does.

    The run is decided again bar by bar up to there, and on until its order has ended.
    Raises UsageError if no bar of the product was decided then, or if the strategy decides
    otherwise by now, TypeError for what is no time.
    """
    bars = _bars_of(result, product)
    at_ms = to_ms(time)
    row = int(bars.time.searchsorted(at_ms, "right")) - 1
    if row < 0 or at_ms >= bars.time[row] + bars.interval_ms:
        raise _nothing(product, at_ms, bars)
    watched = _Watched(product, int(bars.time[row]), bars.interval_ms)
    _decide_again(result, watched)
    if watched.made is None or watched.plan is None:
        raise _nothing(product, at_ms, bars)
    found = decided_json(watched.plan, watched.made, watched.told())
    return Explanation(found, format_interval(bars.interval_ms))


@dataclass(slots=True)
class _Watched:
    """A decision that is waited for, and what follows it. bar_ms: the open of its bar."""

    product: str
    bar_ms: int
    interval_ms: int
    made: Decided | None = None
    plan: Plan | None = None
    after: list[Entry] = field(default_factory=list)
    _time_ms: int = 0

    def see(self, plan: Plan, entries: Sequence[Entry]) -> None:
        """Take what the engine did."""
        for entry in entries:
            self._time_ms = entry.event.time_ms
            if self.made is not None:
                self.after.append(entry)
                continue
            for record in entry.records:
                if isinstance(record, Decided) and (
                    (record.decision.product_id, record.decision.bar_ms)
                    == (self.product, self.bar_ms)
                ):
                    self.made, self.plan = record, plan

    def is_over(self) -> bool:
        """Whether nothing more is to be learned: its order has ended, or it never came."""
        if self.made is None:
            return self._time_ms > self.bar_ms + self.interval_ms
        told = self.told()
        return told is None or told.status.is_final

    def told(self) -> Told | None:
        """Return what became of its order so far; None without one."""
        if self.made is None or self.plan is None or self.made.order is None:
            return None
        return became_of(self.plan, self.made.order, self.after)


def _decide_again(result: "Result", watched: _Watched) -> None:
    """Run the replay engine on a result's own terms until it is over."""
    asked = result.terms
    terms = Terms(
        costs=asked.costs,
        risk=asked.risk,
        cash=Decimal(result.path.start_units) / UNITS_PER_QUOTE,
        detail=result.detail,
        universe=result.members,
        reads=result.reads,
    )
    ready = prepare(result.path.bars, result.kept.get(), terms, result.earlier)
    strategies = [one.strategy for one in ready.assigned]
    intervals = [one.interval_ms for one in ready.assigned]
    answers = ask_all(strategies, ready.shown, ready.reads, intervals)
    targets = since_each(answers, ready.early)
    run = partial(
        run_targets, targets, assigned=ready.assigned, panel=ready.panel, cash=ready.cash,
        costs=terms.costs, risk=terms.risk, close_at_end=False, detail=terms.detail,
        insides=ready.insides, gone=ready.gone, early=ready.early,
    )  # fmt: skip
    if all(one is not None for one in targets):  # to its end, which costs little
        _check_same(result, ready, run(engine="fast"))
    ran = run(engine="replay", stop=watched.is_over, watch=watched.see)
    _check_same(result, ready, ran)


def _check_same(result: "Result", ready: Prepared, ran: RawRun) -> None:
    """Raise UsageError if a run's fills are not its own any more, as far as it came again.

    What is sold at an end, of the run or of a listing, is no decision.
    """
    ends = [len(ran.equity), *(row for row in ready.gone if row >= 0)]
    if result.terms.close_at_end:
        ends.append(len(ready.panel) - 1)
    then, now = (fills[fills["bar"] < min(ends)] for fills in (result.fills, ran.fills))
    if not np.array_equal(then, now):
        raise UsageError(
            "the strategy decides otherwise now than in this run",
            hint="its code, or what that rests on, has changed since: run it again",
        )


def _bars_of(result: "Result", product: str) -> Bars:
    found = {bars.product.product_id: bars for bars in result.path.bars}
    if product not in found:
        raise UsageError(
            f"{product} is not traded in this run", hint=f"it trades {', '.join(found)}"
        )
    return found[product]


def _nothing(product: str, at_ms: int, bars: Bars) -> UsageError:
    first, last = format_time(int(bars.time[0])), format_time(int(bars.time[-1]))
    return UsageError(
        f"no decision on {product} at {format_time(at_ms)}", hint=f"its bars: {first} to {last}"
    )
