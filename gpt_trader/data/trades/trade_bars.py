"""Bars from trades, exact, and what differs between them and the venue's own.

A bar's open is its first trade, its close the last, in the order of `trade_store.tape_order`:
within a millisecond that of the ids, as nothing else is told of it. Volume is the exact sum.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import numpy as np

from gpt_trader.data.pull import to_bars
from gpt_trader.data.store.spans import Span, clip, merge
from gpt_trader.data.store.store import Store, last_ms, read
from gpt_trader.data.trades.trade_store import read_trade_spans, read_trades, tape_order
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import DAY_MS
from gpt_trader.domain.venue import Candle, Trade

COLUMNS = ("open", "high", "low", "close", "volume")


class BarDifference(NamedTuple):
    """One number of one bar: made of trades, and as the venue states it; None: it has no bar.

    Prices are quote units, volumes base units; `column` is "bar" where one side has none.
    """

    open_ms: int
    column: str
    made: Decimal | None
    stated: Decimal | None


class Compared(NamedTuple):
    """How many bars either side has in the spans that were compared, and what differs."""

    bars: int
    differences: tuple[BarDifference, ...]


def candles_of(trades: Iterable[Trade], interval_ms: int) -> list[Candle]:
    """Return one candle for every interval with trades, oldest first; each id counts once."""
    once = {trade.trade_id: trade for trade in trades}.values()
    return [
        _candle(open_ms, list(group))
        for open_ms, group in groupby(
            sorted(once, key=tape_order), lambda trade: trade.time_ms // interval_ms * interval_ms
        )
    ]


def _candle(open_ms: int, trades: Sequence[Trade]) -> Candle:
    prices = [trade.price for trade in trades]
    volume = sum((trade.size for trade in trades), Decimal(0))
    return Candle(open_ms, prices[0], max(prices), min(prices), prices[-1], volume)


def whole(spans: Iterable[Span], interval_ms: int) -> tuple[Span, ...]:
    """Return the bars that lie in the spans from their first to their last millisecond."""
    return tuple(
        (first, last)
        for start, end in merge(spans)
        if (first := -(-start // interval_ms) * interval_ms)
        < (last := end // interval_ms * interval_ms)
    )


def compare(made: Bars, stated: Bars, spans: Sequence[Span]) -> Compared:
    """Compare bars of trades with the venue's in the spans that both were asked for, whole bars.

    Volumes are the same if they are the same float64, which two equal sums always are.
    """
    of_trades, of_venue = _by_open(made, spans), _by_open(stated, spans)
    opens = sorted(of_trades.keys() | of_venue.keys())
    found = [
        difference
        for open_ms in opens
        for difference in _differences(open_ms, of_trades.get(open_ms), of_venue.get(open_ms))
    ]
    return Compared(len(opens), tuple(found))


def compare_stored(store: Store, product_id: str, interval_ms: int, within: Span) -> Compared:
    """Compare stored trades with stored bars, whole bars that both were asked for in a span.

    A day at a time, so that a day of trades is the most that memory holds. Raises DataError on a
    corrupt file.
    """
    if last_ms(store, product_id, interval_ms) is None:
        return Compared(0, ())
    found = read(store, product_id, interval_ms)
    held = both(read_trade_spans(store, product_id), found.asked)
    spans = whole(clip(held, within), interval_ms)
    count = 0
    differences: list[BarDifference] = []
    for start in range(within[0] // DAY_MS * DAY_MS, within[1], DAY_MS):
        day = (start, start + DAY_MS)
        compared = clip(spans, day)
        if not compared:
            continue
        tape = read_trades(store, product_id, *day).trades
        made = to_bars(candles_of(tape, interval_ms), found.bars.product, interval_ms)
        one = compare(made, found.bars, compared)
        count += one.bars
        differences += one.differences
    return Compared(count, tuple(differences))


def both(a: Sequence[Span], b: Sequence[Span]) -> tuple[Span, ...]:
    """Return the time that lies in both sets of spans."""
    return merge(span for within in merge(a) for span in clip(b, within))


_Row = tuple[Decimal, ...]


def _by_open(bars: Bars, spans: Sequence[Span]) -> dict[int, _Row]:
    """Return open, high, low, close and volume of the bars in the spans, by open."""
    found: dict[int, _Row] = {}
    for span in spans:
        first, last = (int(row) for row in np.searchsorted(bars.time, span))
        for row in range(first, last):
            bar = bars.bar(row)
            ticks = (bar.open, bar.high, bar.low, bar.close)
            prices = (bars.product.price(tick) for tick in ticks)
            found[bar.open_ms] = (*prices, Decimal(repr(bar.volume)))
    return found


def _differences(open_ms: int, made: _Row | None, stated: _Row | None) -> list[BarDifference]:
    if made is None or stated is None:
        closes = (None if row is None else row[3] for row in (made, stated))
        return [BarDifference(open_ms, "bar", *closes)]
    return [
        BarDifference(open_ms, name, ours, theirs)
        for name, ours, theirs in zip(COLUMNS, made, stated, strict=True)
        if ours != theirs
    ]
