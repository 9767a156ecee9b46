"""A journal that is gone: positions and stops are taken over, and only exits are allowed."""

import json
import shutil

from gpt_trader.cli.main import main
from gpt_trader.engine.events import PositionFound, Rearmed
from gpt_trader.engine.protect import resting_protection
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.emulator.faults import Fault
from tests.live_helpers import MINUTE, Live, live


def held(desk: Live):
    """Trade until something is held under a resting stop; return the state."""
    for _ in range(40):
        state = desk.run(desk.exchange.now_ms + MINUTE)
        for j in range(len(state.plan.products)):
            if state.state.slots["lots"][j] and resting_protection(state.plan, state.state, j):
                return state, j
    raise AssertionError("nothing was ever held")


def taken_over(desk: Live) -> list[PositionFound]:
    """Begin a new journal on what the account shows."""
    with desk.session() as (session, _, _):
        found = session.broker.earlier(session.plan, desk.exchange.now_ms)
        for event in found:
            session.take(event, lambda *_: None)
        return list(found)


def lost(desk: Live) -> None:
    shutil.rmtree(desk.folder)
    desk.folder.mkdir()


def test_a_position_and_its_stop_are_taken_over_and_only_sold_until_a_person_rearms(tmp_path):
    with live(tmp_path) as desk:
        theirs = dict(desk.exchange.books.totals)
        before, j = held(desk)
        stop = resting_protection(before.plan, before.state, j)
        lost(desk)
        [found] = [e for e in taken_over(desk) if e.product_id == stop.product_id]
        assert found.lots == before.state.slots["lots"][j]
        assert abs(found.ticks - before.state.slots["average_ticks"][j]) <= 1
        assert found.order.intent[:9] == stop.intent[:9]
        sent = set(desk.exchange.books.by_client)

        now = desk.run(desk.exchange.now_ms + 15 * MINUTE)
        assert now.state.frozen[j]
        coin = now.plan.products[j].base_currency
        assert now.state.slots["lots"][j] == 0
        assert desk.exchange.books.totals[coin] == theirs.get(coin, 0)
        after = [o for o in desk.exchange.books.orders.values() if o.client_order_id not in sent]
        assert all(o.side == "SELL" for o in after if o.product_id == stop.product_id)
        assert desk.exchange.books.violations == []

        with desk.session() as (session, _, _):
            session.take(Rearmed(desk.exchange.now_ms, "ann", "looked"), lambda *_: None)
        again, _ = held(desk)
        assert not again.state.frozen[j]


def test_a_stop_that_rests_is_kept_for_as_long_as_there_is_no_price(tmp_path):
    with live(tmp_path) as desk:
        before, j = held(desk)
        stop = resting_protection(before.plan, before.state, j)
        lost(desk)
        taken_over(desk)
        order = desk.exchange.books.by_client[stop.client_order_id]
        assert not order.is_final
        with desk.session() as (session, _, _):
            assert session.state.slots["stop_ticks"][j] == stop.intent.stop
            resting = resting_protection(session.plan, session.state, j)
            assert resting.client_order_id == stop.client_order_id


def test_what_was_sold_by_others_or_is_not_there_is_not_taken_over(tmp_path):
    with live(tmp_path) as desk:
        before, j = held(desk)
        product = before.plan.products[j]
        lost(desk)
        desk.exchange.books.transfer(
            product.base_currency, "-" + str(desk.exchange.books.available(product.base_currency))
        )
        there = desk.exchange.books.totals[product.base_currency]
        [found] = [e for e in taken_over(desk) if e.product_id == product.product_id]
        assert found.lots <= int(there / product.base_increment)


def test_an_account_that_the_bot_never_traded_shows_nothing(tmp_path):
    with live(tmp_path) as desk:
        assert taken_over(desk) == []


def test_a_command_line_says_what_it_takes_over(account, capsys, tmp_path):  # noqa: F811
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold"]
    taker = [*run, "--order-style", "taker"]
    assert main([*taker, "--state-dir", str(tmp_path / "one")]) == 0
    assert account.books.fills
    capsys.readouterr()
    assert main([*taker, "--state-dir", str(tmp_path / "two")]) == 0
    said = capsys.readouterr().err
    assert "takes no entries until rearm" in said
    assert "are taken over" in said
    status = ["status", "-p", "canary", "--state-dir", str(tmp_path / "two"), "--json"]
    assert main(status) == 0
    shown = json.loads(capsys.readouterr().out)["data"]
    assert [p["product"] for p in shown["positions"]] == ["BTC-USD", "ETH-USD"]
    assert main([*taker, "--state-dir", str(tmp_path / "two")]) == 0
    assert "taken over" not in capsys.readouterr().err


def test_a_start_that_ended_before_it_looked_is_followed_by_one_that_does(
    account,  # noqa: F811
    capsys,
    tmp_path,
):
    run = ["run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold"]
    taker = [*run, "--order-style", "taker", "--state-dir"]
    assert main([*taker, str(tmp_path / "one")]) == 0
    down = Fault("/orders/historical/batch", status=503, body=b"{}", times=50)
    account.faults.add(down)
    assert main([*taker, str(tmp_path / "two")]) == 5
    account.faults.heal()
    sent = len(account.books.orders)
    capsys.readouterr()
    assert main([*taker, str(tmp_path / "two")]) == 0
    assert "are taken over" in capsys.readouterr().err
    assert len(account.books.orders) == sent
