"""Running a session to its end: the one shell of dev, paper, observe and live."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gpt_trader.app.desk import Desk, Say
from gpt_trader.app.paging import Pager, page_failure, paging
from gpt_trader.app.request import RunRequest, settings_of
from gpt_trader.app.simulated import simulated_desk
from gpt_trader.backtest.files import FILLS_HEADER, check_writable, write_each, write_lines
from gpt_trader.broker.exchange.refused_key import KEY
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import venue_in
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.times import format_time
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import FillReceived, Noted, StopRequested
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import FillBooked
from gpt_trader.engine.state import State
from gpt_trader.errors import DataError, StorageError
from gpt_trader.journal.root import state_root
from gpt_trader.observe.cycle import DecidedCycle, fill_json, order_words
from gpt_trader.observe.notify import INFO, PAGE
from gpt_trader.runtime.clock import monotonic_ms
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.doubts import BarsInDoubt
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.live.record import LiveRecord
from gpt_trader.runtime.live.terms import LiveTerms
from gpt_trader.runtime.live.upkeep import Left, is_unsettled
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import Session, start
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.summary import Outcome, Record
from gpt_trader.runtime.wiring import Wired

END_S = 15.0  # for answers to cancels, before a run ends

CLOSED = "stdout"  # why a run ended that nobody listens to

type OnCycle = Callable[[DecidedCycle], None]


@dataclass(frozen=True, slots=True)
class View:
    """Who is told of a run.

    begin: once, when the session is open. cycles: gives what takes each decided cycle, with the
    session's record and how many cycles are expected.
    """

    note: Say
    warn: Say
    begin: Callable[[Settings, Wired | LiveTerms, Session], None]
    cycles: Callable[[Record | LiveRecord, int | None], AbstractContextManager[OnCycle]]


def _nothing(*_: object) -> None:
    """Tell nobody."""


UNSEEN = View(_nothing, _nothing, _nothing, lambda _record, _expected: nullcontext(_nothing))


class Ran(NamedTuple):
    """What a run came to. summary: JSON, of the whole session. cycles: decided in this run.

    product: the one that last did something. next_close_ms: when there is something to decide, if
    nothing was. left: what was left to chance. refused: why the fills are in no file.
    """

    summary: dict[str, Any]
    cycles: int
    interrupted: bool
    halted: bool
    product: str
    next_close_ms: int | None
    left: Left
    refused: StorageError | None


def run(asked: RunRequest, view: View, stop: Stop) -> Ran:
    """Run what was asked for until it ends, or a stop is asked for.

    Raises UsageError, ConfigError, DataError (also where one cycle was asked for and the data is
    over), AuthError, LockedError, JournalError, StorageError, HaltError or a BrokerError.
    """
    if asked.fills is not None:
        check_writable(asked.fills)
    settings = settings_of(asked)
    with page_failure(settings, state_root(asked.state_dir, os.environ)):
        return _run(asked, settings, view, stop)


def _run(asked: RunRequest, settings: Settings, view: View, stop: Stop) -> Ran:
    desk = _desk(asked, settings, view, stop)
    is_live = desk.terms.header.mode.is_live
    with (
        start(
            desk.terms, desk.folder, desk.has_ended, broker=desk.broker, now_ms=desk.now_ms
        ) as session,
        paging(settings, session) as pager,
    ):
        controls = _controls(session)
        doubts = [] if venue_in(settings.feed) is None else [_in_doubt(session, view, pager)]
        with desk.trade(session, controls, pager) as trading:
            view.begin(settings, desk.terms, session)
            record = desk.record(session)
            with view.cycles(record, desk.cycles_left(session.state)) as on_cycle:
                done = run_feed(
                    session,
                    trading.events,
                    stop=stop,
                    watch=_tell_each(
                        record.take,
                        controls.watch,
                        pager.watch,
                        _key_told(view),
                        *doubts,
                    ),
                    on_cycle=_or_end(on_cycle, stop, view.warn),
                    cycles=desk.cycles,
                    pause_s=desk.pause_s,
                )
            if stop.asked and is_live:  # stops stay there, what could open a position goes
                session.take(StopRequested(session.time_ms(), stop.why), record.take)
                session.settle(is_told, END_S, record.take)
                for order in session.state.open_orders:
                    view.warn(_stays(session.plan, order))
            left = trading.left()
            words = [*left.again, *left.person]
            if words:
                pager.say(PAGE, "left", "it ended: " + "; ".join(words))
            session.durable.snapshot()
            refused = None
            if asked.fills is not None:
                refused = write_each([partial(write_fills, asked.fills, session)])
        state = session.state
    if asked.once and not done and not is_live and not stop.asked:
        raise DataError(
            f"the market's data ended at {format_time(session.ends_ms)}: "
            "there is no bar to decide on",
            hint="without --once a new session starts; or another --state-dir",
        )
    outcome = Outcome(done, session.resumed, stop.asked, str(desk.folder), words)
    acted = [d for d in record.notes.latest if d is not None and d.action != "hold"]
    return Ran(
        summary=record.summary(state, outcome),
        cycles=done,
        interrupted=stop.asked,
        halted=bool(state.halted or state.marks.halted),
        product=acted[0].product_id if acted else session.plan.products[0].product_id,
        next_close_ms=_next_close(session) if is_live and asked.once and not done else None,
        left=left,
        refused=refused,
    )


def is_told(state: State) -> bool:
    """Whether nothing is under way: what rests, or waits for a quote, outlives a run."""
    return not any(
        is_unsettled(order) and order.status is not OrderStatus.WAITING
        for order in state.open_orders
    )


def _in_doubt(session: Session, view: View, pager: Pager) -> Observer:
    """Return what warns of bars that may not be true, and tells whoever is paged."""

    def say(text: str) -> None:
        view.warn(text)
        pager.say(INFO, "bar_in_doubt", text)

    return BarsInDoubt(session.plan, say).watch


def _or_end(on_cycle: OnCycle, stop: Stop, warn: Say) -> OnCycle:
    """Tell each cycle; where nobody can be told any more, ask for an end as a signal does."""

    def tell(cycle: DecidedCycle) -> None:
        try:
            on_cycle(cycle)
        except OSError as error:
            warn(f"stdout is gone ({error.strerror}): ending with everything saved")
            stop.ask(CLOSED)

    return tell


def _desk(asked: RunRequest, settings: Settings, view: View, stop: Stop) -> Desk:
    if venue_in(settings.feed) is None:
        return simulated_desk(asked, settings, view.warn)
    from gpt_trader.app.live import live_desk  # a market of the past needs no network

    return live_desk(asked, settings, stop, note=view.note, warn=view.warn)


def _next_close(session: Session) -> int:
    return max(session.state.last_bar_ms) + 2 * session.plan.interval_ms


def _controls(session: Session) -> Controls:
    """Return what listens to `kill`, `pause`, `resume` and `rearm` while a session runs."""
    inbox = Inbox(session.latch.folder)
    return Controls(session.latch, inbox, lambda: session.state, session.time_ms, monotonic_ms)


def _tell_each(*watchers: Observer) -> Observer:
    """Return an observer that tells each of several."""

    def tell(state: State, entries: Sequence[Entry]) -> None:
        for watch in watchers:
            watch(state, entries)

    return tell


def write_fills(path: Path, session: Session) -> None:
    """Write every fill that the session's journal holds, as a backtest writes its own."""
    rows = [
        fill_json(session.plan, entry.event)
        for entry in read_entries(session.journal)
        if isinstance(entry.event, FillReceived)
        and any(isinstance(record, FillBooked) for record in entry.records)
    ]
    columns = FILLS_HEADER.split(",")
    write_lines(path, FILLS_HEADER, (",".join(row[c] for c in columns) for row in rows))


def _stays(plan: Plan, order: Order) -> str:
    """Say where an open order is when a run ends."""
    is_sent = order.status is not OrderStatus.WAITING
    where = "left at the exchange" if is_sent else "not sent, the next run goes on with it"
    return f"{where}, {order.status}: {order_words(plan, order)}"


def _key_told(view: View) -> Observer:
    """Return what warns of a key whose orders and cancels are refused, and that they are not."""

    def watch(_: State, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.event, Noted) and entry.event.about == KEY:
                view.warn(f"what the key sends, orders and cancels: {entry.event.text}")

    return watch
