"""What a session reads beside what it trades, and where the bars of it come from."""

from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import ClassVar

import pytest

from gpt_trader.domain.product import Product
from gpt_trader.engine.window import window_of
from gpt_trader.errors import ConfigError
from gpt_trader.runtime import simulated
from gpt_trader.runtime.live.reading import Reading
from gpt_trader.runtime.reads import names_read, past_read, series_read
from tests.domain.test_market import BTC, DAY, ETH, HOUR, bars

SOL = Product("SOL-USD", Decimal("0.001"), Decimal("0.0001"), Decimal("0.01"), Decimal(1))


@dataclass(frozen=True)
class Reads:
    reads: dict
    name: ClassVar[str] = "reads"
    warmup: ClassVar[int] = 5
    min_bars: ClassVar[int] = 1

    def targets(self, market):
        return {}


ONE = Reads({"BTC-USD": 3, "BTC-USD@1h": 3, "BTC-USD@1d": 2, "SOL-USD": 4})
OTHER = Reads({"BTC-USD@1d": 7})
PRODUCTS = [BTC.product, ETH.product]


def read(strategies, intervals, grids=()):
    ids = ["BTC-USD", "ETH-USD"]
    names = names_read(strategies, ids, intervals, HOUR)
    return series_read(names, PRODUCTS, dict(grids))


def test_what_is_traded_on_the_grid_is_not_read_twice():
    found = names_read([ONE, OTHER], ["BTC-USD", "ETH-USD"], [HOUR, HOUR], HOUR)
    assert found == {"BTC-USD@1d": 7, "SOL-USD@1h": 4}


def test_of_a_route_of_longer_bars_these_are_read():
    found = names_read([ONE, OTHER], ["BTC-USD", "ETH-USD"], [HOUR, DAY], HOUR)
    assert found == {"BTC-USD@1d": 7, "SOL-USD@1h": 4, "ETH-USD@1d": 5}
    both = names_read([ONE, OTHER], ["BTC-USD", "ETH-USD"], [DAY, DAY], HOUR)
    assert both == {"BTC-USD@1d": 7, "SOL-USD@1d": 4, "ETH-USD@1d": 5}


def test_each_is_counted_on_the_grid_of_its_product():
    daily, sol = read([ONE, OTHER], [HOUR, HOUR], {"SOL-USD": SOL})
    assert (daily.name, daily.interval_ms, daily.bars) == ("BTC-USD@1d", DAY, 7)
    assert daily.product == Product("BTC-USD", Decimal("0.01"), Decimal("0.5"))
    assert (sol.interval_ms, sol.product.price_increment) == (HOUR, Decimal("0.0001"))
    assert sol.product.base_min_size != SOL.base_min_size  # nobody trades it
    with pytest.raises(ConfigError, match="SOL-USD@1h is read, and nobody tells its bars"):
        read([ONE, ONE], [HOUR, HOUR])


def test_a_market_of_the_past_makes_longer_bars_of_its_own():
    reads = read([ONE, ONE], [HOUR, HOUR], {"SOL-USD": SOL})
    sol = bars("SOL-USD", range(48))
    found = past_read(reads, {"SOL-USD": sol}, [BTC, ETH])
    assert found["SOL-USD@1h"] is sol
    assert found["BTC-USD@1d"].close.tolist() == [123, 147]
    with pytest.raises(ConfigError, match="there are no bars of it"):
        past_read(reads, {}, [BTC, ETH])


@pytest.mark.parametrize("closed, due", [(DAY, 0), (2 * DAY, DAY), (DAY + HOUR, -1), (HOUR, -1)])
def test_a_longer_bar_is_due_where_it_closes(closed, due):
    [daily] = read([OTHER, OTHER], [HOUR, HOUR])
    assert daily.due_ms(closed) == due


def told(known, *, bars_kept=4, rows=48):
    """What a feed of the past tells of BTC-USD's hours, hour by hour, to a session that knows some.

    known: rows of the window that it has.
    """
    series = bars("BTC-USD", range(rows))
    [_, hours] = series_read({"ETH-USD@1d": 1, "BTC-USD@1h": bars_kept}, PRODUCTS, {})
    window = window_of(hours.product, HOUR, [series.bar(i) for i in known]) if known else None
    state = SimpleNamespace(reads={} if window is None else {"BTC-USD@1h": window})
    wired = SimpleNamespace(plan=SimpleNamespace(reads=[hours]), reads={"BTC-USD@1h": series})
    newest = {"BTC-USD@1h": simulated._told_ms(wired, state, hours)}
    events = [list(simulated._read(wired, newest, hour * HOUR)) for hour in (20, 21, 22)]
    return [[bar.open_ms // HOUR for event in row for bar in event.bars] for row in events]


def test_what_is_read_is_told_once_and_no_further_back_than_it_is_looked():
    assert told([]) == [[16, 17, 18, 19], [20], [21]]
    assert told([15, 16, 17, 18]) == [[19], [20], [21]]
    assert told([16, 17, 18, 19]) == [[], [20], [21]]


def test_a_window_that_is_too_short_is_told_anew_once():
    assert told([18, 19]) == [[16, 17, 18, 19], [20], [21]]


def test_after_a_long_time_no_more_is_asked_for_than_is_looked_back_on():
    [daily] = read([OTHER, OTHER], [HOUR, HOUR])
    series = bars("BTC-USD", range(3), interval_ms=DAY)
    window = window_of(daily.product, DAY, [series.bar(i) for i in range(3)])
    reading = Reading(SimpleNamespace(reads=[daily]))
    [asked] = reading.wanted(SimpleNamespace(reads={daily.name: window}), 100 * DAY + 5_000)
    assert (asked.first_ms, asked.last_ms) == (92 * DAY, 99 * DAY)
