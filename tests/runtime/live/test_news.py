"""What follows from an answer about a product, and about fees."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.catalog import AGAIN_MS, CLOSED_MS, REFUSED_MS, Catalog, Listing
from gpt_trader.domain.account import FeeTier
from gpt_trader.domain.product import AS_COUNTED
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.engine.events import Noted, ProductSeen
from gpt_trader.errors import DataError
from gpt_trader.runtime.live.news import FEES, SURE_MS, News
from tests.engine_helpers import Desk

COIN = ProductInfo(
    "COIN-USD", "SPOT", "COIN", "USD", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1),
    "online", (), None, None,
)  # fmt: skip
OFF = COIN._replace(flags=("trading_disabled",), closed="trading is disabled")
TIER = FeeTier("Intro", Decimal("0.006"), Decimal("0.012"), None, None)


class Scene:
    """A session whose exchange answers what a test says."""

    def __init__(self, listing=COIN):
        self.desk, self.now_ms, self.tier, self.listing = Desk(), 1, TIER, listing
        known = {"COIN-USD": Listing("COIN-USD", listing, "")}
        self.news = News(
            self.desk.plan, lambda: self.desk.state, lambda: self.now_ms, Catalog(known), self.ask,
            lambda: self.tier, (TIER.maker_rate, TIER.taker_rate),
        )  # fmt: skip

    def ask(self, _):
        if isinstance(self.listing, Exception):
            raise self.listing
        return self.listing

    def turn(self, now_ms):
        """Ask what is due; return what it is about, and what follows."""
        self.now_ms = now_ms
        questions = list(self.news.questions())
        return [q.about for q in questions], [e for q in questions for e in self.take(q)]

    def take(self, question):
        yield from self.send(question.take(question.ask()))

    def send(self, events):
        for event in events:
            self.desk.send(event)
            yield event


def test_a_product_that_closes_and_opens_is_told_each_once():
    scene = Scene()
    assert scene.turn(1) == ([(FEES,)], []), "the product was asked for just now"
    scene.listing = OFF
    about, found = scene.turn(1 + AGAIN_MS)
    assert about == [("product", "COIN-USD"), (FEES,)]
    now_ms = 1 + AGAIN_MS
    assert found == [
        Noted(now_ms, "COIN-USD", "COIN-USD flags: none -> trading_disabled"),
        ProductSeen(now_ms, "COIN-USD", "trading is disabled"),
    ]
    now_ms += CLOSED_MS
    assert scene.turn(now_ms) == ([("product", "COIN-USD")], []), "asked more often, told once"
    scene.listing = DataError("404")
    now_ms += CLOSED_MS
    [gone] = scene.turn(now_ms)[1]
    assert gone == ProductSeen(now_ms, "COIN-USD", "not listed any more: 404")
    scene.listing = COIN
    now_ms += CLOSED_MS
    assert scene.turn(now_ms)[1] == [ProductSeen(now_ms, "COIN-USD", "")]


@pytest.mark.parametrize("step, is_believed", [("0.05", True), ("1.01", False), ("1000", False)])
def test_a_grid_that_changes_is_believed_if_it_is_likely_and_told_twice(step, is_believed):
    scene = Scene()
    scene.desk.bar(10_000)
    scene.turn(1)
    scene.listing = COIN._replace(price_increment=Decimal(step))
    now_ms = 1 + AGAIN_MS
    [noted] = scene.turn(now_ms)[1]
    assert isinstance(noted, Noted)
    assert scene.turn(now_ms + SURE_MS) == ([], [])
    about, found = scene.turn(now_ms + REFUSED_MS)
    assert about == [("product", "COIN-USD")]
    ticks = int(Decimal(step) * 100)
    assert [one.grid.ticks for one in found] == [ticks] * is_believed
    assert scene.desk.state.grids[0].ticks == (ticks if is_believed else 1)
    scene.listing = COIN
    later_ms = now_ms + REFUSED_MS + AGAIN_MS
    scene.turn(later_ms)
    scene.turn(later_ms + REFUSED_MS)
    assert scene.desk.state.grids == (AS_COUNTED,)


def test_a_grid_that_is_told_once_is_not_believed():
    scene = Scene()
    scene.desk.bar(10_000)
    scene.turn(1)
    now_ms = 1
    for step in ("0.05", "0.01", "0.05", "0.07"):
        scene.listing = COIN._replace(price_increment=Decimal(step))
        now_ms += AGAIN_MS
        assert not any(isinstance(one, ProductSeen) for one in scene.turn(now_ms)[1])


@pytest.mark.parametrize(
    "listing, found", [(COIN, []), (OFF, [ProductSeen(1, "COIN-USD", OFF.closed)])]
)
def test_what_was_asked_before_the_start_is_told_at_it(listing, found):
    scene = Scene(listing)
    assert list(scene.send(scene.news.at_start())) == found
    assert list(scene.send(scene.news.at_start())) == []


def test_rates_that_changed_are_told_once():
    scene = Scene()
    scene.tier = TIER._replace(name="Intro 1")
    assert scene.turn(1)[1] == []
    scene.tier = TIER._replace(maker_rate=Decimal("0.0025"))
    [noted] = scene.turn(1 + AGAIN_MS)[1]
    assert noted.about == FEES
    assert "maker 0.6% -> 0.25%" in noted.text
    assert scene.turn(1 + 2 * AGAIN_MS)[1] == []
