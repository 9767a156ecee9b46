"""A session's journal for a notebook: its decisions, fills and equity as frames."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpt_trader.app.folders import session_folder
from gpt_trader.backtest.notebook.cell import SOFT, cell, clip, numbers
from gpt_trader.backtest.notebook.curves import outline
from gpt_trader.backtest.report.chart import TimeSpan
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import minute, number, percent
from gpt_trader.domain.frame import prices, sizes, utc
from gpt_trader.domain.text import shown
from gpt_trader.domain.times import format_time, to_ms
from gpt_trader.door import at_the_door
from gpt_trader.engine.events import FillReceived, Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Decided, FillBooked, Marked
from gpt_trader.errors import UsageError
from gpt_trader.journal.root import state_root
from gpt_trader.kernel.codes import FILL_NAMES, LIQUIDITY_NAMES, SIDE_NAMES
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.observe.explanation import Explanation
from gpt_trader.observe.spark import sparkline
from gpt_trader.observe.words import why
from gpt_trader.paths import path_given
from gpt_trader.runtime.explained import explain_decisions
from gpt_trader.runtime.header import Header, header_from_json, plan_of
from gpt_trader.runtime.journaling import doubts, read_entries
from gpt_trader.runtime.session import JOURNAL, view

if TYPE_CHECKING:
    import pandas as pd

type Row = tuple[Any, ...]
DECISIONS = {
    "time": "time", "product": "str", "close": "float64", "action": "str", "code": "str",
    "why": "str", "target_weight": "float64", "position": "float64", "client_order_id": "str",
    "decided_at": "time",
}  # fmt: skip
FILLS = {
    "time": "time", "product": "str", "side": "str", "size": "float64", "price": "float64",
    "fee": "float64", "liquidity": "str", "reason": "str", "client_order_id": "str",
    "received_at": "time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session as its journal stood when it was read; `open_session` again reads what came since.

    folder: where it lies. header: what it is under. entries: of the journal. doubts: what is wrong
    with it; none if nothing is. What was cut off by `journal compact` is not in the frames.
    """

    folder: Path
    header: Header
    entries: int
    doubts: tuple[str, ...]
    _decided: tuple[Row, ...] = field(repr=False)
    _filled: tuple[Row, ...] = field(repr=False)
    _marked: tuple[tuple[int, float], ...] = field(repr=False)

    @property
    def decisions(self) -> "pd.DataFrame":
        """A row a decision, oldest first.

        time: the open of the bar at whose close it was made. close: float64 quote. action: buy,
        sell, hold or blocked; code and why: the deciding reason. target_weight: share of equity,
        NaN: no opinion. position: float64 base units before it. client_order_id: of the order that
        it made, NaN without. decided_at: the exchange's time.
        """
        return _frame(DECISIONS, self._decided)

    @property
    def fills(self) -> "pd.DataFrame":
        """A row a fill that was booked, oldest first.

        time: the open of its bar. size: float64 base units, price and fee float64 quote.
        received_at: the exchange's time at which it was known.
        """
        return _frame(FILLS, self._filled)

    @property
    def equity(self) -> "pd.Series[float]":
        """Equity at each close, float64 quote, by the bar's open, UTC; NaN where not known."""
        import pandas as pd

        time = np.array([at for at, _ in self._marked], np.int64)
        values = np.array([value for _, value in self._marked], np.float64)
        rounded = np.rint(values * UNITS_PER_QUOTE) / UNITS_PER_QUOTE
        return pd.Series(rounded, index=utc(time), name="equity")

    def why(self, product: str, time: str | int | datetime | None = None) -> Explanation:
        """Explain the decision at the bar open at a time, None: the newest, as `gpt-trader why`.

        It is read now, from the journal. Raises UsageError if nothing was decided then.
        """
        at_ms = None if time is None else to_ms(time)
        with view(self.folder) as (_, plan, journal):
            [found] = explain_decisions(plan, journal, product, at_ms=at_ms, last=1)
        return Explanation(found, self.header.interval)

    def __repr__(self) -> str:
        return shown(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"Session {self._title()}"
        yield f"{self.folder}, {self.entries:,} journal entries"
        yield f"{len(self._decided):,} decisions, {len(self._filled):,} fills"
        values = self._known()
        if len(values):
            time, equity = self._marked[-1][0], float(values[-1])
            yield f"equity {number(equity)} at the close of the bar of {format_time(time)[:16]}Z"
            yield sparkline(values)
        yield from (f"Note: {one}" for one in self.doubts)

    def _title(self) -> str:
        products = ", ".join(product.product_id for product in self.header.products)
        return (
            f"{self.header.profile} ({self.header.mode.value}): {names_of(self.header)} on "
            f"{products}, {self.header.interval}"
        )

    def _known(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        values = np.array([value for _, value in self._marked], np.float64)
        return values[np.isfinite(values)]

    def _repr_html_(self) -> str:
        values = self._known()
        facts = [str(self.folder), f"{self.entries:,} journal entries"]
        tiles = [("Decisions", f"{len(self._decided):,}"), ("Fills", f"{len(self._filled):,}")]
        parts = [tag("div", esc(clip(one)), style=SOFT) for one in self.doubts[:4]]
        if len(values) > 1:
            start = self.header.cash / UNITS_PER_QUOTE
            gained = (float(values[-1]) / start - 1.0) * 100.0 if start else None
            tiles.insert(0, ("Equity", number(float(values[-1]))))
            tiles.insert(1, ("Since the start", percent(gained, sign=True)))
            kept = [(at, value) for at, value in self._marked if math.isfinite(value)]
            time = np.array([at for at, _ in kept], np.int64) + self.header.interval_ms
            span = TimeSpan(int(time[0]), int(time[-1]), time)
            facts.append(f"to {minute(time[-1])}")
            parts.insert(0, outline(values, time, span, "equity", "equity").markup())
        return cell(f"Session {self._title()}", facts, numbers(tiles), *parts)


def names_of(header: Header) -> str:
    """Return the names of a session's strategies."""
    return ", ".join(dict.fromkeys(route.strategy for route in header.routes))


@at_the_door
def open_session(path: str | os.PathLike[str] | None = None) -> OpenedSession:
    """Read a session's journal, also beside a running bot; nothing is written.

    path: the session's folder, its journal.db, a profile's name, or a state folder (None: the usual
    one) with a single session in it. Raises UsageError if there is none, or several; JournalError
    if it cannot be read.
    """
    folder = _folder_of(path)
    with view(folder) as (header, plan, journal):
        in_force = plan
        decided: list[Row] = []
        filled: list[Row] = []
        marked: dict[int, float] = {}
        for entry in read_entries(journal, journal.anchor()[0]):
            if isinstance(entry.event, Started):  # what came after it is under its terms
                in_force = plan_of(header_from_json(entry.event.header))
            for record in entry.records:
                if isinstance(record, Decided):
                    decided.append(_decision(in_force, record, entry.event.time_ms))
                elif isinstance(record, FillBooked) and isinstance(entry.event, FillReceived):
                    filled.append(_fill(in_force, record, entry.event))
                elif isinstance(record, Marked):
                    marked[record.cycle_ms] = float(record.marks.equity)
        return OpenedSession(
            folder, header, journal.head()[0], tuple(doubts(journal)), tuple(decided),
            tuple(filled), tuple(sorted(marked.items())),
        )  # fmt: skip


def _folder_of(path: str | os.PathLike[str] | None) -> Path:
    if path is None:
        return session_folder(None, state_root(None, os.environ))
    there = path_given("path", path)
    if there.name == JOURNAL:
        return there.parent
    is_name = isinstance(path, str) and os.sep not in path and not there.exists()
    return session_folder(str(path), None) if is_name else _in_state_folder(there)


def _in_state_folder(there: Path) -> Path:
    """Return the only session of a state folder; what is none is a session's own, if at all."""
    if (there / JOURNAL).exists():
        return there
    found = sorted(path.parent for path in there.glob(f"*/{JOURNAL}"))
    if len(found) > 1:
        names = " or ".join(map(str, found))
        raise UsageError(f"which session? there are several in {there}", hint=f"open {names}")
    return found[0] if found else there


def _decision(plan: Plan, made: Decided, time_ms: int) -> Row:
    one = made.decision
    product = plan.products[plan.index[one.product_id]]
    close, held = np.array([one.close]), np.array([one.lots])
    return (
        one.bar_ms, one.product_id, prices(product, close)[0], one.action, one.name, why(one),
        one.weight, sizes(product, held)[0],
        None if made.order is None else made.order.client_order_id, time_ms,
    )  # fmt: skip


def _fill(plan: Plan, booked: FillBooked, event: FillReceived) -> Row:
    fill = event.fill
    product = plan.products[plan.index[fill.product_id]]
    return (
        fill.time_ms, fill.product_id, SIDE_NAMES[fill.side],
        sizes(product, np.array([booked.lots]))[0], prices(product, np.array([fill.ticks]))[0],
        booked.fee / UNITS_PER_QUOTE, LIQUIDITY_NAMES[fill.liquidity],
        FILL_NAMES.get(fill.reason), fill.client_order_id, event.time_ms,
    )  # fmt: skip


def _frame(columns: dict[str, str], rows: tuple[Row, ...]) -> "pd.DataFrame":
    import pandas as pd

    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame(
        {
            name: utc(np.array(values, np.int64))
            if kind == "time"
            else pd.Series(list(values), dtype=kind)
            for (name, kind), values in zip(columns.items(), cells, strict=True)
        }
    )
