# ruff: noqa: F811 - a fixture that is imported
"""A held product takes only limit orders, or only resting ones: killed, exited, never made bare."""

from decimal import Decimal

import pytest

from gpt_trader.cli.main import main
from gpt_trader.engine.waiting import BELOW_MINIMUM
from tests.e2e.test_delisted import RUN, data
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.live_helpers import HOUR

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

PROFILE = ["--profile", "canary"]
RUN = ["products=BTC-USD" if one.startswith("products=") else one for one in RUN]
KILL = ["kill", "--flatten", *PROFILE]


@pytest.fixture
def books(account, capsys):
    """The books of an account that holds a coin with its stop."""
    assert main(RUN) == 0
    [_, stop] = account.books.orders.values()
    assert (stop.side, stop.status) == ("SELL", "OPEN")
    capsys.readouterr()
    account.books.resting_stop = stop
    return account.books


def test_kill_sells_by_limit_where_no_market_order_is_taken(books, capsys):
    books.rules["BTC-USD"].flags.add("limit_only")
    code, found = data(capsys, *KILL)
    assert (code, found["held"]) == (0, []), found
    sold = [one for one in books.orders.values() if one.side == "SELL" and one.filled]
    assert [one.kind for one in sold] == ["sor_limit_ioc"]
    assert books.resting_stop.status == "CANCELLED"
    assert not [one for one in books.orders.values() if one.status == "FAILED"], "none was refused"


@pytest.mark.parametrize("flag", ["post_only", "cancel_only", "trading_disabled"])
def test_kill_leaves_the_stop_where_nothing_could_be_sold_and_sells_once_it_can(
    flag,
    books,
    account,
    capsys,
):
    books.rules["BTC-USD"].flags.add(flag)
    code, found = data(capsys, *KILL)
    assert code == 1
    [held] = found["held"]
    assert held["stop"] == format(books.resting_stop.stop, "f")
    assert held["why"]
    assert books.resting_stop.status == "OPEN"
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 6
    assert books.resting_stop.status == "OPEN"
    books.rules["BTC-USD"].flags.clear()
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 6, "halted; the wish is carried out"
    capsys.readouterr()
    code, status = data(capsys, "status", *PROFILE)
    assert status["positions"] == []
    assert status["closed"] == {}


def test_an_exit_of_a_route_sells_by_limit_too(books, account, capsys):
    books.rules["BTC-USD"].flags.add("limit_only")
    account.advance(account.now_ms + 64 * HOUR)
    assert main([*RUN, "--set", "order_style.exit.style=taker"]) == 0
    sold = [one for one in books.orders.values() if one.side == "SELL" and one.filled]
    assert [one.kind for one in sold] == ["sor_limit_ioc"]


@pytest.mark.parametrize("base, price", [("0.0001", "1"), ("0.000000001", "0.001")])
def test_a_grid_that_changes_while_it_is_held(base, price, books, account, capsys):
    rules = books.rules["BTC-USD"]
    rules.base_increment, rules.price_increment = Decimal(base), Decimal(price)
    held = books.totals["BTC"]
    for _ in range(2):
        account.advance(account.now_ms + HOUR)
        assert main(RUN) == 0, capsys.readouterr().err
    [stop] = [one for one in books.orders.values() if one.side == "SELL" and one.status == "OPEN"]
    assert stop.size == held, "a stop that rests stays, whatever the grid"
    assert books.violations == []
    code, found = data(capsys, *KILL)
    assert [one["why"] for one in found["held"]] == [BELOW_MINIMUM] * code, "what no step sells"
    assert books.totals["BTC"] == held % Decimal(base)
    assert books.violations == []


def test_a_minimum_that_rises_above_what_is_held(books, account, capsys):
    rules = books.rules["BTC-USD"]
    rules.base_min = Decimal(1)
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 0
    capsys.readouterr()
    [held] = data(capsys, "status", *PROFILE)[1]["positions"]
    assert "below the smallest order" in held["not_sellable"]
    code, found = data(capsys, *KILL)
    assert code == 1
    [left] = found["held"]
    assert left["stop"] == format(books.resting_stop.stop, "f")
    assert left["why"] == held["not_sellable"]
    assert books.resting_stop.status == "OPEN"
    rules.base_min = Decimal("0.00000001")
    assert data(capsys, *KILL)[0] == 0
    assert books.totals["BTC"] == 0
