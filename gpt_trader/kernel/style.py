"""How a product's orders are worked, as the kernel takes it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.record import record_type

STYLE_TAKER = 0
STYLE_MAKER_FIRST = 1
STYLE_MAKER_ONLY = 2


class Style(NamedTuple):
    """How orders are worked. maker: STYLE_*."""

    entry_maker: int
    entry_offset_e8: int
    entry_ttl_bars: int
    exit_maker: int
    exit_offset_e8: int
    exit_ttl_bars: int


STYLE = record_type(Style)
StyleTable = NDArray[np.void]  # one record of STYLE a product


def style_table(styles: Sequence[Style]) -> StyleTable:
    """Return the styles of products as records."""
    return np.array(list(styles), STYLE)


@compiled
def style_at(table: StyleTable, j: int) -> Style:
    """Style of product j of a table."""
    found = table[j]
    return Style(
        entry_maker=found["entry_maker"],
        entry_offset_e8=found["entry_offset_e8"],
        entry_ttl_bars=found["entry_ttl_bars"],
        exit_maker=found["exit_maker"],
        exit_offset_e8=found["exit_offset_e8"],
        exit_ttl_bars=found["exit_ttl_bars"],
    )
