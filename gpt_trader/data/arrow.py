"""Columns of Arrow as numpy has them, without what pyarrow does before it hands one over.

Its `to_numpy` imports pandas first, which takes a second or two and swallows a Ctrl-C meanwhile.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def numbers_of(column: "pa.ChunkedArray") -> NDArray[Any]:
    """Return a column of numbers, (n,) of its own dtype; with nulls float64 and NaN in their place.

    May be read-only.
    """
    if not column.null_count:
        return np.from_dlpack(column.combine_chunks())
    found = np.full(len(column), np.nan)
    found[~nulls_of(column)] = np.from_dlpack(column.drop_null().combine_chunks())
    return found


def nulls_of(column: "pa.ChunkedArray") -> NDArray[np.bool_]:
    """Return where a column has no value, (n,) bool."""
    flags: NDArray[Any] = np.from_dlpack(column.is_null().cast("uint8").combine_chunks())
    return flags.view(np.bool_)
