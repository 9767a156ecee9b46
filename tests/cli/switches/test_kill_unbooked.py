# ruff: noqa: F811 - a fixture that is imported
"""`kill` beside what the journal does not know yet: nothing is called flat, nor done, before.

A bot that hangs is whoever holds the portfolio's lock and does not answer.
"""

import contextlib
import json
import os
from decimal import Decimal
from functools import partial

import pytest

from gpt_trader.app.kill import kill
from gpt_trader.cli.main import main
from gpt_trader.runtime.lock import portfolio_lock, user_lock_dir
from gpt_trader.runtime.session import read_header
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST, resting
from tests.cli.switches.test_kill_anyhow import die, folder
from tests.emulator.faults import Fault, html
from tests.emulator.rest_private import order_row
from tests.flip import FLIP

NO_FILLS = Fault(
    path="/historical/fills", status=200, body='{"fills": [], "cursor": ""}', times=None
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("gpt_trader.app.kill.kill", partial(kill, silent_s=0.05))
    monkeypatch.setattr("gpt_trader.app.kill.VERIFY_S", 0.0)


@contextlib.contextmanager
def hung():
    with portfolio_lock(user_lock_dir(os.getuid()), read_header(folder()).portfolio):
        yield


def fill(exchange, order, size):
    with exchange.lock:
        exchange.books.trade("BTC-USD", order.limit - 1, Decimal(size), exchange.now_ms)


def behind(order):
    """Let the order's own answer stay as it is now."""
    body = json.dumps({"order": order_row(order)})
    return Fault(path=f"/historical/{order.order_id}", status=200, body=body, times=None)


def killed(capsys, *words):
    code, found = call(capsys, "kill", "-p", "canary", *words)
    return code, found["data"]


@pytest.mark.parametrize("size", ["0.0002", "0.0001"])
@pytest.mark.parametrize("flatten", [[], ["--flatten"]])
def test_an_entry_that_filled_beside_a_bot_that_hangs(exchange, capsys, size, flatten):
    order = resting(exchange, capsys)
    with hung():
        fill(exchange, order, size)
        for _ in range(2):
            code, data = killed(capsys, *flatten)
            assert (code, data["verified"]) == (1, False)
            assert data["unknown_orders"] == [order.client_order_id]
        [held] = data["held"]
        assert (Decimal(held["size"]), held["stop"]) == (Decimal(size), None)
        assert Decimal(held["unbooked"]) == Decimal(size)
        assert data["entries_left_open"] == []
        assert "what became of 1 orders: the journal has not booked it" in data["not_seen"]
        assert main(["kill", "-p", "canary"]) == 1
        out = capsys.readouterr().out
        assert f"held: {held['size']} BTC-USD, without a stop" in out
        assert "nothing is held" not in out
    code, data = killed(capsys, "--flatten")
    assert (code, data["held"], data["unknown_orders"], data["verified"]) == (0, [], [], True)
    assert exchange.books.totals["BTC"] == Decimal("0.5")


def test_what_an_orders_own_answer_does_not_tell_its_fills_do(exchange, capsys):
    order = resting(exchange, capsys)
    exchange.faults.add(behind(order))
    with hung():
        fill(exchange, order, "0.0002")
        code, data = killed(capsys, "--flatten")
        assert (code, [one["unbooked"] for one in data["held"]]) == (1, ["0.00020000"])
        exchange.faults.add(NO_FILLS)
        code, data = killed(capsys, "--flatten")
        assert (code, data["held"]) == (1, None), "it is not open, and nobody says what it bought"
        assert data["unknown_orders"] == [order.client_order_id]
        assert main(["kill", "-p", "canary"]) == 1
        assert "what is held is not known" in capsys.readouterr().out


@pytest.mark.parametrize("lags", [False, True])
def test_an_entry_that_bought_just_before_its_end_and_does_not_say_so(exchange, capsys, lags):
    """Its answer and its fills are late; the wallet tells."""
    order = resting(exchange, capsys)
    with hung():
        tell = exchange.fill_untold(order.order_id, lags=lags)
        exchange.books.cancel(order.order_id, exchange.now_ms)
        code, data = killed(capsys, "--flatten")
        assert (code, data["unknown_orders"]) == (1, [order.client_order_id])
        assert data["held"] != []
        tell()
        code, data = killed(capsys, "--flatten")
        assert (code, [one["unbooked"] for one in data["held"]]) == (1, ["0.00010000"])


def test_an_entry_that_bought_nothing_beside_a_bot_that_hangs_is_over(exchange, capsys):
    order = resting(exchange, capsys)
    with hung():
        killed(capsys)
        code, data = killed(capsys, "--flatten")
        assert (code, data["held"], data["unknown_orders"]) == (0, [], [])
        exchange.faults.add(html(503, path="/accounts", times=None))
        code, data = killed(capsys, "--flatten")
        assert (code, data["held"]) == (1, None), "a wallet that is not told is none of nothing"
    assert order.status == "CANCELLED"


def test_what_does_not_answer_is_unknown_and_the_rest_is_told(exchange, capsys):
    order = resting(exchange, capsys)
    exchange.faults.add(html(503, path=order.order_id, times=None))
    exchange.faults.add(html(503, path="/historical/fills", times=None))
    with hung():
        fill(exchange, order, "0.0002")
        code, data = killed(capsys, "--flatten")
    assert (code, data["looked"], data["held"]) == (1, True, None)
    assert (data["entries_left_open"], len(data["unknown_orders"])) == ([], 1)


def test_a_stop_that_sold_beside_a_bot_that_hangs_is_unknown(exchange, capsys):
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", FLIP, "--interval", "1m"]
    cross = ["--order-style", "taker", "--set", "bars=100", "--set", "stop=0.2"]
    exchange.advance(exchange.now_ms + 100 * 60_000 * (1 - exchange.now_ms // 6_000_000 % 2))
    for _ in range(3):
        assert call(capsys, *run, *cross)[0] == 0
        exchange.advance(exchange.now_ms + 60_000)
    with hung():
        code, data = killed(capsys)
        assert (code, data["unknown_orders"]) == (0, []), "the stops rest as they are booked"
        before = {one["product"]: one["stop"] for one in data["held"]}
        [stop] = [one for one in exchange.books.live() if one.product_id == "BTC-USD"]
        with exchange.lock:
            exchange.books._fill(stop, stop.limit, stop.left, exchange.now_ms, is_maker=False)
            exchange.books._tell(stop)
        code, data = killed(capsys)
        assert (code, data["unknown_orders"]) == (1, [stop.client_order_id])
        assert {one["product"] for one in data["held"]} == before.keys() - {"BTC-USD"}


def test_where_nobody_can_look_an_open_order_is_unknown(exchange, capsys):
    order = resting(exchange, capsys)
    exchange.faults.add(html(503, times=None))
    code, data = killed(capsys, "--flatten")
    assert (code, data["looked"], data["held"]) == (5, False, None)
    assert data["unknown_orders"] == [order.client_order_id]


def test_a_stopped_session_waits_until_the_end_is_booked(exchange, capsys, monkeypatch):
    order = resting(exchange, capsys)
    exchange.faults.add(behind(order))
    exchange.faults.add(NO_FILLS)
    fill(exchange, order, "0.0002")
    monkeypatch.setattr("gpt_trader.app.kill.SELL_S", 1.0)
    code, data = killed(capsys, "--flatten")
    assert (code, data["verified"], data["held"]) == (1, False, None)
    exchange.faults.heal()
    code, data = killed(capsys, "--flatten")
    assert (code, data["held"], data["verified"]) == (0, [], True)
    assert exchange.books.totals["BTC"] == Decimal("0.5")


def test_the_watchdog_names_what_a_dead_bots_entries_bought(exchange, capsys, monkeypatch):
    order, seen = resting(exchange, capsys), []
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setattr(
        "gpt_trader.app.watchdog.Notifier.tell", lambda _, alert, at: seen.append(alert.text)
    )
    die()
    fill(exchange, order, "0.0002")
    code, found = call(capsys, "watchdog", "--once", "-p", "canary")
    assert (code, found["data"]["unknown_orders"]) == (1, [order.client_order_id])
    assert seen[0].endswith(
        "not booked is what became of 1 orders; held without a stop: 0.00020000 BTC-USD"
    )
    assert main(["status", "-p", "canary"]) == 0
    out = capsys.readouterr().out
    assert "UNKNOWN" in out
    assert "none that is booked: see UNKNOWN" in out
    assert call(capsys, *HOLD)[0] in (0, 5, 6), "it is booked then"
    assert call(capsys, "status", "-p", "canary")[1]["data"]["unknown_orders"] == []


def test_an_entry_of_a_bot_that_answers_in_time_is_no_news(exchange, capsys):
    assert call(capsys, *HOLD)[0] == 0
    assert call(capsys, *REST, "--value", "10")[0] == 0
    code, data = killed(capsys)
    assert (code, data["unknown_orders"], data["held"][0]["unbooked"]) == (0, [], "0.00000000")
