"""What speaks against an order's absence: silence never does, and neither do deposits."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.search import CLOCKS_MS, Found, contradiction, search, tells
from gpt_trader.domain.account import Balance, History, RemoteFill
from gpt_trader.domain.order import Order, OrderIntent, OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.state import with_new_orders
from gpt_trader.errors import Unavailable
from tests.engine_helpers import Desk

SENT = 1_600_000_000_000
EXPECTED = {"USD": Decimal(8_000), "COIN": Decimal(10)}
INTENT = OrderIntent(
    "ours", "COIN-USD", 1, OrderType.MARKET, TimeInForce.IOC, 0, 2_000 * 10**8, sent_ms=SENT
)


def fill_of(order_id, side=1, size="20", price="100", at_ms=SENT + 1_000, product="COIN-USD"):
    return RemoteFill(
        "e" + order_id, "t", order_id, product, side, at_ms, "FILL", Decimal(price),
        Decimal(size), Decimal(2), "", None,
    )  # fmt: skip


@dataclass
class Row:
    """An order of the history, as far as it is read here."""

    order_id: str
    life: OrderStatus | None = OrderStatus.FILLED
    side: int = 1
    product_id: str = "COIN-USD"
    base_size: Decimal | None = None
    filled_size: Decimal | None = None
    client_order_id: str = "by hand"
    created_ms: int | None = None


@pytest.fixture
def desk():
    made = Desk()
    made.bar(10_000)
    return made


def against(desk, order, orders=(), fills=(), usd=8_000, coin=10, wallets=None, on_hold=0):
    held = {"USD": Decimal(usd), "COIN": Decimal(coin)} if wallets is None else wallets
    found = Found(orders, fills, held, {"COIN": Decimal(on_hold)}, True)
    return contradiction(desk.plan, desk.state, order, found, EXPECTED)


UNKNOWN = Order(INTENT, OrderStatus.SUBMIT_UNKNOWN)
SALE = UNKNOWN._replace(intent=INTENT._replace(side=-1, lots=10, quote=0))


def test_an_account_that_is_as_expected_speaks_for_absence(desk):
    assert against(desk, UNKNOWN) == ""
    assert against(desk, SALE) == ""


def test_a_fill_of_an_order_that_nobody_knows_contradicts(desk):
    assert "x9" in against(desk, UNKNOWN, fills=[fill_of("x9")])
    assert against(desk, UNKNOWN, fills=[fill_of("x9", product="GOLD-USD")]) == ""


def test_wallets_that_moved_as_a_fill_moves_them_contradict(desk):
    assert "as if" in against(desk, UNKNOWN, usd=5_998, coin=30)
    assert "as if" in against(desk, SALE, usd=8_998, coin=0)
    assert against(desk, SALE, usd=5_998, coin=30) == "", "the other way"


def test_coins_that_are_on_hold_beyond_what_known_orders_hold_contradict(desk):
    assert "on hold" in against(desk, SALE, on_hold=10)
    assert against(desk, SALE, on_hold=9) == ""
    assert against(desk, UNKNOWN, on_hold=10) == "", "a buy holds none"
    theirs = Row("x1", OrderStatus.OPEN, -1, base_size=Decimal(12), filled_size=Decimal(2))
    assert against(desk, SALE, on_hold=10, orders=[theirs]) == ""
    assert "on hold" in against(desk, SALE, on_hold=20, orders=[theirs])
    assert "on hold" in against(desk, SALE, on_hold=10, orders=[Row("x2", side=-1)]), "it has ended"


def test_a_deposit_or_a_withdrawal_alone_is_no_fill(desk):
    assert against(desk, UNKNOWN, coin=30) == ""
    assert against(desk, UNKNOWN, usd=5_998) == ""


def test_what_somebody_else_traded_meanwhile_explains_what_moved(desk):
    """His order is in the history, ours is not: the wallets moved for his."""
    theirs = {"orders": [Row("x1")], "fills": [fill_of("x1")]}
    assert against(desk, UNKNOWN, usd=5_998, coin=30, **theirs) == ""
    assert "as if" in against(desk, UNKNOWN, usd=3_996, coin=50, **theirs), "both were filled"
    theirs["fills"].append(fill_of("x1")._replace(trade_type="CORRECTION"))
    assert "as if" in against(desk, UNKNOWN, usd=3_996, coin=50, **theirs), "told again: no more"


def test_what_somebody_else_traded_just_before_may_not_be_adopted_yet(desk):
    theirs = {"orders": [Row("x1"), Row("x2")]}
    fills = [fill_of("x1", at_ms=SENT - 9_000), fill_of("x2", at_ms=SENT - 1_000)]
    assert against(desk, UNKNOWN, usd=5_998, coin=30, fills=fills, **theirs) == "", "the newer one"
    assert against(desk, UNKNOWN, usd=3_996, coin=50, fills=fills, **theirs) == "", "both"
    assert against(desk, UNKNOWN, fills=fills, **theirs) == "", "both are adopted"
    assert "as if" in against(desk, UNKNOWN, usd=1_994, coin=70, fills=fills, **theirs)


def test_a_fill_of_long_before_an_order_is_not_its_own_and_explains_what_is_apart(desk):
    older = [fill_of("x1", at_ms=SENT - 7_200_000)]
    assert against(desk, UNKNOWN, fills=older) == "", "nobody knows its order: it is not this one"
    assert against(desk, UNKNOWN, usd=5_998, coin=30, fills=older) == ""


def test_a_move_that_is_larger_than_an_order_is_not_its_own(desk):
    """Somebody converts coins in an app: there is no order, and no fill."""
    sale = SALE._replace(intent=SALE.intent._replace(lots=5))
    assert "as if" in against(desk, sale, usd=8_498, coin=5)
    assert against(desk, sale, usd=8_598, coin=4) == ""
    assert "as if" in against(desk, UNKNOWN, usd=5_900, coin=31), "at another price"
    assert against(desk, UNKNOWN, usd=5_500, coin=35) == ""


def test_a_fill_of_an_order_of_ours_that_is_known_explains_nothing(desk):
    """It is booked, or will be: the expectation moves with it."""
    known = UNKNOWN._replace(intent=INTENT._replace(client_order_id="old"), exchange_id="x2")
    desk.state = with_new_orders(desk.state, known)
    assert "as if" in against(desk, UNKNOWN, usd=5_998, coin=30, fills=[fill_of("x2")])


@pytest.mark.parametrize("missing", ["COIN", "USD"])
def test_a_look_that_does_not_tell_a_wallet_is_none(missing, desk):
    [coin] = desk.plan.products
    whole = Found([], [], EXPECTED, {}, True)
    half = {key: value for key, value in EXPECTED.items() if key != missing}
    assert tells(coin, UNKNOWN, whole, EXPECTED)
    assert not tells(coin, UNKNOWN, whole._replace(wallets=half), EXPECTED)
    assert tells(coin, UNKNOWN, whole._replace(wallets=half), half), "it is to hold nothing"
    assert not tells(coin, UNKNOWN, whole._replace(is_whole=False), EXPECTED)


NAMELESS = Row("x9", life=OrderStatus.OPEN, client_order_id="")


@pytest.mark.parametrize(
    "row, order, is_told",
    [
        (NAMELESS, UNKNOWN, False),
        (NAMELESS, SALE, True),
        (replace(NAMELESS, product_id="ELSE-USD"), UNKNOWN, True),
        (replace(NAMELESS, client_order_id="by hand"), UNKNOWN, True),
        (replace(NAMELESS, created_ms=INTENT.sent_ms - CLOCKS_MS - 1), UNKNOWN, True),
        (replace(NAMELESS, created_ms=INTENT.sent_ms - CLOCKS_MS), UNKNOWN, False),
        (NAMELESS, UNKNOWN._replace(exchange_id="x1"), True),
    ],
)
def test_an_order_of_nobody_knows_whom_may_be_one_that_it_is_like(row, order, is_told, desk):
    [coin] = desk.plan.products
    assert tells(coin, order, Found([row], [], EXPECTED, {}, True), EXPECTED) == is_told


class Account:
    """An account at the wire, of which one answer may be missing."""

    def __init__(self, missing="", *, is_whole=True):
        self.missing, self.is_whole, self.since = missing, is_whole, {}

    def _answer(self, name, found):
        if name == self.missing:
            raise Unavailable("half an answer")
        return found

    def fills(self, *, since_ms):
        self.since["fills"] = since_ms
        rows = [fill_of("stray"), fill_of("told"), fill_of("other", product="GOLD-USD")]
        return self._answer("fills", History(rows, True))

    def orders(self, *, since_ms):
        self.since["orders"] = since_ms
        return self._answer("orders", History([Row("told")], self.is_whole))

    def open_orders(self, since_ms):
        self.since["open_orders"] = since_ms
        return self._answer("open_orders", History([Row("of long ago"), Row("told")], True))

    def order(self, order_id):
        return self._answer("order", Row(order_id))

    def balances(self):
        return self._answer("balances", [Balance("USD", Decimal(7), Decimal(1))])


def test_a_look_reads_everything_and_looks_up_what_only_fills_tell():
    account = Account()
    found = search(account, ["COIN-USD"], SENT)
    assert {one.order_id for one in found.orders} == {"told", "stray", "of long ago"}
    assert [one.order_id for one in found.fills] == ["stray", "told"], "of these products"
    assert found.wallets == {"USD": Decimal(8)}
    assert found.is_whole
    assert not search(Account(is_whole=False), ["COIN-USD"], SENT).is_whole
    assert account.since["orders"] <= SENT - 86_400_000, "a clock may have been a day off"
    search(account, ["COIN-USD"], SENT, SENT - 10)
    assert account.since["fills"] < SENT - 10, "never less than without it"
    search(account, ["COIN-USD"], SENT, SENT - 99_000_000)
    assert account.since["fills"] == account.since["orders"] == SENT - 99_000_000


@pytest.mark.parametrize("missing", ["fills", "orders", "open_orders", "order", "balances"])
def test_half_a_look_is_none(missing):
    with pytest.raises(Unavailable):
        search(Account(missing), ["COIN-USD"], SENT)
