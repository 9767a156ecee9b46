"""Each product's price with what was bought and sold, where stops acted, and who held when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import PagePart, Readout, TimeSpan, over_time, swatch, switch
from gpt_trader.backtest.report.scale import Scale, reach, spread
from gpt_trader.backtest.report.stops import stop_levels, stop_lines
from gpt_trader.backtest.report.svg import band, esc, line, mark, n1, tag
from gpt_trader.backtest.report.words import minute, name, number, plural
from gpt_trader.domain.bars import Bars
from gpt_trader.kernel.codes import (
    FILL_NAMES,
    FILL_STOP,
    FILL_TAKE_PROFIT,
    FILL_TRAIL,
    LIQUIDITY_NAMES,
    SIDE_NAMES,
)
from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
HEIGHT = 300.0
COLUMNS = 700  # of one product's price; shared out where there are many products
LEAST_COLUMNS = 120
MARKS = 400
LEAST_MARKS = 60
PRODUCTS = 24
PROTECTIVE = (FILL_STOP, FILL_TRAIL)


@dataclass(frozen=True, slots=True)
class FillsRead:
    """Fills as the crosshair tells them: places 0 to 1000 across, one line each."""

    name: str
    x: list[float]
    text: list[str]


def prices(path: Path, span: TimeSpan, trades: Rows) -> tuple[PagePart, list[FillsRead]]:
    """Return every product's chart, one shown at a time, and the fills they tell.

    trades: TRADE_DTYPE rows. Beyond PRODUCTS products those traded most are drawn.
    """
    counts = np.bincount(path.fills["product"], minlength=len(path.bars))
    order = np.argsort(-counts, kind="stable")[:PRODUCTS]
    shown = sorted(order.tolist())
    columns = max(LEAST_COLUMNS, min(COLUMNS, 3 * COLUMNS // len(shown)))
    marks = max(LEAST_MARKS, min(MARKS, 3 * MARKS // len(shown)))
    panels, told = [], []
    for j in shown:
        panel, fills = _price(path, span, trades, j, columns, marks)
        panels.append(panel)
        told.append(fills)
    left = len(path.bars) - len(shown)
    more = f"{plural(left, 'more product')} traded less and not drawn." if left else ""
    buttons = [(path.bars[j].product.product_id, f"price-{j}") for j in shown]
    html = tag(
        "div",
        switch("Product", buttons) if len(path.bars) > 1 else "",
        *(p.html for p in panels),
        tag("p", esc(more), class_="note") if more else "",
        class_="products",
    )
    return PagePart(html, tuple(s for p in panels for s in p.series)), told


def _price(
    path: Path, span: TimeSpan, trades: Rows, j: int, columns: int, most_marks: int
) -> tuple[PagePart, FillsRead]:
    bars, key = path.bars[j], f"price-{j}"
    tick, product = bars.product.tick, bars.product
    fills = path.fills[path.fills["product"] == j]
    low, high, close, close_ms = _by_column(bars, columns)
    stopped, levels = stop_levels(path, trades, j)
    if len(levels):
        some = spread(len(levels), most_marks)
        stopped, levels = stopped[some], levels[some]
    scale = Scale(*reach(low * tick, high * tick, fills["ticks"] * tick, levels), HEIGHT, 0.0)
    x = span.x(close_ms)
    kept = fills[spread(len(fills), most_marks)] if len(fills) else fills
    places = span.x(path.time[kept["bar"]])
    marks = [
        mark(*_symbol(int(f["side"]), int(f["reason"])), float(at), scale.at(f["ticks"] * tick))
        for at, f in zip(places, kept, strict=True)
    ]
    told = FillsRead(
        key,
        [round(float(at), 2) for at in places],
        [_tell(f, product.lot, tick, int(path.time[f["bar"]])) for f in kept],
    )
    counts = [int((fills["side"] > 0).sum()), int((fills["side"] < 0).sum())]
    stops = int(np.isin(fills["reason"], PROTECTIVE).sum())
    says = (
        f"{plural(counts[0], 'buy')}, {plural(counts[1], 'sell')}, of them {plural(stops, 'stop')}."
        if len(fills)
        else "No fills: nothing was bought or sold."
    )
    note = "" if len(kept) == len(fills) else f"{len(kept):,} of {len(fills):,} fills are marked."
    last = np.searchsorted(bars.time + bars.interval_ms, span.reads, side="right") - 1
    places_shown = max(0, -int(product.price_increment.normalize().as_tuple().exponent))
    read = np.where(last >= 0, bars.close[np.maximum(last, 0)] * tick, np.nan)
    panel = over_time(
        key, f"Price and fills: {product.product_id}", says, HEIGHT,
        band(x, scale(low * tick), scale(high * tick), "range"),
        line(x, scale(close * tick), "price"),
        stop_lines(path, span, scale, stopped, levels),
        span=span, scale=scale, count=5, fills=key, note=note, more="product",
        series=[Readout(key, product.product_id, "", places_shown, read)],
        marks=tag("g", *_held(path, span, j), class_="held") + tag("g", *marks, class_="fills"),
    )  # fmt: skip
    symbols = _symbols_key(fills, stops=len(levels) > 0)
    return PagePart(panel.html.replace('<div class="plot">', f'{symbols}<div class="plot">', 1),
                 panel.series), told  # fmt: skip


def _by_column(bars: Bars, columns: int) -> tuple[Floats, Floats, Floats, Ints]:
    """Return each column's low, high and last close in ticks, and the ms of that close."""
    n = len(bars)
    starts = np.arange(min(columns, n)) * n // min(columns, n)
    ends = np.append(starts[1:], n) - 1
    return (
        np.minimum.reduceat(bars.low, starts).astype(np.float64),
        np.maximum.reduceat(bars.high, starts).astype(np.float64),
        bars.close[ends].astype(np.float64),
        bars.time[ends] + bars.interval_ms,
    )


def _symbol(side: int, reason: int) -> tuple[str, str]:
    """Return the symbol and the class of a fill: the shape alone tells them apart."""
    if reason in PROTECTIVE:
        return "cross", "loss"
    if reason == FILL_TAKE_PROFIT:
        return "diamond", "mine"
    return ("up", "mine") if side > 0 else ("down", "ink")


_SYMBOL_NAMES = (
    ("up", "mine", "buy"),
    ("down", "ink", "sell"),
    ("cross", "loss", "stop or trail"),
    ("diamond", "mine", "take profit"),
)


def _symbols_key(fills: Rows, *, stops: bool) -> str:
    """Return what the symbols mean, of those that occur."""
    pairs = np.unique(np.stack([fills["side"], fills["reason"]], axis=1), axis=0)
    used = {_symbol(int(side), int(reason)) for side, reason in pairs.tolist()}
    items = [
        tag(
            "li",
            tag(
                "svg",
                tag("use", href=f"#{symbol}", x=7, y=6, class_=class_),
                width=14, height=12, aria_hidden="true",
            ),
            says,
        )
        for symbol, class_, says in _SYMBOL_NAMES
        if (symbol, class_) in used
    ]  # fmt: skip
    items += [tag("li", swatch("held"), "held")] if len(fills) else []
    items += [tag("li", swatch("level"), "stop level")] if stops else []
    return tag("ul", *items, class_="keys always") if items else ""


def _held(path: Path, span: TimeSpan, j: int) -> list[str]:
    """Return a strip under the price where the product was held."""
    mine = path.fills[path.fills["product"] == j]
    lots = np.cumsum(mine["side"] * mine["lots"])
    changes = np.flatnonzero(np.diff(np.concatenate([[0], (lots != 0).astype(np.int64)])))
    times = path.time[mine["bar"][changes]]
    if len(times) % 2:
        times = np.append(times, span.end_ms)
    pieces = [
        f"M{n1(max(a, 0.0))} {HEIGHT - 3:.0f}H{n1(max(b, a + 0.5))}"
        for a, b in span.x(times).reshape(-1, 2).tolist()
    ]
    if not pieces:
        return []
    path_ = tag("path", d="".join(dict.fromkeys(pieces)), class_="line held")
    return [
        tag(
            "svg", path_, class_="view", viewBox=f"0 0 1000 {HEIGHT:g}", width="100%",
            height=f"{HEIGHT:g}", preserveAspectRatio="none",
        )
    ]  # fmt: skip


def _tell(fill: np.void, lot: float, tick: float, time_ms: int) -> str:
    """Return a fill in words."""
    side = SIDE_NAMES[int(fill["side"])]
    places = max(0, -int(np.floor(np.log10(tick) + 1e-9)))
    return (
        f"{side} {fill['lots'] * lot:.6g} at {number(fill['ticks'] * tick, places)}, "
        f"{name(FILL_NAMES[int(fill['reason'])])}, {LIQUIDITY_NAMES[int(fill['liquidity'])]}, "
        f"{minute(time_ms)}"
    )
