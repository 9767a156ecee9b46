"""What a universe does to a backtest: who may be held when, and what becomes of the delisted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.raw_run import RawRun
from gpt_trader.data.panel import Panel
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.selection import Membership, inside, while_listed
from gpt_trader.domain.times import format_time
from gpt_trader.kernel.codes import FILL_DELISTED
from gpt_trader.measure.path import Listed

Insides = Sequence[NDArray[np.bool_] | None]


def insides_of(universe: Membership | None, series: Sequence[Bars], delay_bars: int) -> Insides:
    """Return for each product whether it is in at each of its bars' closes, None for always.

    delay_bars: by which targets act later.
    """
    if universe is None:
        return [None] * len(series)
    return [inside(bars, universe, delay_bars=delay_bars) for bars in series]


def delisted(universe: Membership | None, panel: Panel) -> list[int]:
    """Return the numbers of the products whose last listing ends with the data, or before."""
    if universe is None:
        return []
    over_ms = int(panel.time[-1]) + panel.interval_ms
    ids = [product.product_id for product in panel.products]
    return [j for j, one in enumerate(ids) if all(end <= over_ms for _, end in universe.spans(one))]


def listed(universe: Membership | None, series: Sequence[Bars]) -> tuple[Listed, ...]:
    """Return the bars of each product's listings; empty where nobody says."""
    if universe is None:
        return ()
    return tuple(
        Listed(bars[rows], is_over)
        for bars in series
        for rows, is_over in while_listed(bars, universe)
    )


def say_written_off(raw: RawRun, panel: Panel) -> list[str]:
    """Say what was held of a product at the end of its listing, and is worth nothing."""
    closed_ms = panel.time + panel.interval_ms
    gone = raw.fills[raw.fills["reason"] == FILL_DELISTED]
    products = [panel.products[j] for j in gone["product"].tolist()]
    return [
        f"{one.size(int(fill['lots'])):f} of {one.product_id} could not be sold before it was "
        f"delisted on {format_time(int(closed_ms[fill['bar']]))[:10]}, and count as nothing"
        for one, fill in zip(products, gone, strict=True)
    ]
