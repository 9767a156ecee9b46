"""Money at the stand-in, with everything going wrong: the books agree to the last digit."""

import json
import random
from collections import Counter
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.carry import Bell
from gpt_trader.cli.main import main
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import BarClosed, OrderUpdated
from gpt_trader.engine.records import BarCorrected, FillBooked
from gpt_trader.errors import BrokerError
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.header import plan_of, signals_of
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.replay import replay
from gpt_trader.runtime.session import JOURNAL, read_header
from tests.emulator import serve
from tests.emulator.faults import Fault, everything
from tests.live_helpers import MINUTE, Live, keep_time_of, live, until
from tests.observe.test_notify import service


def entries(desk: Live):
    with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
        return list(read_entries(journal))


def agrees(desk: Live, session) -> None:
    """The journal's ledger and orders are the exchange's; nothing was sent twice or wrongly."""
    books = desk.exchange.books
    assert desk.differences(session) == []
    assert books.replays == []
    assert books.violations == []
    assert desk.exchange.denied == []
    books.check()
    sent = [
        command.order.client_order_id
        for entry in entries(desk)
        for command in entry.commands
        if isinstance(command, SubmitOrder)
    ]
    assert len(sent) == len(set(sent))
    assert set(books.by_client) <= set(sent), "an order without an intent"
    held = Counter()
    for fill in books.fills:
        held[fill.order.product_id] += fill.size if fill.order.side == "BUY" else -fill.size
        assert held[fill.order.product_id] >= 0, "coins of somebody else were sold"


def replays(desk: Live) -> None:
    """Deciding the whole session again comes to the same bytes."""
    header = read_header(desk.folder)
    with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
        found = replay(journal, plan_of(header), signals_of(header), header.cash)
    assert found.difference is None
    assert found.decisions > 10


def test_twenty_minutes_of_trading_with_stops_at_the_exchange(tmp_path):
    with live(tmp_path) as desk:
        begin = desk.exchange.now_ms
        session = desk.run(begin + 20 * MINUTE)
        agrees(desk, session)
        kinds = Counter(order.kind for order in desk.exchange.books.orders.values())
        assert kinds["stop_limit_stop_limit_gtc"] > 5
        assert len(desk.exchange.books.fills) > 20
        assert session.state.cycles == 21
        assert not session.state.halted
        replays(desk)


def test_every_fault_on_and_healed_the_books_agree(tmp_path):
    with live(tmp_path) as desk:
        exchange, books = desk.exchange, desk.exchange.books
        books.pending_ms, books.cancelling_ms, books.hidden_ms = 700, 1_500, 3_000
        books.depth = {"BTC-USD": Decimal("0.02"), "ETH-USD": Decimal("0.3")}
        begin = exchange.now_ms
        desk.run(begin)
        exchange.faults.by_chance(1, *everything(0.03))
        while exchange.now_ms < begin + 15 * MINUTE:
            try:
                desk.run(begin + 15 * MINUTE)
            except BrokerError:  # it ends, and is started again
                desk.wait(5)
        exchange.faults.heal()
        assert sum(exchange.faults.happened.values()) > 50
        session = desk.run(exchange.now_ms + 5 * MINUTE)
        agrees(desk, session)
        replays(desk)
        reported = [e.event for e in entries(desk) if isinstance(e.event, OrderUpdated)]
        assert any(event.status.value == "SUBMIT_UNKNOWN" for event in reported)


def test_a_take_profit_rests_with_its_stop_as_one_bracket(tmp_path):
    with live(tmp_path, **{"params.take": 0.001}) as desk:
        session = desk.run(desk.exchange.now_ms + 25 * MINUTE)
        agrees(desk, session)
        books = desk.exchange.books
        kinds = Counter((order.kind, order.status) for order in books.orders.values())
        assert kinds["trigger_bracket_gtc", "FILLED"] > 0
        reasons = [
            entry.event.fill.reason
            for entry in entries(desk)
            for record in entry.records
            if isinstance(record, FillBooked)
        ]
        assert len(set(reasons)) > 1


def test_where_no_stop_can_rest_quotes_are_watched(tmp_path):
    with live(tmp_path, risk__bot_watched_stops="accept") as desk:
        for rules in desk.exchange.books.rules.values():
            rules.takes_stops = False
        session = desk.run(desk.exchange.now_ms + 20 * MINUTE)
        agrees(desk, session)
        books = desk.exchange.books
        kinds = Counter(order.kind for order in books.orders.values())
        assert not kinds["stop_limit_stop_limit_gtc"]
        assert any(
            order.kind == "market_market_ioc" and order.side == "SELL"
            for order in books.orders.values()
        )
        assert read_header(desk.folder).rests == (False, False)


@pytest.fixture
def account(monkeypatch):
    with serve(now_ms=1_790_000_000_000) as exchange:
        name, secret = exchange.new_key()
        exchange.books.transfer("USD", "1000")
        monkeypatch.setenv("GPT_TRADER_COINBASE__REST_URL", exchange.rest_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__PUBLIC_REQUESTS_PER_S", "1000")
        monkeypatch.setenv("COINBASE_API_KEY", name)
        monkeypatch.setenv("COINBASE_API_SECRET", secret)
        yield exchange


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_cycle_of_canary_sends_what_it_decided_and_a_second_one_nothing(account, capsys):
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold", "--json"]
    assert main(run) == 0
    cycle, summary = lines(capsys)
    assert [p["action"] for p in cycle["products"]] == ["buy", "buy"]
    assert summary["start_equity"] == "50.00"
    assert len(account.books.orders) == 2
    assert summary["position_unprotected_seconds"] == 0
    assert main(["status", "-p", "canary", "--json"]) == 0
    [shown] = lines(capsys)
    assert (shown["data"]["broker"], len(shown["data"]["open_orders"])) == ("coinbase", 2)
    assert main(["replay", "-p", "canary"]) == 0
    capsys.readouterr()
    assert main(run) == 0
    assert [line["type"] for line in lines(capsys)] == ["summary"]
    assert len(account.books.orders) == 2


@pytest.mark.parametrize("profile", ["paper", "observe"])
def test_without_money_nothing_is_posted(profile, account, capsys, monkeypatch):
    monkeypatch.delenv("COINBASE_API_KEY")
    monkeypatch.delenv("COINBASE_API_SECRET")
    run = ["-q", "run", "-p", profile, "--once", "--strategy", "buy_and_hold", "--json"]
    assert main([*run, "--set", "order_style.entry.style=taker"]) == 0
    cycle, summary = lines(capsys)
    assert [p["action"] for p in cycle["products"]] == ["buy", "buy"]
    assert {request.method for request in account.requests} == {"GET"}
    held = [one["product"] for one in summary["open_positions"]]
    assert held == (["BTC-USD", "ETH-USD"] if profile == "paper" else [])
    assert bool(summary["fills"]) == (profile == "paper")


def test_a_key_that_can_move_money_is_refused(account, capsys, monkeypatch):
    name, secret = account.new_key(can_transfer=True)
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    assert main(["run", "-p", "canary", "--live", "--once"]) == 4
    assert "move money" in capsys.readouterr().err
    monkeypatch.setenv("GPT_TRADER_COINBASE__ALLOW_TRANSFER_KEY", "true")
    assert main(["-q", "run", "-p", "canary", "--live", "--once"]) == 0


@pytest.mark.parametrize("flags", [["-p", "canary"], ["-p", "prod"]])
def test_no_money_moves_without_the_flag(flags, account, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "https://alerts.example/x")
    assert main(["run", *flags, "--once"]) == 3
    assert account.requests == []


def test_a_stream_closes_bars_on_time_and_reports_orders(tmp_path):
    with live(tmp_path) as desk:
        session = desk.run(desk.exchange.now_ms + 20 * MINUTE, streams=True)
        agrees(desk, session)
        replays(desk)
        bars = [e.event for e in entries(desk) if isinstance(e.event, BarClosed)]
        after_ms = [bar.time_ms - bar.bar.open_ms - MINUTE for bar in bars[6:]]
        assert max(after_ms) < 2_000, "before the exchange's candle is taken as final"
        assert not any(
            isinstance(record, BarCorrected) for e in entries(desk) for record in e.records
        )
        assert [link.connects for link in desk.link.stream.connections] == [1, 1]


def test_streams_that_break_lose_nothing(tmp_path):
    rng = random.Random(1)
    with live(tmp_path) as desk:
        wire, plain_wait = desk.exchange.wire, desk.wait
        breaks = {
            "gap": lambda: setattr(wire, "skip", 1),
            "twice": lambda: setattr(wire, "twice", 3),
            "abort": wire.abort,
            "close 1000": lambda: wire.close(1000),
            "close 1001": lambda: wire.close(1001),
            "close 1011": lambda: wire.close(1011),
            "no message": lambda: wire.send("{"),
            "error frame": lambda: wire.send('{"type": "error", "message": "no"}'),
            "unknown": lambda: wire.send('{"channel": "new", "events": [{"type": 7}]}'),
        }
        done = Counter()

        def wait(seconds):
            if rng.random() < 0.05:
                name = rng.choice(sorted(breaks))
                breaks[name]()
                done[name] += 1
            return plain_wait(seconds)

        desk.wait = wait
        session = desk.run(desk.exchange.now_ms + 15 * MINUTE, streams=True)
        desk.wait = plain_wait
        assert len(done) > 6
        assert sum(link.connects for link in desk.link.stream.connections) > 6
        session = desk.run(desk.exchange.now_ms + 3 * MINUTE, streams=True)
        agrees(desk, session)
        replays(desk)
        assert session.state.cycles >= 17


def test_reports_that_vanish_are_found_by_looking(tmp_path):
    with live(tmp_path) as desk:
        desk.exchange.wire.lost = {"user"}
        session = desk.run(desk.exchange.now_ms + 15 * MINUTE, streams=True)
        desk.exchange.wire.lost = set()
        session = desk.run(desk.exchange.now_ms + 3 * MINUTE, streams=True)
        agrees(desk, session)
        assert len(desk.exchange.books.fills) > 10


def test_words_that_nobody_knows_yet_prove_nothing(tmp_path):
    def frozen(rows):
        return [
            row | {"status": "FROZEN", "order_type": "NEW", "trigger_status": "?"} for row in rows
        ]

    with live(tmp_path) as desk:
        begin = desk.exchange.now_ms
        desk.run(begin + 3 * MINUTE)
        desk.exchange.faults.add(Fault("/orders/historical/batch", times=None, rows=frozen))
        desk.exchange.wire.lost = {"user"}
        desk.run(begin + 6 * MINUTE)
        desk.exchange.faults.heal()
        desk.exchange.wire.lost = set()
        agrees(desk, desk.run(begin + 10 * MINUTE))


def test_maintenance_ends_nothing_and_loses_nothing(tmp_path):
    with live(tmp_path) as desk:
        begin = desk.exchange.now_ms
        desk.run(begin + 3 * MINUTE)
        for rules in desk.exchange.books.rules.values():
            rules.flags.add("cancel_only")
        session = desk.run(begin + 8 * MINUTE)
        assert desk.exchange.books.violations == []
        for rules in desk.exchange.books.rules.values():
            rules.flags.clear()
        session = desk.run(begin + 16 * MINUTE)
        agrees(desk, session)
        assert not session.state.halted


def test_a_product_that_is_delisted_does_not_keep_a_session_from_starting(account, capsys):
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold"]
    assert main(run) == 0
    gone = {"times": None, "status": 404, "body": "{}"}
    account.faults.add(Fault("/products/ETH-USD", **gone), Fault("product_id=ETH-USD", **gone))
    capsys.readouterr()
    account.now_ms += 4 * 3_600_000
    assert main(run) == 0
    assert "not listed any more" in capsys.readouterr().err
    assert main([*run, "--set", "products=BTC-USD,QUIET-USD"]) == 3


def test_a_run_that_goes_on_streams_and_says_what_broke(account, capsys, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_COINBASE__WS_URL", account.ws_url)
    begin_ms, waited = account.now_ms, []
    wait = Bell.wait

    def waits(self, timeout_s):  # the market moves while the loop waits
        waited.append(timeout_s)
        account.advance(account.now_ms + 1_000)
        if len(waited) == 30:
            until(lambda: account.wire.told() > 3)
            account.wire.close(1011)
            until(lambda: account.wire.connections > 1)
        wait(self, 0.01)

    monkeypatch.setattr(Bell, "wait", waits)
    keep_time_of(account, monkeypatch)
    run = ["run", "-p", "paper", "--interval", "1m", "--cycles", "4", "--strategy", "hold"]
    assert main([*run, "--json"]) == 0
    out, err = capsys.readouterr()
    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert kinds == ["cycle"] * 4 + ["summary"]
    assert "the market stream came up" in err
    assert account.now_ms - begin_ms >= 2 * MINUTE


def test_a_run_that_cannot_start_pages_once(account, capsys, monkeypatch):
    with service() as (address, asked):
        run = ["run", "-p", "canary", "--live", "--once", "--set", f"alerts.webhook_url={address}"]
        _, secret = account.new_key()
        monkeypatch.setenv("COINBASE_API_KEY", "organizations/a/apiKeys/nobody")
        monkeypatch.setenv("COINBASE_API_SECRET", secret)
        for _ in range(2):
            assert main(run) == 4
        said = capsys.readouterr().err
    [(_, document)] = asked
    assert document["text"].partition("ended: ")[2] in said
    assert secret not in document["text"]
