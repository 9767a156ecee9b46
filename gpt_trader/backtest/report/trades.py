"""Each trade: its return, how far it went against and for the position, and when it ended."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import (
    PagePart,
    Ticks,
    TimeSpan,
    empty,
    figure,
    over_time,
    plot,
    value_axis,
)
from gpt_trader.backtest.report.scale import WIDE, Scale, reach, spread, ticks
from gpt_trader.backtest.report.svg import line, mark, tag, view
from gpt_trader.backtest.report.words import compact, day, name, number, percent, plural
from gpt_trader.measure.excursions import Excursions
from gpt_trader.measure.trades import RoundTrip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HEIGHT = 240.0
MOST_DOTS = 600


def outcomes(trades: list[RoundTrip], span: TimeSpan) -> PagePart:
    """Return each closed trade's return at the time of its exit."""
    key, title = "outcomes", "Trades"
    closed = [t for t in trades if t.exit_time is not None]
    if not closed:
        return empty(key, title, _why_none(trades))
    returns = np.array([t.return_pct for t in closed])
    scale = Scale(*reach(returns, zero=True, pad=0.1), 180.0, 0.0)
    shown = choose(returns, MOST_DOTS)
    x = span.x(np.array([t.exit_time for t in closed], np.int64))
    dots = [_dot(float(x[i]), scale.at(returns[i]), closed[i]) for i in shown.tolist()]
    won = int((returns > 0.0).sum())
    says = (
        f"{won:,} of {plural(len(closed), 'trade')} made money after fees. Median "
        f"{percent(float(np.median(returns)), sign=True)}, best {percent(returns.max(), sign=True)}"
        f", worst {percent(returns.min(), sign=True)}."
    )
    return over_time(
        key, title, says, 180.0, span=span, scale=scale, unit="%",
        marks=tag("g", *dots, class_="dots"), note=_drawn(len(shown), len(closed)), more="hover",
    )  # fmt: skip


def _why_none(trades: list[RoundTrip]) -> str:
    return "No trade has ended: one is still open." if trades else "No trades."


def _drawn(shown: int, count: int) -> str:
    said = "Dots gained, rings lost; they stand where the trade ended."
    return said if shown == count else f"{said} {shown:,} of {count:,} trades are drawn."


def excursions(found: Excursions, trades: list[RoundTrip]) -> PagePart:
    """Return two scatters: return against the farthest move against, and for, the position.

    found: of each of `trades`, in their order. At most MOST_DOTS of those closed are drawn.
    """
    closed = np.flatnonzero([t.exit_time is not None for t in trades])
    if len(closed) == 0:
        return empty("excursions", "How far trades went", _why_none(trades))
    returns = np.array([trades[i].return_pct for i in closed.tolist()])
    shown = choose(returns, MOST_DOTS)
    returns, told = returns[shown], [trades[i] for i in closed[shown].tolist()]
    mae, mfe = found.mae_pct[closed[shown]], found.mfe_pct[closed[shown]]
    against = _scatter(
        "mae", "Farthest against", mae, returns, told, _against(mae, returns),
        "worst move against the position while held, %",
    )  # fmt: skip
    gained = _scatter(
        "mfe", "Farthest in favor", mfe, returns, told, _in_favor(mfe, returns),
        "best move in favor of the position while held, %",
    )  # fmt: skip
    return PagePart(tag("div", against, gained, class_="pair"))


def _against(mae: Floats, returns: Floats) -> str:
    won = mae[returns > 0.0]
    if len(won) == 0:
        return "No trade made money."
    reach_ = percent(float(np.quantile(won, 0.9)))
    return f"Nine winners in ten never stood more than {reach_} below their entry."


def _in_favor(mfe: Floats, returns: Floats) -> str:
    lost = mfe[returns <= 0.0]
    if len(lost) == 0:
        return "No trade lost money."
    return f"The median loser had been {percent(float(np.median(lost)))} ahead before it lost."


def _scatter(
    key: str,
    title: str,
    moves: Floats,
    returns: Floats,
    trades: list[RoundTrip],
    says: str,
    axis: str,
) -> str:
    x = Scale(*reach(moves, zero=True), 0.0, WIDE)
    y = Scale(*reach(returns, zero=True, pad=0.1), HEIGHT, 0.0)
    dots = [
        _dot(x.at(m), y.at(r), t)
        for m, r, t in zip(moves.tolist(), returns.tolist(), trades, strict=True)
    ]
    sign = -1.0 if key == "mae" else 1.0
    far = min(x.high, max(sign * y.low, sign * y.high))  # where the move is the whole return
    guide = line(x(np.array([0.0, far])), y(np.array([0.0, sign * far])), "guide")
    values = ticks(x.low, x.high, 4)
    drawn = plot(
        key, HEIGHT, f"{title}: {axis}, against the trade's return. {says}",
        view(HEIGHT, guide), tag("g", *dots, class_="dots"),
        x=Ticks(tuple((x.at(v), compact(v)) for v in values)), y=value_axis(y, "%", 4),
        zero=y.at(0.0),
    )  # fmt: skip
    return figure(key, title, says, drawn, note=f"Across: {axis}. Up: return after fees, %.")


def _dot(x: float, y: float, trade: RoundTrip) -> str:
    """Return a dot for a gain and a ring for a loss, with the trade as its tooltip."""
    gained = trade.return_pct > 0.0
    return mark(*(("dot", "mine") if gained else ("ring", "loss")), x, y, _tell(trade))


def choose(values: Floats, most: int) -> Ints:
    """Return at most `most` rows in order: the ten best and worst, the rest evenly spread."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    order = np.argsort(values, kind="stable")
    return np.unique(np.concatenate([order[:10], order[-10:], spread(n, most - 20)]))


def _tell(trade: RoundTrip) -> str:
    assert trade.exit_time is not None
    left = name(trade.exit_reason or "")
    return (
        f"{trade.product} {trade.side}: {percent(trade.return_pct, sign=True)} "
        f"({number(trade.pnl, sign=True)}), {day(trade.entry_time)} to {day(trade.exit_time)}, "
        f"{left}"
    )
