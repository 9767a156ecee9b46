"""The grid as a map of two parameters: plateaus and spikes at a glance."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.optimize.space import Axis, Space

Floats = NDArray[np.float64]


@equal_by_fields
@dataclass(frozen=True, slots=True)
class HeatMap:
    """values: (len(y), len(x)) float64, NaN where nothing has a score.

    x, y: the first two axes of the grid; y is None where there is one. over: names of the other
    parameters, of whose values the best is shown. chosen: (row, column) of the chosen point.
    """

    x: Axis
    y: Axis | None
    values: Floats = field(repr=False)
    over: tuple[str, ...]
    chosen: tuple[int, int] | None

    @property
    def says_something(self) -> bool:
        """Whether two cells have a score: one alone has nothing to be held against."""
        return int(np.count_nonzero(~np.isnan(self.values))) > 1


NO_MAP = "no map: fewer than two points have a score, and one alone shows no plateau"


def heat_map(space: Space, scores: Floats, chosen: int | None) -> HeatMap:
    """Lay scores, (k,) in grid order, out as a map."""
    shape = space.shape
    wide = scores.reshape(shape[0], shape[1] if len(shape) > 1 else 1, -1)
    best = np.fmax.reduce(wide, axis=2)  # NaN only where all are
    at = None
    if chosen is not None:
        index = np.unravel_index(chosen, shape)
        at = (int(index[1]) if len(shape) > 1 else 0, int(index[0]))
    return HeatMap(
        x=space.axes[0],
        y=space.axes[1] if len(shape) > 1 else None,
        values=best.T,
        over=tuple(axis.name for axis in space.axes[2:]),
        chosen=at,
    )
