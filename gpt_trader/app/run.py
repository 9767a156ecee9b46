"""Running a prepared session to its end, and saying what it came to."""

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app import run_input
from gpt_trader.app.paging import paging
from gpt_trader.backtest.files import FILLS_HEADER, check_writable, write_lines
from gpt_trader.cli.options import again
from gpt_trader.cli.output import encode, warn
from gpt_trader.cli.run import view as run_view
from gpt_trader.config.words import venue_in
from gpt_trader.domain.times import format_time
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import FillReceived
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import FillBooked
from gpt_trader.engine.state import State
from gpt_trader.observe.cycle import fill_json
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.notes import Notes
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import Session, clock_ms, start
from gpt_trader.runtime.simulated import feed, first_live_row
from gpt_trader.runtime.state_dir import state_dir as folder_of
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.summary import Outcome, record_of, summary_line
from gpt_trader.runtime.wiring import Wired

LAST_SHOWN = 24


class Ended(NamedTuple):
    """How a run ended."""

    cycles: int
    interrupted: bool
    halted: bool
    last_bar: str
    is_over: bool = False  # the market's data has ended
    unseen: str = ""  # why the account could not be looked at in the end


def run(
    asked: run_input.Asked,
    *,
    stop: Stop,
    cycles: int | None,
    once: bool,
    state_dir: Path | None,
    fills: Path | None,
    json: bool,
) -> Ended:
    """Run what was asked for; show each cycle, then the summary."""
    if fills is not None:
        check_writable(fills)
    settings = run_input.settings_of(asked)
    if venue_in(settings.feed) is not None:
        from gpt_trader.app.run_live import run_live

        return run_live(
            asked,
            settings,
            stop=stop,
            cycles=cycles,
            once=once,
            state_dir=state_dir,
            fills=fills,
            json=json,
        )
    wired, notes = run_input.prepare(asked, settings)
    folder = folder_of(settings.profile, state_dir, os.environ)
    last_ms = int(wired.panel.time[-1])
    for message in notes:
        warn(message)
    with (
        start(wired, folder, lambda state: not once and state.cycle_ms >= last_ms) as session,
        paging(settings, session) as pager,
    ):
        run_view.banner(settings, wired, session, str(folder))
        resumed = session.resumed
        record = record_of(wired, session)
        controls = controls_of(session, session.time_ms)
        with run_view.display(record, _cycles_left(wired, session, cycles), json=json) as show:
            done = run_feed(
                session,
                controls.around(feed(wired, session.state)),
                stop=stop,
                watch=watched(record.take, controls.watch, pager.watch),
                on_cycle=show,
                cycles=cycles,
                pause_s=1.0 / (settings.run.speed_bars_per_s or float("inf")),
            )
        session.durable.snapshot()
        if fills is not None:
            write_fills(fills, session)
        state = session.state
    ended = Ended(done, stop.asked, bool(state.halted or state.marks.halted), format_time(last_ms))
    if once and not done and not stop.asked:
        return ended._replace(is_over=True)
    summary = summary_line(
        record, state, settings.costs, Outcome(done, resumed, stop.asked, str(folder))
    )
    if json:
        print(encode(summary), flush=True)
    else:
        run_view.show_summary(
            summary, following(asked.profile, state_dir, wired.plan, record.notes)
        )
    return ended


def controls_of(session: Session, now_ms: Callable[[], int]) -> Controls:
    """Return what listens to `kill`, `pause`, `resume` and `rearm` while a session runs."""
    folder = session.latch.folder
    return Controls(session.latch, Inbox(folder), lambda: session.state, now_ms, clock_ms)


def watched(*watchers: Observer) -> Observer:
    """Return an observer that tells each of several."""

    def tell(state: State, entries: Sequence[Entry]) -> None:
        for watch in watchers:
            watch(state, entries)

    return tell


def _cycles_left(wired: Wired, session: Session, cycles: int | None) -> int:
    """Return how many cycles this run has before it."""
    time = wired.panel.time[first_live_row(wired) :]
    left = int((time > session.state.cycle_ms).sum())
    return left if cycles is None else min(left, cycles)


def following(profile: str | None, state_dir: Path | None, plan: Plan, notes: Notes) -> str:
    """Return a command that explains the product which last did something."""
    acted = [d for d in notes.latest if d is not None and d.action != "hold"]
    product = acted[0].product_id if acted else plan.products[0].product_id
    return f"gpt-trader why {shlex.quote(product)} --last {LAST_SHOWN}" + again(profile, state_dir)


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
