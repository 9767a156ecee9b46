"""`account`, `doctor` and the exchange's side of `orders`, against the stand-in."""

import contextlib
import json
import os
import sqlite3
import time
from decimal import Decimal

import pytest

from gpt_trader.app.doctor import _alerts
from gpt_trader.app.journal import journal_file
from gpt_trader.cli.main import main
from gpt_trader.config.load import load_profile
from tests.emulator import serve
from tests.emulator.faults import Fault, html

HOLD = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "hold"]
RUN = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold"]


@pytest.fixture
def exchange(monkeypatch):
    with serve(now_ms=1_790_000_000_000) as found:
        name, secret = found.new_key()
        found.books.transfer("USD", "1000.000000001")
        found.books.transfer("BTC", "0.5")
        found.books.transfer("OLD", "0")
        monkeypatch.setenv("GPT_TRADER_COINBASE__REST_URL", found.rest_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__WS_URL", found.ws_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__PUBLIC_REQUESTS_PER_S", "1000")
        monkeypatch.setenv("GPT_TRADER_COINBASE__PRIVATE_REQUESTS_PER_S", "1000")
        monkeypatch.setenv("COINBASE_API_KEY", name)
        monkeypatch.setenv("COINBASE_API_SECRET", secret)
        yield found


def call(capsys, *args):
    """Run a command with --json; return its code and document."""
    code = main([*args, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def text(capsys, *args):
    code = main(list(args))
    return code, capsys.readouterr().out


def test_balances_are_exact_and_worth_something(exchange, capsys):
    code, found = call(capsys, "account", "balances", "-p", "canary")
    wallets = {one["currency"]: one for one in found["data"]["balances"]}
    assert code == 0
    assert wallets["USD"]["total"] == "1000.000000001"
    bid, ask = exchange.books.touch["BTC-USD"]
    assert wallets["BTC"]["worth"] == format((bid + ask) / 4, "f")
    _, out = text(capsys, "account", "balances", "-p", "canary")
    assert "1 empty wallets are not shown" in out
    assert "1000.000000001" in out


def test_fees_permissions_portfolios_limits(exchange, capsys):
    assert call(capsys, "account", "fees")[1]["data"]["taker_rate"] == "0.012"
    rights = call(capsys, "account", "permissions")[1]
    assert (rights["data"]["can_trade"], rights["warnings"]) == (True, [])
    [one] = call(capsys, "account", "portfolios")[1]["data"]["portfolios"]
    assert one["is_traded"]
    limits = call(capsys, "account", "limits", "-p", "spot")[1]["data"]
    assert [p["product"] for p in limits["products"]] == ["BTC-USD", "ETH-USD"]
    for name in ("fees", "permissions", "portfolios", "limits", "snapshot"):
        code, out = text(capsys, "account", name, "-p", "spot")
        assert code == 0
        assert out.strip()


def test_a_key_with_too_many_rights_is_said(exchange, capsys, monkeypatch):
    name, secret = exchange.new_key(can_transfer=True)
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    assert "move money" in call(capsys, "account", "permissions")[1]["warnings"][0]


def test_without_a_key_an_account_is_none(exchange, capsys, monkeypatch):
    monkeypatch.delenv("COINBASE_API_KEY")
    monkeypatch.delenv("COINBASE_API_SECRET")
    code, found = call(capsys, "account", "snapshot")
    assert (code, found["error"]["code"]) == (4, "AUTH")


def test_reconcile_agrees_until_somebody_else_moves_something(exchange, capsys):
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 2
    assert main(RUN) == 0
    capsys.readouterr()
    code, found = call(capsys, "account", "reconcile", "-p", "canary")
    assert (code, found["data"]["agrees"]) == (0, True)
    exchange.books.transfer("USD", "25.5")
    body = {
        "client_order_id": "theirs",
        "product_id": "ETH-USD",
        "side": "BUY",
        "order_configuration": {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "1000.00"}},
    }
    exchange.books.create(body, exchange.now_ms)
    code, found = call(capsys, "account", "reconcile", "-p", "canary")
    named = {(one["what"], one["name"]) for one in found["data"]["differences"]}
    assert (code, named) == (1, {("asset", "USD"), ("order", "theirs")})
    adjust = ["account", "adjust", "-p", "canary", "--asset", "USD", "--by", "ann"]
    code, found = call(
        capsys, *adjust, "--kind", "deposit", "--amount", "25.5", "--reason", "monthly"
    )
    assert (code, found["data"]["ledger"]) == (0, {"USD": "25.5"})
    code, found = call(
        capsys, *adjust, "--kind", "deposit", "--amount", "25.5", "--reason", "again"
    )
    assert (code, "in line" in found["error"]["message"]) == (2, True)
    code, found = call(capsys, "account", "reconcile", "-p", "canary")
    assert [one["name"] for one in found["data"]["differences"]] == ["theirs"]
    assert "theirs" in text(capsys, "account", "reconcile", "-p", "canary")[1]
    exchange.books.cancel(exchange.books.by_client["theirs"].order_id, exchange.now_ms)
    assert "agrees to the last digit" in text(capsys, "account", "reconcile", "-p", "canary")[1]


def test_reconcile_agrees_with_no_journal_that_is_damaged(exchange, capsys):
    assert call(capsys, *HOLD)[0] == 0
    with contextlib.closing(sqlite3.connect(journal_file("canary", None))) as there, there:
        there.execute("UPDATE entry SET time_ms = time_ms + 1 WHERE seq = 2")
    for command in (["journal", "verify"], ["account", "reconcile"]):
        code, found = call(capsys, *command, "-p", "canary")
        assert (code, found["ok"]) == (1, False), command
        assert "no -wal and -shm of the old file" in found["error"]["hint"], command


def test_reconcile_names_a_fill_that_no_wallet_shows_yet(exchange, capsys):
    assert main(HOLD) == 0
    limit = format(exchange.books.touch["BTC-USD"][0] * 9 // 10, "f") + ".00"
    place = ["orders", "place", "BTC-USD", "buy", "-p", "canary", "--live", "--yes"]
    assert main([*place, "--type", "limit", "--size", "0.0002", "--price", limit]) == 0
    [order] = exchange.books.orders.values()
    first = []

    def as_before(document):
        first.append(document)
        return first[0]

    exchange.faults.add(Fault(path="/accounts", times=None, changes=as_before))
    capsys.readouterr()
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 0
    with exchange.lock:
        exchange.books.trade("BTC-USD", order.limit - 1, Decimal("0.0001"), exchange.now_ms)
    code, found = call(capsys, "account", "reconcile", "-p", "canary")
    [one] = found["data"]["differences"]
    assert (code, one["name"]) == (1, order.client_order_id)
    assert (one["journal"], one["exchange"]) == ("filled 0.00000000", "filled 0.00010000")


def test_what_cannot_all_be_read_does_not_agree(exchange, capsys):
    assert main(HOLD) == 0
    capsys.readouterr()
    odd = Fault(path="/historical/batch", times=None, rows=lambda rows: [*rows, {"status": 1}])
    exchange.faults.add(odd)
    code, found = call(capsys, "account", "reconcile", "-p", "canary")
    assert (code, found["error"]["code"]) == (5, "UNAVAILABLE")


@pytest.mark.parametrize(
    "flags",
    [
        ["--kind", "deposit", "--amount", "-1"],
        ["--kind", "deposit", "--amount", "0"],
        ["--kind", "deposit", "--amount", "much"],
        ["--kind", "deposit", "--amount", "1e30"],
        ["--kind", "deposit", "--amount", "1", "--asset", "U-D"],
        ["--kind", "deposit", "--amount", "1", "--by", " "],
    ],
)
def test_an_adjustment_that_makes_no_sense_is_refused(flags, capsys):
    words = ["account", "adjust", "--asset", "USD", "--by", "ann", "--reason", "x", *flags]
    assert main([*words, "-p", "dev"]) == 2


def test_a_withdrawal_goes_out_and_dev_sessions_have_them_too(capsys):
    assert main(["-q", "run", "-p", "dev", "--cycles", "1"]) == 0
    capsys.readouterr()
    words = ["account", "adjust", "-p", "dev", "--asset", "usd", "--by", "ann", "--reason", "x"]
    code, found = call(capsys, *words, "--kind", "withdrawal", "--amount", "100")
    assert (code, found["data"]["amount"]) == (0, "-100")
    assert main(["account", "reconcile", "-p", "dev"]) == 2
    assert main([*words, "--kind", "reward", "--amount", "1"]) == 0


def test_an_order_by_hand_from_preview_to_fill(exchange, capsys):
    assert main(HOLD) == 0
    capsys.readouterr()
    order = ["BTC-USD", "buy", "--value", "10", "-p", "canary"]
    code, found = call(capsys, "orders", "preview", *order)
    assert (code, found["data"]["errors"]) == (0, [])
    code, found = call(capsys, "orders", "place", *order, "--dry-run")
    request = found["data"]["request"]
    assert request["order_configuration"] == {"market_market_ioc": {"quote_size": "10.00"}}
    assert found["data"]["fees"] == {"rate": "0.012", "estimate": "0.120"}
    before = len(exchange.books.orders)
    seq = call(capsys, "status")[1]["data"]["journal"]
    code, out = text(capsys, "orders", "place", *order, "--dry-run")
    assert "market_market_ioc" in out
    assert call(capsys, "status")[1]["data"]["journal"] == seq, "looking writes nothing"
    assert main(["orders", "place", *order]) == 3, "money needs --live"
    assert main(["orders", "place", *order, "--live"]) == 2, "and somebody who says so"
    assert len(exchange.books.orders) == before
    capsys.readouterr()
    code, found = call(capsys, "orders", "place", *order, "--live", "--yes")
    placed = found["data"]["order"]
    assert (code, placed["status"]) == (0, "FILLED")
    assert placed["client_order_id"] == request["client_order_id"], "what was shown was sent"
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 0
    fills = call(capsys, "orders", "fills", "-p", "canary", "--product", "BTC-USD")[1]
    assert [one["side"] for one in fills["data"]["fills"]] == ["buy"]
    history = call(capsys, "orders", "history", "-p", "canary")[1]
    assert len(history["data"]["orders"]) == len(exchange.books.orders)
    shown = call(capsys, "orders", "show", placed["client_order_id"][:8], "-p", "canary")[1]
    assert shown["data"]["exchange"]["status"] == "FILLED"
    assert len(shown["data"]["fills"]) == 1
    for words in (["fills"], ["history"], ["show", placed["client_order_id"]]):
        assert text(capsys, "orders", *words, "-p", "canary")[0] == 0


def test_resting_orders_by_hand_are_changed_and_cancelled(exchange, capsys):
    assert main(HOLD) == 0
    capsys.readouterr()
    bid = exchange.books.touch["BTC-USD"][0]
    price = format(bid - 1000, "f")
    limit = ["BTC-USD", "buy", "--size", "0.0001", "--type", "limit", "--price", price]
    words = ["-p", "canary", "--live", "--yes"]
    for _ in range(2):
        code, found = call(capsys, "orders", "place", *limit, *words)
        assert (code, found["data"]["order"]["status"]) == (0, "OPEN")
    key = found["data"]["order"]["client_order_id"]
    lower = format(bid - 2000, "f")
    assert (
        call(capsys, "orders", "edit", key, "--price", lower, "-p", "canary", "--dry-run")[0] == 0
    )
    assert format(exchange.books.by_client[key].limit, "f") == price
    assert call(capsys, "orders", "edit", key, "--price", lower, *words)[0] == 0
    assert format(exchange.books.by_client[key].limit, "f") == lower
    assert call(capsys, "orders", "cancel", key, "-p", "canary", "--dry-run")[0] == 0
    assert exchange.books.by_client[key].status == "OPEN"
    assert call(capsys, "orders", "cancel", key, "-p", "canary")[0] == 0
    assert exchange.books.by_client[key].status == "CANCELLED"
    assert (
        len(call(capsys, "orders", "cancel-all", "-p", "canary", "--dry-run")[1]["data"]["orders"])
        == 1
    )
    _, out = text(capsys, "orders", "cancel-all", "-p", "canary", "--product", "BTC-USD")
    assert "cancelled: 1 orders" in out
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 0
    assert main(["orders", "show", "nothing", "-p", "canary"]) == 2


def test_a_pause_cancels_the_bots_entries_at_the_exchange(exchange, capsys):
    assert main(RUN) == 0
    assert main(["pause", "-p", "canary", "--by", "ann"]) == 0
    assert {order.status for order in exchange.books.orders.values()} == {"CANCELLED"}


def test_paper_sessions_take_orders_by_hand_too(exchange, capsys):
    assert main(["-q", "run", "-p", "paper", "--once", "--strategy", "hold"]) == 0
    capsys.readouterr()
    code, found = call(capsys, "orders", "place", "BTC-USD", "buy", "--value", "100", "-p", "paper")
    assert (code, found["data"]["order"]["status"]) == (0, "OPEN"), found["error"]
    assert {request.method for request in exchange.requests} == {"GET"}


def test_a_preview_says_what_would_be_refused(exchange, capsys):
    order = ["BTC-USD", "buy", "--value", "100000", "-p", "canary"]
    code, found = call(capsys, "orders", "preview", *order)
    assert (code, found["data"]["errors"]) == (0, ["PREVIEW_INSUFFICIENT_FUND"])
    assert "would be refused" in text(capsys, "orders", "preview", *order)[1]
    off = ["BTC-USD", "buy", "--size", "0.1", "--type", "limit", "--price", "1.001"]
    assert main(["orders", "preview", *off, "-p", "canary"]) == 6


def checks(found):
    return {one["name"]: one for one in found["data"]["checks"]}


def test_doctor_finds_a_healthy_profile_healthy(exchange, capsys):
    exchange.now_ms = int(time.time() * 1000)
    code, found = call(capsys, "doctor", "-p", "canary")
    states = {name: one["state"] for name, one in checks(found).items()}
    assert code == 0, states
    assert states.pop("alerts") == "warning", "money, and nobody would be paged"
    assert set(states.values()) == {"ok"}
    assert {"clock", "key", "fee tier", "sizes", "channel user", "product BTC-USD"} <= set(states)
    assert checks(found)["channel ticker"]["latency_ms"] > 0
    assert {request.method for request in exchange.requests} == {"GET"}


def test_doctor_works_without_a_key_and_says_what_it_could_not_see(exchange, capsys, monkeypatch):
    monkeypatch.delenv("COINBASE_API_KEY")
    monkeypatch.delenv("COINBASE_API_SECRET")
    monkeypatch.delenv("GPT_TRADER_COINBASE__WS_URL")
    code, found = call(capsys, "doctor", "-p", "paper")
    assert (code, checks(found)["key"]["state"]) == (0, "skipped")
    assert checks(found)["channels"]["state"] == "skipped"
    assert call(capsys, "doctor", "-p", "canary")[0] == 4


def test_doctor_sends_a_test_to_where_pages_go(capsys, monkeypatch):
    from tests.observe.test_notify import service

    def alerts():
        code, found = call(capsys, "doctor", "-p", "dev")
        return code, next(one for one in found["data"]["checks"] if one["name"] == "alerts")

    assert alerts()[1]["state"] == "skipped"
    with service() as (address, asked):
        monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", address)
        monkeypatch.setenv("GPT_TRADER_ALERTS__HEARTBEAT_URL", address)
        assert alerts()[1]["state"] == "ok"
        assert [document and document["event"] for _, document in asked] == ["test"], (
            "a heartbeat would keep a dead bot's watch calm"
        )
    with service(500, 500, 500, 500) as (address, asked):
        settings = load_profile("dev", env={}, flags={"alerts.webhook_url": address}).settings
        found = _alerts(settings, pause_s=0.001)
        assert (found.exit_code, found.state, "hunter2" in str(found)) == (5, "fail", False)


def test_doctor_names_what_is_wrong(exchange, capsys):
    exchange.books.transfer("USD", "-999")
    code, found = call(capsys, "doctor", "-p", "canary")
    assert (code, checks(found)["sizes"]["state"]) == (0, "warning")
    exchange.faults.add(html(503, path="/key_permissions", times=None))
    code, found = call(capsys, "doctor", "-p", "canary")
    assert (code, checks(found)["key"]["state"]) == (5, "fail")
    exchange.faults.add(html(503, path="/time", times=None))
    assert call(capsys, "doctor", "-p", "canary")[0] == 5
    assert call(capsys, "doctor", "-p", "nonsense")[0] == 3
    code, out = text(capsys, "doctor", "-p", "dev")
    assert (code, "needs none" in out) == (0, True)


def test_a_backtest_at_the_accounts_own_tier(exchange, capsys):
    exchange.books.taker_rate = type(exchange.books.taker_rate)("0.0075")
    words = ["backtest", "--demo", "--strategy", "buy_and_hold", "--no-checks"]
    code, found = call(capsys, *words, "--fee-tier", "account")
    assert (code, found["data"]["costs"]["taker_bps"], found["data"]["costs"]["maker_bps"]) == (
        0,
        75.0,
        60.0,
    )
    assert main([*words, "--fee-tier", "account", "--taker-bps", "1"]) == 2


def test_a_key_of_another_portfolio_is_nobodys_here(exchange, capsys, monkeypatch):
    assert main(HOLD) == 0
    name, secret = exchange.new_key(portfolio="99999999-2222-4333-8444-555555555555")
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    order = ["BTC-USD", "buy", "--value", "5", "-p", "canary", "--live", "--yes"]
    assert main(["orders", "place", *order]) == 4
    assert main(["account", "reconcile", "-p", "canary"]) == 4
    assert exchange.books.orders == {}
    assert "99999999" in capsys.readouterr().err


def test_orders_by_hand_want_a_key_without_too_many_rights(exchange, monkeypatch):
    assert main(HOLD) == 0
    name, secret = exchange.new_key(can_transfer=True)
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    order = ["BTC-USD", "buy", "--value", "5", "-p", "canary", "--live", "--yes"]
    assert main(["orders", "place", *order]) == 4
    assert exchange.books.orders == {}


def test_a_lost_journal_freezes_what_it_traded_until_somebody_looks(exchange, capsys):
    from gpt_trader.journal.root import state_root

    assert call(capsys, *RUN)[0] == 0
    assert exchange.books.orders
    portfolio = call(capsys, "account", "portfolios")[1]["data"]["portfolios"][0]["uuid"]
    for journal in (state_root(None, os.environ) / portfolio).glob("journal.db*"):
        journal.unlink()
    before = len(exchange.books.orders)
    exchange.advance(exchange.now_ms + 3_600_000)
    assert call(capsys, *RUN)[0] == 0
    frozen = call(capsys, "status", "-p", "canary")[1]["data"]["frozen"]
    assert "lost" in frozen["BTC-USD"]
    assert "FROZEN" in text(capsys, "status", "-p", "canary")[1]
    assert len(exchange.books.orders) == before, "no entry"
    assert call(capsys, "rearm", "-p", "canary", "--by", "ann", "--reason", "looked")[0] == 0
    assert call(capsys, "status", "-p", "canary")[1]["data"]["frozen"] == {}
