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
    points = sample(values, width)
    low = float(points.min()) if floor is None else floor
    span = float(points.max()) - low
    if span <= 0.0:
        return LEVELS[0] * len(points)
    steps = np.minimum((points - low) / span * len(LEVELS), len(LEVELS) - 1).astype(np.int64)
    return "".join(LEVELS[step] for step in steps.tolist())


def sample(values: NDArray[np.float64], width: int = SPARK_WIDTH) -> NDArray[np.float64]:
    """Return at most `width` values, each the last of its stretch, the first and last included."""
    ends = np.linspace(0, len(values) - 1, min(width, len(values))).astype(np.int64)
    return values[ends]
