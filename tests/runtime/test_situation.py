"""What `status` shows of a session at an exchange: what waits, what is stuck, and since when."""

from dataclasses import replace

import pytest

from gpt_trader.cli.status import _show
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.events import Reconciled, Ticked
from gpt_trader.kernel.codes import SELL
from gpt_trader.observe.cycle import DecidedCycle
from gpt_trader.runtime.header import Mode
from gpt_trader.runtime.live.alive import Alive
from gpt_trader.runtime.session import view
from gpt_trader.runtime.situation import situation
from tests.engine_helpers import COIN, GOLD, HOUR, T0, Desk, sent
from tests.exchange_desk import AtExchange, Protected
from tests.session_helpers import call


@pytest.fixture
def shown(tmp_path, capsys):
    """Show a desk's state as that of a session, at a time of this machine's clock."""
    call(capsys, "-q", "run", "-p", "dev", "--cycles", 1, "--state-dir", tmp_path)
    folder = tmp_path / "dev"

    def show(desk, after_ms=0, mode=Mode.LIVE):
        with view(folder) as (header, _, journal):
            clock_ms, header_now = desk.now() + after_ms, replace(header, mode=mode)
            return situation(folder, header_now, desk.plan, journal, desk.state, clock_ms)

    return show


def test_a_wait_is_shown_with_what_it_waits_for(shown):
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = shown(desk, 3_000)["waiting_orders"]
    assert (waits["status"], waits["age_s"]) == ("WAITING", 3.0)
    assert waits["waits_for"] == [stop.client_order_id]


@pytest.mark.parametrize("after_ms, age_s", [(90_000, 90.0), (0, 0.0), (-1_000, None)])
def test_the_age_of_an_unknown_order_is_never_silently_0(shown, after_ms, age_s):
    desk = Protected()
    desk.told(desk.resting, OrderStatus.SUBMIT_UNKNOWN)
    [unknown] = shown(desk, after_ms)["unknown_orders"]
    assert unknown["age_s"] == age_s


@pytest.mark.parametrize(
    "mode, holder, silent_s, is_unknown",
    [
        ("live", None, None, True),  # stopped, or dead
        ("live", "pid 1", 31.0, True),  # it hangs
        ("live", "pid 1", 0.5, False),  # an answer is waited for
        ("live", "pid 1", None, False),  # a command holds the session
        ("dev", None, None, False),  # the next run's broker answers
    ],
)
def test_what_was_sent_and_nobody_waits_for_is_unknown(
    shown, monkeypatch, mode, holder, silent_s, is_unknown
):
    monkeypatch.setattr("gpt_trader.runtime.situation.running", lambda *_: holder)
    monkeypatch.setattr(Alive, "silent_s", lambda _: silent_s)
    desk = Protected()
    assert desk.resting.status is OrderStatus.SUBMITTED
    found = shown(desk, 9_000, mode=Mode(mode))["unknown_orders"]
    assert [one["age_s"] for one in found] == ([9.0] if is_unknown else [])


@pytest.mark.parametrize("holder, is_unknown", [(None, True), ("pid 1", False)])
def test_an_entry_that_rested_and_nobody_follows_is_unknown(shown, monkeypatch, holder, is_unknown):
    """It may be filled by now; a stop that rests is not named beside it."""
    monkeypatch.setattr("gpt_trader.runtime.situation.running", lambda *_: holder)
    monkeypatch.setattr(Alive, "silent_s", lambda _: None)
    desk = AtExchange()
    desk.want(0.2)
    desk.bar(10_000)
    [entry] = desk.state.open_orders
    desk.told(entry, OrderStatus.OPEN, exchange_id="1")
    found = shown(desk, 9_000)["unknown_orders"]
    assert [one["client_order_id"] for one in found] == [entry.client_order_id] * is_unknown
    desk = Protected()
    desk.told(desk.resting, OrderStatus.OPEN, exchange_id="1")
    assert shown(desk, 9_000)["unknown_orders"] == []


def test_what_is_overdue_and_when_the_account_was_seen_have_an_age(shown):
    desk = Protected()
    seen_ms = desk.now()
    desk.send(Reconciled(seen_ms, 0, 0))
    now = shown(desk, 7_500_000)
    assert now["reconciled_age_s"] == 7_500.0
    assert now["next_close_overdue_s"] == 7_500.0 - 3_600.0
    assert shown(desk, 0)["next_close_overdue_s"] == 0.0


def test_a_price_says_how_old_it_is(shown):
    desk = Protected()
    [position] = shown(desk, 61_000)["positions"]
    assert position["close_age_s"] == 61.0
    assert shown(desk, -(10**9))["positions"][0]["close_age_s"] is None


def test_a_position_that_cannot_be_left_says_why_and_since_when(shown):
    desk = Protected(rests=False)
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    since_ms = desk.now()
    desk.told(exit_order, OrderStatus.REJECTED, "INSUFFICIENT_FUND: not enough")
    [position] = shown(desk)["positions"]
    assert position["cannot_leave"] is None
    [again] = sent(desk.wake(5_000))
    desk.told(again, OrderStatus.REJECTED, "INSUFFICIENT_FUND: not enough")
    [position] = shown(desk)["positions"]
    stuck = position["cannot_leave"]
    assert (stuck["reason"], stuck["tries"]) == ("INSUFFICIENT_FUND: not enough", 2)
    assert stuck["since"].endswith("Z")
    assert desk.state.leaving[0].refused_ms == since_ms


def test_a_position_without_a_stop_says_since_when(shown):
    desk = Protected()
    [position] = shown(desk, 7_000)["positions"]
    assert position["stopless_since"]["age_s"] == position["bare_since"]["age_s"] == 7.0
    desk.open()
    [position] = shown(desk)["positions"]
    assert position["stopless_since"] is position["bare_since"] is None


def test_a_stop_that_is_being_cancelled_is_not_called_none(shown, capsys):
    desk = Protected()
    assert shown(desk)["positions"][0]["stop_status"] == "SUBMITTED"
    desk.open()
    assert shown(desk)["positions"][0]["stop_status"] == "OPEN"
    desk.want(0.0)
    desk.bar(10_000)
    found = shown(desk, 3_000)
    [position] = found["positions"]
    assert (position["stop_status"], position["bare_since"]["age_s"]) == ("PENDING_CANCEL", 3.0)
    _show(found)
    out = capsys.readouterr().out
    words = "COIN-USD for 3 s: its stop is being cancelled: nobody tells that it has ended, no exit"
    assert f"  ENDING    {words}" in out
    assert "BARE" not in out


@pytest.mark.parametrize(
    "status, words",
    [
        (OrderStatus.SUBMIT_UNKNOWN, "nobody knows whether its stop rests"),
        (OrderStatus.REJECTED, "no stop"),
    ],
)
def test_a_position_is_called_bare_with_what_is_known_of_its_stop(shown, capsys, status, words):
    desk = Protected()
    desk.told(desk.resting, status)
    _show(shown(desk, 3_000))
    assert f"  BARE      COIN-USD for 3 s: {words}, no exit" in capsys.readouterr().out


@pytest.mark.parametrize("holder, stop_by", [("pid 1", "exchange"), (None, "part")])
def test_it_says_what_a_stop_does_not_cover(shown, capsys, monkeypatch, holder, stop_by):
    monkeypatch.setattr("gpt_trader.runtime.situation.running", lambda *_: holder)
    monkeypatch.setattr(Alive, "silent_s", lambda _: 0.5)
    desk = Protected()
    desk.open()
    whole = desk.resting
    assert shown(desk)["positions"][0]["stop_covers"] == "20"
    desk.wake(1_000)
    desk.place(SELL, type=OrderType.LIMIT, tif=TimeInForce.GTC, lots=18, limit=11_000)
    for one in sent(desk.report(whole.client_order_id, OrderStatus.CANCELLED)):
        desk.report(one.client_order_id, OrderStatus.OPEN)
    [position] = shown(desk)["positions"]
    assert (position["stop_covers"], position["stop_by"]) == ("2", stop_by)
    _show(shown(desk))
    out = capsys.readouterr().out
    assert "stop 95.00 for 2 of it" in out
    told = "  BARE      COIN-USD: its stop covers 2 of it, nobody watches the rest"
    assert (told in out) == (stop_by == "part")


@pytest.mark.parametrize(
    "holder, silent_s, stop_by",
    [("pid 1", 0.5, "quotes"), ("pid 1", 31.0, "nobody"), (None, None, "nobody")],
)
def test_it_says_who_acts_on_a_stop_that_makes_way_for_an_order_by_hand(
    shown, capsys, monkeypatch, holder, silent_s, stop_by
):
    """A bot that runs watches the quotes; beside one that is gone, or hangs, nobody does."""
    monkeypatch.setattr("gpt_trader.runtime.situation.running", lambda *_: holder)
    monkeypatch.setattr(Alive, "silent_s", lambda _: silent_s)
    desk = Protected()
    desk.open()
    stop = desk.resting
    assert shown(desk)["positions"][0]["stop_by"] == "exchange"
    desk.place(SELL, type=OrderType.LIMIT, lots=20, limit=11_000)
    desk.told(stop, OrderStatus.CANCELLED)
    [order] = desk.state.open_orders
    desk.told(order, OrderStatus.OPEN, exchange_id="2")
    found = shown(desk)
    assert (found["positions"][0]["stop_by"], found["positions"][0]["stop"]) == (stop_by, "95.00")
    _show(found)
    out = capsys.readouterr().out
    assert ("stop 95.00, watched by quotes" in out) == (stop_by == "quotes")
    assert ("  BARE      COIN-USD: its stop does not rest" in out) == (stop_by == "nobody")


def test_a_product_that_the_newest_close_passed_over_is_named(shown):
    desk = Desk(COIN, GOLD)
    desk.bar(10_000)
    desk.send(Ticked(T0 + HOUR + 10_000))
    assert shown(desk)["undecided"] == {
        "COIN-USD": "the bar of 2020-09-13T00:00:00.000Z came once the others were decided",
        "GOLD-USD": "no bar of 2020-09-13T00:00:00.000Z was told in time",
    }, "the journal that is asked here has decided none"
    assert DecidedCycle(1, T0, (), desk.state).absent(desk.plan) == ["GOLD-USD"]
    desk.bar(10_000, j=1, open_ms=T0, late_ms=20_000)
    assert "came once" in shown(desk)["undecided"]["GOLD-USD"]
    desk.bar(10_000)
    assert "COIN-USD" not in shown(desk)["undecided"], "its next bar is in, and waits"
