"""A journal that is gone: positions and stops are taken over, and only exits are allowed."""

import json
import shutil
from decimal import Decimal

import pytest

from gpt_trader.cli.main import main
from gpt_trader.engine.events import OrdersFound, PositionFound, Rearmed
from gpt_trader.engine.protect import resting_protection
from gpt_trader.journal.compact import backup
from gpt_trader.runtime.live.take_over import found_at_start, take_over
from gpt_trader.runtime.session import JOURNAL, read_header
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.emulator.faults import Fault
from tests.live_helpers import MINUTE, Live, live

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have


def held(desk: Live):
    """Trade until something is held under a resting stop; return the state."""
    for _ in range(40):
        state = desk.run(desk.exchange.now_ms + MINUTE)
        for j in range(len(state.plan.products)):
            if state.state.slots["lots"][j] and resting_protection(state.plan, state.state, j):
                return state, j
    raise AssertionError("nothing was ever held")


def taken_over(desk: Live) -> list[PositionFound | OrdersFound]:
    """Go on, or begin anew, with what the account shows."""
    found = []
    with desk.session() as (session, _, _):
        take_over(
            session,
            desk.private(),
            read_header(desk.folder).wallets,
            desk.market().product,
            lambda _, entries: found.extend(
                one.event for one in entries if isinstance(one.event, PositionFound | OrdersFound)
            ),
            lambda _: None,
        )
    return found


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
    assert main([*taker, "--state-dir", str(tmp_path / "two")]) == 6, "what is held has no stop"
    said = capsys.readouterr().err
    assert "takes no entries until rearm" in said
    assert "are taken over" in said
    status = ["status", "-p", "canary", "--state-dir", str(tmp_path / "two"), "--json"]
    assert main(status) == 0
    shown = json.loads(capsys.readouterr().out)["data"]
    assert [p["product"] for p in shown["positions"]] == ["BTC-USD", "ETH-USD"]
    assert main([*taker, "--state-dir", str(tmp_path / "two")]) == 6
    assert "taken over" not in capsys.readouterr().err


def test_what_is_taken_over_is_brought_in_and_never_profit(account, capsys, tmp_path):  # noqa: F811
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", "buy_and_hold"]
    taker = [*run, "--order-style", "taker", "--json", "--state-dir"]
    assert main([*taker, str(tmp_path / "one")]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    worth = sum(Decimal(one["value"]) for one in first["open_positions"])
    assert worth > 1
    assert main([*taker, str(tmp_path / "two")]) == 6, "what is held has no stop"
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    paid = sum(fill.price * fill.size for fill in account.books.fills)  # just now, at the market
    assert Decimal(told["transfers"]) == pytest.approx(paid, rel=Decimal("0.005"))
    final = Decimal(told["start_equity"]) + Decimal(told["transfers"]) + Decimal(told["net_pnl"])
    assert Decimal(told["final_equity"]) == pytest.approx(final, abs=Decimal("0.02"))
    assert abs(Decimal(told["net_pnl"])) < worth / 50, "the newest close is not the price of now"


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
    assert main([*taker, str(tmp_path / "two")]) == 6, "what is held has no stop"
    assert "are taken over" in capsys.readouterr().err
    assert len(account.books.orders) == sent


# ------------------------------------------------------------------ an older journal put back


def put_back(desk: Live, copy) -> None:
    """Restore a backup the way a person does: without the log of the newer file."""
    for name in (f"{JOURNAL}-wal", f"{JOURNAL}-shm"):
        (desk.folder / name).unlink(missing_ok=True)
    shutil.copy(copy, desk.folder / JOURNAL)


def backed_up(desk: Live, copy):
    backup(desk.folder / JOURNAL, copy)
    return copy


def journal_state(session):
    """What the whole story comes to."""
    slots = session.state.slots
    return {
        "cash": session.state.cash,
        "ledger": {k: Decimal(v) for k, v in session.state.ledger.items() if Decimal(v)},
        "lots": slots["lots"].tolist(),
        "stops": [
            stop and stop.client_order_id
            for j in range(len(session.plan.products))
            for stop in [resting_protection(session.plan, session.state, j)]
        ],
        "open": {o.client_order_id for o in session.state.open_orders},
    }


def test_a_copy_of_any_minute_is_told_the_rest_of_the_story(tmp_path):
    (tmp_path / "state").mkdir()
    with live(tmp_path / "state") as desk:
        copies = []
        for minute in range(14):
            desk.run(desk.exchange.now_ms + MINUTE)
            if minute % 3 == 1:  # before, between and after its trades
                copies.append(backed_up(desk, tmp_path / f"{minute}.db"))
        whole, j = held(desk)
        expected, books = journal_state(whole), desk.exchange.books
        assert desk.differences(whole) == []
        sent = len(books.orders)
        for copy in copies:
            put_back(desk, copy)
            found = taken_over(desk)
            assert found
            with desk.session() as (session, _, _):
                assert journal_state(session) == expected
                rounded_up = abs(session.state.fees - whole.state.fees)
                assert rounded_up <= len(books.fills), "units, one a report"
                average = whole.state.slots["average_ticks"][j]
                assert abs(session.state.slots["average_ticks"][j] - average) <= 1
                assert session.state.slots["stop_ticks"][j] == whole.state.slots["stop_ticks"][j]
                assert all(session.state.frozen[session.plan.index[e.product_id]] for e in found)
            assert desk.differences(session) == []
            assert taken_over(desk) == [], "told once"
        assert len(books.orders) == sent, "nothing is sent beside what rests"
        assert books.violations == books.replays == []


def test_a_stop_of_all_that_is_there_is_not_cancelled_for_one_of_what_the_story_tells(tmp_path):
    (tmp_path / "state").mkdir()
    with live(tmp_path / "state") as desk:
        desk.run(desk.exchange.now_ms + MINUTE)
        copy = backed_up(desk, tmp_path / "copy.db")
        now, j = held(desk)
        product, books = now.plan.products[j], desk.exchange.books
        key = resting_protection(now.plan, now.state, j).client_order_id
        rests, coins = books.by_client[key], books.totals[product.base_currency]
        left = (rests.size / 2).quantize(product.base_increment)
        assert books.move_stop(rests, rests.stop, left)
        books.transfer(product.base_currency, left - coins)
        put_back(desk, copy)
        taken_over(desk)
        now = desk.run(desk.exchange.now_ms + 5_000)
        assert not rests.is_final
        assert now.state.lacking[j] > 0
        assert resting_protection(now.plan, now.state, j).client_order_id == key


def test_after_a_rearm_it_trades_on_within_its_caps(tmp_path):
    (tmp_path / "state").mkdir()
    with live(tmp_path / "state", risk__max_product_pct=25, risk__max_gross_pct=45) as desk:
        theirs = dict(desk.exchange.books.totals)
        desk.run(desk.exchange.now_ms + 3 * MINUTE)
        copy = backed_up(desk, tmp_path / "copy.db")
        whole, j = held(desk)
        put_back(desk, copy)
        taken_over(desk)
        product = whole.plan.products[j]
        now = desk.run(desk.exchange.now_ms + 2 * MINUTE)
        assert now.state.frozen[j]
        with desk.session() as (session, _, _):
            session.take(Rearmed(desk.exchange.now_ms, "ann", "looked"), lambda *_: None)
            assert not any(session.state.frozen)
        for _ in range(10):
            now = desk.run(desk.exchange.now_ms + MINUTE)
            books = desk.exchange.books
            coins = books.totals[product.base_currency] - theirs.get(product.base_currency, 0)
            assert coins == product.size(int(now.state.slots["lots"][j]))
            worth = coins * books.touch[product.product_id][0]
            assert worth <= Decimal("0.26") * 10_000
        assert desk.differences(now) == []
        assert books.violations == []


def test_a_take_over_that_is_cut_short_is_finished_by_the_next_start(tmp_path):
    (tmp_path / "state").mkdir()
    with live(tmp_path / "state") as desk:
        desk.run(desk.exchange.now_ms + 3 * MINUTE)
        copy = backed_up(desk, tmp_path / "copy.db")
        for _ in range(40):
            whole = desk.run(desk.exchange.now_ms + MINUTE)
            if all(whole.state.slots["lots"]):
                break
        put_back(desk, copy)
        with desk.session() as (session, _, _):
            now_ms, private = desk.exchange.now_ms, desk.private()
            began = read_header(desk.folder).wallets
            found, _ = found_at_start(
                session.plan, session.state, session.journal, private, now_ms, began
            )
            assert len(found) == 2
            session.take(found[0], lambda *_: None)
        [rest] = taken_over(desk)
        assert rest.product_id == found[1].product_id
        with desk.session() as (session, _, _):
            assert journal_state(session) == journal_state(whole)


def test_the_command_line_tells_of_an_older_journal_and_reconcile_agrees(
    account,  # noqa: F811
    capsys,
    tmp_path,
):
    folder = ["--state-dir", str(tmp_path / "one")]
    run = ["run", "-p", "canary", "--live", "--once", *folder]
    held = [*run, "--strategy", "buy_and_hold", "--order-style"]
    assert main([*held, "maker_only"]) == 0
    [journal] = (tmp_path / "one").rglob(JOURNAL)
    backup(journal, tmp_path / "copy.db")
    account.advance(account.now_ms + 240 * MINUTE)
    assert main([*held, "taker"]) == 0
    sent = len(account.books.orders)
    assert account.books.fills
    assert sent > 2
    shutil.copy(tmp_path / "copy.db", journal)
    capsys.readouterr()
    reconcile = ["account", "reconcile", "-p", "canary", *folder]
    code = main(reconcile)
    said, err = capsys.readouterr()
    assert code == 1, err
    assert not err, err
    assert "not in its journal: an older one was put back" in said
    assert "gpt-trader run or gpt-trader kill takes it over" in said
    assert "adjust" not in said
    assert main([*held, "taker"]) == 6, "what is held has no stop"
    assert "an older journal was put back" in capsys.readouterr().err
    assert len(account.books.orders) == sent, "its coins are known, and it is frozen"
    assert main([*reconcile, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["agrees"]


def test_what_was_traded_under_a_journal_that_is_not_here_is_no_withdrawal(
    account,  # noqa: F811
    capsys,
    tmp_path,
):
    folder = ["--state-dir", str(tmp_path / "one")]
    held = ["run", "-p", "canary", "--live", "--once", *folder, "--strategy", "buy_and_hold"]
    assert main([*held, "--order-style", "maker_only"]) == 0
    [journal] = (tmp_path / "one").rglob(JOURNAL)
    backup(journal, tmp_path / "copy.db")
    account.advance(account.now_ms + 240 * MINUTE)
    assert main([*held, "--order-style", "taker"]) == 0
    shutil.copy(tmp_path / "copy.db", journal)
    account.books.transfer("USD", "-3")  # else all is in line once it is taken over
    capsys.readouterr()
    taken = [
        "--kind",
        "withdrawal",
        "--asset",
        "USD",
        "--amount",
        "3",
        "--by",
        "a",
        "--reason",
        "b",
    ]
    assert main(["account", "adjust", *taken, "-p", "canary", *folder]) == 2
    said = capsys.readouterr().err
    assert "is taken over" in said
    assert "is neither deposit nor withdrawal" in said
    assert main(["account", "reconcile", "-p", "canary", *folder]) == 1
    assert "taken over of a journal that is not here" in capsys.readouterr().out


def test_a_lost_journal_of_another_interval_is_found_by_its_marks(tmp_path):
    with live(tmp_path) as desk:
        before, j = held(desk)
        stop = resting_protection(before.plan, before.state, j)
        lost(desk)
        desk.flags |= {"interval": "5m"}
        [found] = [e for e in taken_over(desk) if e.product_id == stop.product_id]
        assert found.lots == before.state.slots["lots"][j]
        assert found.order.client_order_id == stop.client_order_id


def test_a_command_by_hand_knows_the_whole_story_too(account, capsys, tmp_path):  # noqa: F811
    where = ["-p", "canary", "--state-dir", str(tmp_path / "one")]
    run = ["-q", "run", *where, "--live", "--once", "--strategy", "buy_and_hold", "--order-style"]
    assert main([*run, "maker_only"]) == 0
    [journal] = (tmp_path / "one").rglob(JOURNAL)
    backup(journal, tmp_path / "copy.db")
    account.advance(account.now_ms + 240 * MINUTE)
    assert main([*run, "taker"]) == 0
    shutil.copy(tmp_path / "copy.db", journal)
    assert main(["kill", *where, "--flatten"]) == 0
    for coin in ("BTC", "ETH"):
        assert account.books.totals[coin] == 0
    assert account.books.violations == []
