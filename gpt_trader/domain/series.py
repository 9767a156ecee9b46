"""A Series of pandas as a column: its values alone say nothing of the times that they are for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def is_of_other_rows(column: Any, time: NDArray[np.int64]) -> bool:  # noqa: ANN401
    """Whether a column is a Series whose index is neither the opens of the bars nor 0 to n - 1.

    time: (n,) int64 ms UTC. Times without a zone are UTC. False of what has no index.
    """
    if not (hasattr(column, "index") and hasattr(column, "iloc")):
        return False
    if hasattr(column.index, "tz"):
        moments = column.index.to_numpy("datetime64[ms]").view(np.int64)
        return not np.array_equal(moments, time)
    rows = np.asarray(column.index)
    return not (np.array_equal(rows, np.arange(len(time))) or np.array_equal(rows, time))
