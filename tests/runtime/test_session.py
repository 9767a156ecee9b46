"""A session on disk: resumed, set aside, reopened; its log depends on the seed alone."""

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import replace

import apsw
import pytest

from gpt_trader.config.load import load_profile
from gpt_trader.engine.codec import state_text
from gpt_trader.engine.events import FillReceived, Started
from gpt_trader.errors import ConfigError, JournalError, LockedError, UsageError
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.risk.guards import GUARDS
from gpt_trader.runtime.header import (
    header_from_json,
    plan_of,
    session_key,
    signals_of,
    version_changes,
)
from gpt_trader.runtime.journaling import doubts, read_entries, recover_state
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.replay import replay
from gpt_trader.runtime.session import nothing, reopen, start, view
from gpt_trader.runtime.simulated import feed, first_live_row
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.wiring import wire


def never(_):
    return False


@pytest.fixture
def settings():
    return load_profile("dev", env={}, flags={"synthetic.bars": 180}).settings


def go(wired, folder, cycles=None, ended=never):
    """Run some cycles; return (session, digest of the log)."""
    with start(wired, folder, ended) as session:
        run_feed(
            session,
            feed(wired, session.state),
            stop=Stop(),
            watch=nothing,
            on_cycle=nothing,
            cycles=cycles,
        )
        session.durable.snapshot()
        return session, session.journal.head()[1]


def test_a_session_does_not_act_late(settings):
    costs = replace(settings.costs, latency_bars=1)
    with pytest.raises(ConfigError, match="latency_bars is for backtests"):
        wire(replace(settings, costs=costs), None)


def test_in_parts_or_at_once_the_state_is_the_same(settings, tmp_path):
    wired = wire(settings, None)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, _ = go(wired, tmp_path / "whole")
    for cycles in (1, 7, 20, None):
        part, _ = go(wired, tmp_path / "parts", cycles)
    assert part.resumed is True
    assert state_text(part.state) == state_text(whole.state)
    assert whole.state.cycles > 30


def test_the_same_seed_gives_the_same_log_digest_and_another_another(settings, tmp_path):
    digests = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / name).mkdir()
        synthetic = settings.synthetic.model_copy(update={"seed": seed})
        digests.append(go(wire(replace(settings, synthetic=synthetic), None), tmp_path / name)[1])
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.parametrize(
    "other",
    [
        lambda settings: replace(settings, cash=settings.cash / 2),
        lambda settings: replace(settings, synthetic=settings.synthetic.model_copy(
            update={"seed": 8})),
        lambda settings: replace(settings, products=settings.products[:2]),
    ],
    ids=["cash", "data", "products"],
)  # fmt: skip
def test_another_account_or_market_sets_the_journal_aside(other, settings, tmp_path):
    go(wire(settings, None), tmp_path, 3)
    session, _ = go(wire(other(settings), None), tmp_path, 3)
    assert session.resumed is False
    assert session.kept == tmp_path / "journal-0001.db"
    assert session.kept.exists()


def changed_terms(settings):
    """Return the settings with another strategy of a longer window, other costs and limits."""
    route = replace(settings.routes[0], strategy="sma_cross", params={"fast": 30, "slow": 90})
    costs = replace(settings.costs, fee_tier="worst", taker_bps=10.0, maker_bps=5.0)
    return replace(
        settings,
        routes=(route,),
        costs=costs,
        risk=replace(settings.risk, max_entries_per_day=2),
    )


def started(folder):
    with open_journal(folder / "journal.db", readonly=True) as journal:
        return [
            header_from_json(entry.event.header)
            for entry in read_entries(journal)
            if isinstance(entry.event, Started)
        ]


def test_a_simulated_session_goes_on_under_changed_terms_which_are_journaled(settings, tmp_path):
    route = replace(settings.routes[0], strategy="sma_cross", params={"fast": 2, "slow": 5})
    first = wire(replace(settings, routes=(route,)), None)
    go(first, tmp_path, 100)
    other = wire(changed_terms(settings), None)
    session, _ = go(other, tmp_path, 20)
    assert session.resumed is True
    assert session.kept is None
    assert [header.routes for header in started(tmp_path)] == [
        first.header.routes,
        other.header.routes,
    ]
    assert go(other, tmp_path, 5)[0].resumed is True
    assert len(started(tmp_path)) == 2, "nothing changed: nothing to say"
    with view(tmp_path) as (header, plan, journal):
        assert plan == other.plan
        found = replay(journal, plan_of(header), signals_of(header), header.cash)
        assert found.difference is None
        assert found.decisions > 300
        state = recover_state(journal, plan, header.cash)
    with reopen(tmp_path) as again:
        assert again.plan == other.plan
        assert state_text(again.state) == state_text(state)


def test_a_strategy_with_a_longer_window_gets_it_when_a_session_goes_on(settings, tmp_path):
    route = replace(settings.routes[0], strategy="sma_cross", params={"fast": 2, "slow": 5})
    go(wire(replace(settings, routes=(route,)), None), tmp_path, 100)
    other = wire(changed_terms(settings), None)
    session, _ = go(other, tmp_path, 1)
    for j, bars in enumerate(other.series):
        seen = session.state.bars_seen[j]
        assert seen == int(bars.time.searchsorted(session.state.last_bar_ms[j], "right"))
        kept = session.state.window(j)
        assert len(kept) >= min(other.plan.window_bars[j], seen)
        assert kept.close.tolist() == bars[seen - len(kept) : seen].close.tolist()


def test_no_journal_is_ever_overwritten(settings, tmp_path):
    (tmp_path / "journal-0001.db").write_text("kept")
    go(wire(settings, None), tmp_path, 1)
    session, _ = go(wire(replace(settings, cash=settings.cash / 2), None), tmp_path, 1)
    assert session.kept == tmp_path / "journal-0002.db"
    assert (tmp_path / "journal-0001.db").read_text() == "kept"


def test_a_strategy_in_a_file_is_found_from_any_folder(settings, tmp_path, monkeypatch):
    from gpt_trader.strategy.template import render

    for name, text in render("mine").items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    route = replace(settings.routes[0], strategy="mine.py:Mine", params={})
    go(wire(replace(settings, routes=(route,)), None), tmp_path, 2)
    monkeypatch.chdir("/")
    with reopen(tmp_path) as session:
        assert session.state.cycles == 2


def test_other_versions_resume_and_are_named(settings, tmp_path):
    wired = wire(settings, None)
    go(wired, tmp_path, 3)
    older = replace(wired.header, versions=dict(wired.header.versions) | {"numpy": "1.0"})
    assert session_key(older) == session_key(wired.header)
    assert [change.split(",")[0] for change in version_changes(older)] == ["numpy 1.0"]
    assert go(wired, tmp_path, 3)[0].resumed is True


def test_a_session_is_rebuilt_from_its_own_header(settings, tmp_path):
    session, _ = go(wire(settings, None), tmp_path, 12)
    with reopen(tmp_path) as again:
        assert again.plan == session.plan
        assert state_text(again.state) == state_text(session.state)
    with view(tmp_path) as (header, plan, journal):
        state = recover_state(journal, plan, header.cash)
        assert state_text(state) == state_text(session.state)


def test_an_operators_command_asks_guards_that_came_since_and_replays(
    settings, tmp_path, monkeypatch
):
    go(wire(settings, None), tmp_path, 12)
    last = GUARDS[-1]
    moon = replace(last, code=63, reason="MOON", name="moon")
    monkeypatch.setattr("gpt_trader.runtime.header.GUARDS", (*GUARDS, moon))
    with reopen(tmp_path) as session:
        assert session.plan.guards[-1] == moon
    assert [header.guards[-1] for header in started(tmp_path)] == [last.reason, "MOON"]
    with reopen(tmp_path):
        assert len(started(tmp_path)) == 2, "nothing came since: nothing to say"
    with view(tmp_path) as (header, plan, journal):
        assert replay(journal, plan, signals_of(header), header.cash).difference is None


def alter(folder, sql):
    with contextlib.closing(apsw.Connection(str(folder / "journal.db"))) as connection:
        connection.execute(sql)


def test_a_writer_refuses_a_chain_that_is_broken_before_the_newest_snapshot(settings, tmp_path):
    wired = wire(settings, None)
    go(wired, tmp_path, 12)
    alter(tmp_path, "UPDATE entry SET time_ms = time_ms + 1 WHERE seq = 5")
    with pytest.raises(JournalError, match="entry 5 "), reopen(tmp_path):
        pass
    with pytest.raises(JournalError, match="entry 5 "):
        go(wired, tmp_path, 1)
    with view(tmp_path) as (_, _, journal):
        assert "entry 5 " in doubts(journal)[0]


def test_an_emptied_journal_is_not_taken_for_a_new_one(settings, tmp_path):
    wired = wire(settings, None)
    go(wired, tmp_path, 3)
    (tmp_path / "journal.db").write_bytes(b"")
    with pytest.raises(JournalError, match="empty"):
        go(wired, tmp_path, 1)
    with pytest.raises(JournalError, match="empty"), reopen(tmp_path):
        pass
    assert (tmp_path / "journal.db").read_bytes() == b""


def test_a_journal_that_lost_its_entries_is_damaged(settings, tmp_path):
    wired = wire(settings, None)
    go(wired, tmp_path, 3)
    for sql in ("DELETE FROM decision", "DELETE FROM snapshot", "DELETE FROM entry"):
        alter(tmp_path, sql)
    with pytest.raises(JournalError, match="damaged"):
        go(wired, tmp_path, 1)


KILLED = """
import os, signal, sys
from pathlib import Path
from gpt_trader.config.load import load_profile
from gpt_trader.runtime.session import start
from gpt_trader.runtime.wiring import wire

wired = wire(load_profile("dev", env={}, flags={"synthetic.bars": 180}).settings, None)
left = int(sys.argv[2])


def count(frame, event, _):
    global left
    if event == "call" and "/gpt_trader/journal/" in frame.f_code.co_filename:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.setprofile(count)
with start(wired, Path(sys.argv[1]), lambda _: False):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("calls", [2, 5, 9, 14, 20, 30, 10_000])
def test_a_kill_while_the_journal_is_made_leaves_a_folder_that_starts(calls, settings, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED, folder, str(calls)], check=False)
    assert done.returncode == -signal.SIGKILL
    session, _ = go(wire(settings, None), folder, 2)
    assert session.state.cycles == 2
    assert session.kept is None
    assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == ["journal.db"]


def test_a_folder_has_one_writer_whatever_it_is_called(settings, tmp_path):
    wired = wire(settings, None)
    folder = tmp_path / "real"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    linked = start(wired, tmp_path / "link", never)
    with start(wired, folder, never), pytest.raises(LockedError), linked:
        pass


def test_there_is_history_before_the_first_decision(settings):
    wired = wire(settings, None)
    row = first_live_row(wired)
    assert row >= min(wired.plan.min_bars) - 1
    events = [type(e).__name__ for e, _ in zip(feed_of(wired), range(4), strict=False)]
    assert events[:3] == ["HistoryLoaded"] * 3


def feed_of(wired):
    from gpt_trader.engine.state import new_state

    return feed(wired, new_state(wired.plan, wired.cash))


def test_no_session_and_a_profile_for_coinbase_are_said_plainly(tmp_path):
    with pytest.raises(UsageError, match="no session"), view(tmp_path):
        pass
    paper = load_profile("paper", env={}).settings
    with pytest.raises(ConfigError, match="trades live prices"):
        wire(paper, None)


def test_an_interrupt_after_an_entry_is_journaled_cannot_save_an_older_state(settings, tmp_path):
    wired = wire(settings, None)
    (tmp_path / "s").mkdir()
    seen = 0

    def interrupt(state, entries):
        nonlocal seen
        seen += sum(isinstance(entry.event, FillReceived) for entry in entries)
        if seen:
            raise KeyboardInterrupt

    def run_until_interrupted():
        with start(wired, tmp_path / "s", never) as session:
            for event in feed(wired, session.state):
                session.take(event, interrupt)

    with pytest.raises(KeyboardInterrupt):
        run_until_interrupted()
    part, _ = go(wired, tmp_path / "s")
    (tmp_path / "whole").mkdir()
    whole, _ = go(wired, tmp_path / "whole")
    assert state_text(part.state) == state_text(whole.state)


def test_a_journal_set_aside_under_a_reader_keeps_every_entry(settings, tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    wired = wire(settings, None)
    with start(wired, folder, never) as session:
        first = feed(wired, session.state)
        with view(folder):  # its connection keeps the entries in the -wal file
            for _ in range(60):
                session.take(next(first), nothing)
            session.durable.flush()
            count = session.journal.head()[0]
    other = wire(replace(settings, cash=settings.cash * 2), None)
    with view(folder), start(other, folder, never) as session:
        kept = session.kept
    with open_journal(kept, readonly=True) as journal:
        assert journal.verify().ok
        assert journal.head()[0] == count


def test_a_state_that_a_version_before_saved_is_read(tmp_path, capsys):
    from gpt_trader.engine.codec import state_text
    from gpt_trader.journal.encode import canonical_json
    from gpt_trader.journal.sqlite import open_journal
    from gpt_trader.runtime.journaling import recover_state
    from gpt_trader.runtime.session import JOURNAL, view
    from tests.session_helpers import call

    options = ("--profile", "dev", "--state-dir", tmp_path)
    assert call(capsys, "run", "--cycles", "40", *options)[0] == 0
    with view(tmp_path / "dev") as (header, plan, journal):
        state = recover_state(journal, plan, header.cash)
        seq = journal.head()[0]
    old = json.loads(state_text(state))
    for key in ("flattening", "frozen", "reconciled_ms", "foreign_orders"):
        del old[key]
    with open_journal(tmp_path / "dev" / JOURNAL) as journal:
        journal.save_snapshot(seq, 4, canonical_json(old))
        journal.prune_snapshots(keep=1)
    with view(tmp_path / "dev") as (header, plan, journal):
        again = recover_state(journal, plan, header.cash)
    assert state_text(again) == state_text(state)
    assert call(capsys, "run", "--cycles", "5", *options)[0] == 0
