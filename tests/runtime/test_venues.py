"""The table of exchanges, and a row that is nowhere but in the tests."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.venue import Machine
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.broker.simulated.quotes import QuotePaper
from gpt_trader.cli.main import main
from gpt_trader.config.load import load_profile
from gpt_trader.config.venues import CoinbaseKeys
from gpt_trader.config.words import VENUES
from gpt_trader.data.pull import pull
from gpt_trader.data.store.store import Store, read, writing
from gpt_trader.engine.events import Quoted
from gpt_trader.errors import AuthError, ConfigError, Unavailable
from gpt_trader.runtime.venues import (
    check_abilities,
    check_kind,
    check_steps,
    product_of,
    simulated_broker,
    venue_of,
)
from tests.broker.tiny.exchange import Exchange
from tests.broker.tiny.venue import row
from tests.engine_helpers import COIN, Desk

HOUR = 3_600_000
MACHINE = Machine({}, lambda: 0.0, lambda _: None, lambda: 0.0, 1)


@pytest.mark.parametrize("word", VENUES)
def test_a_row_says_what_its_exchange_can_do(word):
    venue = venue_of(word)
    assert venue.word == word
    assert venue.order_types
    assert venue.page_bars > 0
    assert HOUR in venue.intervals_ms
    assert {0} == {min(venue.fees.tiers.values())}


def test_a_word_that_has_no_row_reaches_no_exchange_and_no_simulation():
    for find in (venue_of, simulated_broker):
        with pytest.raises(AssertionError, match="unreachable"):
            find("kraken")


def test_words_that_send_nothing_have_their_own_brokers():
    assert isinstance(simulated_broker("paper"), QuotePaper)
    assert isinstance(simulated_broker("observe"), ObserveBroker)
    assert simulated_broker("coinbase") is None


@pytest.mark.parametrize("key", ["feed", "broker"])
def test_an_unknown_word_ends_with_its_place_and_nothing_runs(key, tmp_path, capsys):
    profile = tmp_path / "mine.yaml"
    words = {"feed": "coinbase", "broker": "paper"} | {key: "kraken"}
    lines = ["mode: paper", *(f"{k}: {v}" for k, v in words.items()), "strategy: hold"]
    profile.write_text("\n".join([*lines, "products: [BTC-USD]", ""]))
    state = tmp_path / "state"
    assert main(["run", "-p", str(profile), "--once", "--state-dir", str(state)]) == 3
    said = capsys.readouterr().err
    line = 2 if key == "feed" else 3
    assert f"mine.yaml:{line}:{len(key) + 3}" in said
    assert "kraken" in said
    assert not state.exists()


def test_another_row_streams_and_is_pulled_by_its_own_words_and_pages(tmp_path):
    exchange = Exchange(now_ms=100 * HOUR)
    venue = row(exchange)
    market = venue.market(CoinbaseKeys(), MACHINE)
    product = product_of(market.product("COIN-USD"))
    assert product == COIN
    store, span = Store(tmp_path), (10 * HOUR, 70 * HOUR)
    with writing(store):
        found = pull(market, store, product, HOUR, span, stop=lambda: False, tell=lambda _: None)
    assert (found.pages, found.added) == (60 // venue.page_bars, 60)
    assert read(store, "COIN-USD", HOUR).sources == ("tiny",)

    desk = Desk()
    link = Link(
        [product], HOUR, broker=PaperBroker(), dialect=venue.dialect, sign=None, urls=(None, None),
        now_ms=lambda: 5, clock=lambda: 0.0, random=lambda: 0.0,
    )  # fmt: skip
    link.put(venue.dialect.read(json.dumps(["book", 1, ["COIN-USD", "99.99", "100.01"]])))
    assert list(link.events(desk.plan, lambda: desk.state, 7)) == [
        Quoted(7, "COIN-USD", 9_999, 10_001)
    ]
    link.stream.stop()
    with pytest.raises(Unavailable):
        venue.dialect.read("<html>")


@pytest.mark.parametrize(
    "changed, problem",
    [
        ({}, None),
        ({"interval_ms": 5 * 60_000, "interval": "5m"}, "no candles of 5m"),
        ({"products": ("BTC-PERP",)}, "no perpetuals: BTC-PERP"),
    ],
)
def test_a_profile_may_want_only_what_its_exchange_can_do(changed, problem):
    settings = replace(load_profile("paper", env={}).settings, **({"interval_ms": HOUR} | changed))
    venue = row(Exchange())
    assert venue.stops_rest
    if problem is None:
        check_abilities(venue, settings)
        return
    with pytest.raises(ConfigError, match=problem):
        check_abilities(venue, settings)


def test_only_spot_products_are_traded():
    spot = row(Exchange()).market(CoinbaseKeys(), MACHINE).product("COIN-USD")
    check_kind(spot)
    check_kind(spot._replace(product_type=""))
    with pytest.raises(ConfigError, match="COIN-USD is a FUTURE: only spot"):
        check_kind(spot._replace(product_type="FUTURE"))


def test_a_price_of_a_few_steps_is_not_traded():
    spot = row(Exchange()).market(CoinbaseKeys(), MACHINE).product("COIN-USD")
    check_steps(spot._replace(price=None))
    check_steps(spot._replace(price_increment=Decimal(10), price=Decimal(100)))
    with pytest.raises(ConfigError, match=r"COIN-USD is at 1\.42 in steps of 10"):
        check_steps(spot._replace(price_increment=Decimal(10), price=Decimal("1.42")))


def test_another_rows_account_needs_its_key():
    exchange = Exchange(wallets={"USD": Decimal(5)})
    venue = row(exchange)
    with pytest.raises(AuthError):
        venue.account(CoinbaseKeys(), MACHINE, lambda: 0, False)
    account = venue.account(CoinbaseKeys(key_file="k"), MACHINE, lambda: 0, False)
    assert [one.total for one in account.balances()] == [5]
    assert venue.tokens(CoinbaseKeys(key_file="k"), MACHINE, lambda: 0)() == "token"
