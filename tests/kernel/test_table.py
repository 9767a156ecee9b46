"""What is done by a product's place does it to that product's slot alone."""

from math import nan

import numpy as np
import pytest

from gpt_trader.kernel import table
from gpt_trader.kernel.codes import ACT_EXIT, BUY, FILL_ENTRY, FILL_EXIT, SELL
from gpt_trader.kernel.sizing import Ticket
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE
from tests.kernel.rows import DEAR, FAR_MS, FREE, flat, holding, told, working


def two():
    """A flat product beside one that holds, with an exit at work."""
    exiting = working(holding(5, stop=0.1), KIND_LIMIT, SELL, 5, limit=10_100, reason=FILL_EXIT)
    return np.array([flat(10_000), exiting])


@pytest.mark.parametrize(
    "act, names, found",
    [
        (lambda s: table.close_bar(s, 1, 10_050, 7), ("close_ticks", "bars_held"), (10_050, 1)),
        (lambda s: table.clear_order(s, 1), ("kind", "left_lots"), (KIND_NONE, 0)),
        (lambda s: table.miss_order(s, 1), ("attempts", "kind"), (-1, KIND_LIMIT)),
        (lambda s: table.trigger(s, 1), ("kind", "side", "left_lots"), (KIND_SIZE, SELL, 5)),
        (
            lambda s: table.fill_order(s, 1, SELL, 5, 10_100, FILL_EXIT, FREE),
            ("lots", "stop_ticks"),
            (0, 0),
        ),
        (
            lambda s: table.protect(s, 1, 10_000, 0.05, 0.1, nan),
            ("stop_ticks", "take_ticks"),
            (9_500, 11_000),
        ),
        (
            lambda s: table.place_order(
                s, 1, Ticket(ACT_EXIT, KIND_SIZE, SELL, 5, 0, 0, 0, 0.0, 0.0), 9, FAR_MS, nan, nan,
                nan, 0, DEAR,
            ),
            ("kind", "cause", "taker_e8"),
            (KIND_SIZE, 9, DEAR.taker_e8),
        ),
    ],
)  # fmt: skip
def test_only_the_product_at_its_place_is_touched(act, names, found):
    slots = two()
    before = repr(slots[0])
    act(slots)
    assert told(slots[1], *names) == found
    assert repr(slots[0]) == before


def test_a_bar_between_the_levels_leaves_a_product_idle():
    slots = np.array([holding(5, stop=0.1), working(flat(), KIND_LIMIT, BUY, 5, reason=FILL_ENTRY)])
    assert table.is_idle(slots, 0, 10_100, 9_900)
    assert not table.is_idle(slots, 0, 10_100, 9_000)
    assert not table.is_idle(slots, 1, 10_100, 9_900)
