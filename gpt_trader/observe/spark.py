"""Numbers as a line of blocks."""

import numpy as np
from numpy.typing import NDArray

LEVELS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 60


def sparkline(
    values: NDArray[np.float64], *, floor: float | None = None, width: int = SPARK_WIDTH
) -> str:
    """Return values as a line of blocks, each the last value of its stretch.

    values: (n,) float64, n >= 1, finite. floor: value of the lowest block; None: the least.
    """
    ends = np.linspace(0, len(values) - 1, min(width, len(values))).astype(np.int64)
    points = values[ends]
    low = float(points.min()) if floor is None else floor
    span = float(points.max()) - low
    if span <= 0.0:
        return LEVELS[0] * len(points)
    steps = np.minimum((points - low) / span * len(LEVELS), len(LEVELS) - 1).astype(np.int64)
    return "".join(LEVELS[step] for step in steps.tolist())
