"""Whether a run's own orders fit into what was traded: a fill larger than its bar is no market's.

Prices are taken as they were, whatever the run itself does. That holds while it is a small part of
the volume, and is an invention beyond: nothing in the bars tells at what price more was to be had.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.kernel.stats.stats import fill_values
from gpt_trader.measure.doubt import FRAGILE, Doubt
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import grids

Floats = NDArray[np.float64]
ROOM = 0.01  # of a bar's volume: what the middle fill may take, as `metrics.capacity` has it
BOUNDED = 0.1  # a cap of participation up to it is one; more of a bar moves its price
MOST_BEYOND = 0.01  # of the value traded: what may be in fills larger than their bars


def shares(path: Path) -> Floats:
    """Return each fill's part of its bar's volume, (m,) float64; infinite of a bar without.

    NaN of a product whose volume is not known at all.
    """
    out = np.full(len(path.fills), np.nan)
    for p, bars in enumerate(path.bars):
        mine = path.fills["product"] == p
        if not bars.volume.any():
            continue
        volumes = bars.volume[path.rows(p, path.fills["bar"][mine])]
        with np.errstate(divide="ignore"):
            out[mine] = path.fills["lots"][mine] * bars.product.spec.lot / volumes
    return out


def too_large(path: Path, costs: CostModel) -> Iterator[Doubt]:
    """Yield that a run traded more than its bars have room for, unless its costs bound that."""
    if costs.participation is not None and costs.participation <= BOUNDED:
        return
    of_bars = shares(path)
    known = ~np.isnan(of_bars)
    if not known.any():
        return
    of_bars = of_bars[known]
    bound = "--participation bounds what a fill may take."
    middle = float(np.median(of_bars))
    if middle > ROOM:
        yield Doubt(
            FRAGILE,
            f"Its middle fill is {_times(middle)} what its bar traded, above {ROOM:.0%}: at such a "
            f"size prices do not stay as they were. Less cash would fit, or {bound}",
        )
        return
    grid = grids([bars.product for bars in path.bars])
    values = fill_values(path.fills, *grid).astype(np.float64)[known]
    beyond = of_bars > 1.0
    if values[beyond].sum() > MOST_BEYOND * values.sum():
        yield Doubt(
            FRAGILE,
            f"{int(beyond.sum()):,} of its {len(of_bars):,} fills are larger than all that their "
            f"bars traded: nobody could have had them; {bound}",
        )


def _times(share: float) -> str:
    if share == np.inf:
        return "beyond all of"
    return f"{share:,.0f} times" if share >= 2.0 else f"{share:.1%} of"
