"""Longer bars from finer ones, and finer ones as the detail of longer ones."""

from collections.abc import Sequence

import numpy as np

from gpt_trader.data.panel import Panel
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError
from gpt_trader.kernel.detail import Detail


def resample(bars: Bars, interval_ms: int) -> Bars:
    """Return the whole bars of a longer interval (`timeframes.coarsen`).

    Raises UsageError unless the interval is a longer multiple, DataError if no whole bar is left.
    """
    whole = coarsen(bars, interval_ms).bars
    if not len(whole):
        raise DataError(
            f"{bars.product.product_id} has no whole bar of {format_interval(interval_ms)}",
            hint="a shorter --interval, or more data",
        )
    return whole


def check_detail(series: Sequence[Bars], detail: Sequence[Bars]) -> None:
    """Raise DataError unless each product's bars are its detail, resampled; none is fine."""
    if not detail:
        return
    if [b.product for b in series] != [b.product for b in detail]:
        raise DataError("expected detail of the same products, in the same order")
    for bars, fine in zip(series, detail, strict=True):
        whole = resample(fine, bars.interval_ms)
        whole = whole[slice(*np.searchsorted(whole.time, [bars.time[0], bars.time[-1] + 1]))]
        columns = {
            "time": (whole.time, bars.time),
            "open": (whole.open, bars.open),
            "high": (whole.high, bars.high),
            "low": (whole.low, bars.low),
            "close": (whole.close, bars.close),
        }
        for name, (added, stated) in columns.items():
            if not np.array_equal(added, stated):
                raise DataError(
                    f"the detail of {bars.product.product_id} does not add up to its bars: {name}",
                    hint="resample the bars from the detail",
                )


def detail_of(panel: Panel, series: Sequence[Bars]) -> Detail:
    """Return fine bars, one series a product of the panel, as the simulator reads them."""
    begin = np.empty(panel.present.shape, np.int64)
    end = np.empty(panel.present.shape, np.int64)
    before = 0
    for j, bars in enumerate(series):
        begin[:, j] = before + np.searchsorted(bars.time, panel.time)
        end[:, j] = before + np.searchsorted(bars.time, panel.time + panel.interval_ms)
        before += len(bars)
    return Detail(
        series[0].interval_ms,
        np.concatenate([b.open for b in series]),
        np.concatenate([b.high for b in series]),
        np.concatenate([b.low for b in series]),
        np.concatenate([b.volume for b in series]),
        np.concatenate([b.quotes for b in series]),
        begin,
        end,
    )
