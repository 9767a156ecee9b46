"""Records: the fields of a value, by name, as compiled code takes them from the interpreter.

A value itself costs a microsecond a call, one record in an array a quarter of one, and its bare
words a twentieth. Inside compiled code a record is a pointer and a value is registers: records are
what is changed in place, values what is handed on.
"""

from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.int64]  # records as their bare words; `view` gives them their names back


def record_type(kind: Any) -> np.dtype[np.void]:  # noqa: ANN401
    """Return the type of a NamedTuple's record: its float and int fields under their names."""
    numbers = {float: np.float64, int: np.int64}
    hints = get_type_hints(kind)
    return np.dtype([(name, numbers[hints[name]]) for name in kind._fields])


def words(records: NDArray[np.void]) -> Words:
    """Return records as words of eight bytes, which their fields must be."""
    return records.view(np.int64)
