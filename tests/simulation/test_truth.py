"""What the exchange knows of the bot: nothing sold that it had not bought, nothing bare unseen."""

from collections import Counter
from decimal import Decimal

import pytest

from tests.emulator.books import Books, Rules
from tests.simulation.truth import DEAD, DOWN, FRESH_MS, RUNS, STUCK_MS, UNKNOWN, Belief, Truth

BTC = "BTC-USD"
STEP, CENT = Decimal("0.00000001"), Decimal("0.01")
ONE = Decimal(1)


@pytest.fixture
def truth():
    books = Books()
    books.rules[BTC] = Rules(BTC, STEP, CENT, CENT, STEP, ONE)
    books.touch[BTC] = Decimal("100.00"), Decimal("100.02")
    books.transfer("USD", "10000")
    books.transfer("BTC", "5")  # somebody else's
    return Truth(books, Counter(), 0)


def send(truth: Truth, key: str, side: str, kind: str = "market_market_ioc", **terms: str) -> None:
    truth.on_send(key, BTC)
    body = {
        "client_order_id": key,
        "product_id": BTC,
        "side": side,
        "order_configuration": {kind: {"base_size": "1"} | terms},
    }
    truth.books.create(body, truth.now_ms)


def stop(truth: Truth) -> None:
    kind = "stop_limit_stop_limit_gtc"
    send(truth, "stop", "SELL", kind, stop_price="90.00", limit_price="80.00")


def test_what_is_sold_was_bought(truth):
    send(truth, "in", "BUY")
    send(truth, "out", "SELL")
    with pytest.raises(AssertionError, match="somebody else's"):
        send(truth, "again", "SELL")


def test_no_id_leaves_twice_but_with_a_journal_that_is_gone(truth):
    truth.on_send("one", BTC)
    with pytest.raises(AssertionError, match="twice"):
        truth.on_send("one", BTC)
    truth.forgotten.add("one")
    truth.on_send("one", BTC)


def test_a_position_is_bare_until_a_stop_rests(truth):
    truth.belief = lambda _: Belief(Decimal(0), is_unknown=False)
    send(truth, "in", "BUY")
    for at_ms in (0, 7_000):
        truth.pass_time(at_ms)
    stop(truth)
    truth.pass_time(60_000)
    truth.end()
    [one] = truth.positions
    assert (one.unstopped_ms, one.unguarded.longest_ms, one.bare_ms[RUNS]) == (7_000, 7_000, 7_000)


@pytest.mark.parametrize(
    "belief, heard_ms, is_bare",
    [
        (Belief(ONE, is_unknown=False), 0, False),
        (Belief(ONE, is_unknown=False), -FRESH_MS, True),
        (Belief(ONE / 2, is_unknown=False), 0, True),
        (Belief(ONE, is_unknown=True), 0, True),
        (None, 0, True),
    ],
)
def test_a_process_guards_what_it_knows_of_and_hears_prices_of(truth, belief, heard_ms, is_bare):
    truth.belief, truth.heard_ms[BTC] = lambda _: belief, heard_ms
    send(truth, "in", "BUY")
    for at_ms in (0, 1_000):
        truth.pass_time(at_ms)
    truth.end()
    [one] = truth.positions
    assert sum(one.bare_ms.values()) == 1_000 * is_bare
    assert (one.bare_ms[UNKNOWN] > 0) is (belief is not None and belief.is_unknown)


def test_an_order_is_unknown_only_while_somebody_could_ask(truth):
    truth.on_send("one", BTC)
    truth.on_unknown({"one"})
    truth.pass_time(5_000)
    truth.belief = lambda _: Belief(ONE, is_unknown=True)
    truth.pass_time(8_000)
    truth.on_unknown(set())
    assert [(one.client_order_id, one.took_ms) for one in truth.resolved] == [("one", 3_000)]


def test_what_passes_without_answers_neither_counts_nor_ends_the_spell(truth):
    truth.belief = lambda _: Belief(Decimal(0), is_unknown=False)
    send(truth, "in", "BUY")
    truth.pass_time(0)
    truth.pass_time(6_000)
    truth.is_silent = lambda: True  # the bot does not know of it, and is not told
    truth.pass_time(50_000)
    truth.is_silent, truth.is_down = bool, lambda _: True
    truth.pass_time(90_000)
    truth.is_down = lambda _: False
    truth.pass_time(95_000)
    truth.end()
    [one] = truth.positions
    assert (one.unguarded.longest_ms, one.bare_ms[DOWN]) == (11_000, 84_000)


def test_a_price_that_is_old_is_no_matter_of_the_account(truth):
    truth.belief, truth.is_silent = lambda _: Belief(ONE, is_unknown=False), lambda: True
    truth.heard_ms[BTC] = -FRESH_MS
    send(truth, "in", "BUY")
    truth.pass_time(0)
    truth.pass_time(6_000)
    truth.end()
    assert truth.positions[0].unguarded.longest_ms == 6_000


def test_a_start_waits_for_the_account_as_long_as_it_is_not_answered(truth):
    truth.belief = lambda _: Belief(ONE, is_unknown=False, starts=True)
    truth.heard_ms[BTC] = -FRESH_MS
    send(truth, "in", "BUY")
    truth.pass_time(0)
    truth.is_silent = lambda: True
    truth.pass_time(10_000)
    truth.is_silent = bool
    truth.pass_time(16_000)
    truth.end()
    assert truth.positions[0].unguarded.longest_ms == 6_000


def test_no_process_counts_while_the_exchange_answers(truth):
    send(truth, "in", "BUY")
    truth.pass_time(0)
    truth.pass_time(40_000)
    truth.is_down = lambda _: True
    truth.pass_time(100_000)
    truth.is_down = lambda _: False
    truth.pass_time(120_000)
    truth.end()
    [one] = truth.positions
    assert (one.unwatched.longest_ms, one.unwatched.at_ms) == (60_000, 120_000)
    assert one.bare_ms == {DEAD: 60_000, DOWN: 60_000}


def take(truth: Truth, size: str) -> None:
    truth.books.transfer("BTC", -Decimal(size))
    truth.on_moved(BTC)


def test_whose_coins_were_taken_is_bare_from_a_refusal_until_it_knows(truth):
    truth.books.transfer("BTC", "-5")
    truth.belief, truth.heard_ms[BTC] = lambda _: Belief(ONE, is_unknown=False), 10**9
    send(truth, "in", "BUY")
    truth.pass_time(0)
    take(truth, "0.4")
    truth.pass_time(3_000)  # it tries, and is told then
    truth.on_refused("in")
    truth.pass_time(8_000)
    truth.belief = lambda _: Belief(ONE, is_unknown=False, lacking=Decimal("0.4"))
    truth.pass_time(60_000)
    truth.end()
    assert truth.positions[0].unguarded.longest_ms == 5_000


def test_no_more_is_given_up_than_was_taken(truth):
    truth.books.transfer("BTC", "-5")
    send(truth, "in", "BUY")
    take(truth, "0.4")
    with pytest.raises(AssertionError, match="given up"):
        truth.on_cut(BTC, Decimal("0.5"))
    truth.on_cut(BTC, Decimal("0.4"))
    assert truth.held[BTC] == Decimal("0.6")
    truth.on_put_back({}, set())  # the journal holds it again, and gives it up again
    truth.on_cut(BTC, Decimal("0.4"))


def test_an_order_that_the_journal_took_over_is_its_own_from_then_on(truth):
    body = {"base_size": "1"}
    order = {"client_order_id": "second", "product_id": BTC, "side": "BUY"}
    truth.books.create(order | {"order_configuration": {"market_market_ioc": body}}, 0)
    assert not truth.held
    truth.on_found("second")
    assert truth.held[BTC] == 1
    truth.on_put_back({}, {"second"})
    assert truth.held[BTC] == 1, "the copy knows of it"
    truth.on_put_back({}, set())
    assert truth.held[BTC] == 0


def test_no_order_stays_unknown_whatever_speaks_for_it(truth):
    truth.belief = lambda _: Belief(Decimal(0), is_unknown=True)
    truth.on_send("lost", BTC)
    truth.on_unknown({"lost"})
    for at_ms in range(60_000, STUCK_MS, 60_000):
        truth.pass_time(at_ms)
        truth.on_contradiction("lost")
    with pytest.raises(AssertionError, match="stays unknown"):
        truth.pass_time(STUCK_MS)
