"""A run as frames of pandas: the numbers of the command's files, times UTC, text the only objects.

Every call makes a new frame: whoever changes one changes nobody else's.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.files import (
    FILLS_HEADER,
    TRADES_HEADER,
    fill_lines,
    trade_lines,
)
from gpt_trader.backtest.run import PORTFOLIO
from gpt_trader.domain.frame import sizes, utc
from gpt_trader.domain.times import format_interval
from gpt_trader.kernel.codes import FILL_NAMES
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.held import lots_held, weights_held
from gpt_trader.measure.metrics import drawdown_curve_pct
from gpt_trader.measure.path import Path

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
PLACES = 6  # of a percentage in the files
TIMES = ("time", "entry_time", "exit_time")
NUMBERS = {
    **dict.fromkeys(
        ("size", "price", "fee", "entry_price", "exit_price", "fees", "pnl", "return_pct"),
        "float64",
    ),
    "bars_held": "int64",
}


def equity_frame(path: Path) -> "pd.DataFrame":
    """Return the file `--equity`: by the bar's open, what stands at its close.

    equity: float64 quote. drawdown_pct: float64 percent below the highest so far, >= 0.
    close_time: UTC.
    """
    import pandas as pd  # noqa: PLC0415

    falls = drawdown_curve_pct(path.equity, path.start)
    columns = {
        "equity": np.rint(path.equity * UNITS_PER_QUOTE) / UNITS_PER_QUOTE,
        "drawdown_pct": np.round(falls, PLACES) + 0.0,  # no -0.0
        "close_time": utc(path.time + path.interval_ms),
    }
    return pd.DataFrame(columns, index=utc(path.time))


def returns(path: Path) -> "pd.Series[float]":
    """Return each bar's change of the equity as a fraction, by the bar's open.

    float64; the first is that of the cash at the start; NaN where no equity was left to change.
    """
    import pandas as pd  # noqa: PLC0415

    before = np.concatenate([[path.start], path.equity[:-1]])
    gained = np.full(len(before), np.nan)
    np.divide(path.equity - before, before, out=gained, where=before > 0.0)
    return pd.Series(gained, index=utc(path.time), name="returns")


def positions(path: Path) -> "pd.DataFrame":
    """Return what is held at each close, float64 base units, a column a product; short is < 0."""
    held = [sizes(bars.product, lots_held(path, j)) for j, bars in enumerate(path.bars)]
    return _by_product(path, np.column_stack(held))


def weights(path: Path) -> "pd.DataFrame":
    """Return what is held at each close as a share of the equity, float64, a column a product."""
    return _by_product(path, weights_held(path))


def fills_frame(path: Path) -> "pd.DataFrame":
    """Return the file `--fills`, a row a fill in time order; time: the open of its bar.

    size: float64 base units, price and fee float64 quote.
    """
    lines = fill_lines(
        path.fills,
        [bars.product for bars in path.bars],
        time=path.time,
        interval=format_interval(path.interval_ms),
        portfolio=PORTFOLIO,
    )
    return _read(FILLS_HEADER, lines)


def trades_frame(path: Path, rows: Rows) -> "pd.DataFrame":
    """Return the file `--trades`, a row a trade in order of entry.

    Of an open one exit_time is NaT, exit_price and exit_reason NaN, and pnl counts what is held at
    the last close. size: float64 base units; prices, fees and pnl float64 quote; return_pct percent
    of what the entries were worth.
    """
    products = [bars.product for bars in path.bars]
    lines = trade_lines(rows, products, time=path.time, last_ticks=path.last_ticks)
    return _read(TRADES_HEADER, lines)


def orders_frame(path: Path) -> "pd.DataFrame":
    """Return a row an order that filled, wholly or in part, in the order of first fills.

    decided: the open of the bar whose close made it. filled, filled_until: the opens of the bars of
    its first and last fill. size: float64 base units filled; price: average; fee: all of it, quote;
    liquidity: maker, taker or both. An order that never filled left nothing behind.
    """
    import pandas as pd  # noqa: PLC0415

    fills = path.fills
    made = fills_frame(path).assign(
        lots=fills["lots"],
        units=fills["fee"],
        decided=utc(path.time[fills["cause"]]),
        reason=pd.Series([FILL_NAMES[code] for code in fills["reason"].tolist()], dtype="str"),
    )
    made["worth"] = made["size"] * made["price"]
    by_order = made.groupby("client_order_id", sort=False)
    found = by_order.agg(
        product=("product", "first"),
        side=("side", "first"),
        decided=("decided", "first"),
        filled=("time", "min"),
        filled_until=("time", "max"),
        fills=("time", "size"),
        size=("lots", "sum"),
        price=("price", "first"),
        fee=("units", "sum"),
        liquidity=("liquidity", "first"),
        reason=("reason", "first"),
    )
    found = found.astype({"size": "float64"})
    found["fee"] /= UNITS_PER_QUOTE
    for bars in path.bars:
        mine = found["product"] == bars.product.product_id
        found.loc[mine, "size"] = sizes(bars.product, found.loc[mine, "size"].to_numpy())
    several = by_order["price"].min() != by_order["price"].max()
    found.loc[several, "price"] = by_order["worth"].sum() / by_order["size"].sum()
    mixed = by_order["liquidity"].min() != by_order["liquidity"].max()
    found.loc[mixed, "liquidity"] = "both"
    return found.reset_index()


def _by_product(path: Path, columns: Floats) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    ids = [bars.product.product_id for bars in path.bars]
    return pd.DataFrame(columns, index=utc(path.time), columns=ids)


def _read(header: str, lines: Iterable[str]) -> "pd.DataFrame":
    """Return what the command's own lines say: no number can be another one here than there."""
    import pandas as pd  # noqa: PLC0415

    names = header.split(",")
    cells = list(zip(*(line.split(",") for line in lines), strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _column(name, one) for name, one in zip(names, cells, strict=True)})


def _column(name: str, cells: Sequence[str]) -> "pd.Series[Any]":
    """Return a column of a file, typed; what is empty there is NaN or NaT here."""
    import pandas as pd  # noqa: PLC0415

    if name in NUMBERS:
        return pd.Series([float(cell or "nan") for cell in cells], dtype=NUMBERS[name])
    if name in TIMES:
        milliseconds = [cell.removesuffix("Z") or "NaT" for cell in cells]
        return pd.Series(np.array(milliseconds, "datetime64[ms]")).dt.tz_localize("UTC")
    return pd.Series([cell or None for cell in cells], dtype="str")
