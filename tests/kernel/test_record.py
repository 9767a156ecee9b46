"""Records hold a value's fields under their names, and give them back."""

from math import inf, isnan
from typing import NamedTuple

import numpy as np
import pytest

from gpt_trader.kernel.bounds import BOUNDS, Bounds, bounds_of, bounds_record
from gpt_trader.kernel.costs import COSTS, Costs, costs_of, costs_record
from gpt_trader.kernel.record import record_type
from gpt_trader.kernel.rounding import SPEC, Spec, spec_at, spec_table
from gpt_trader.kernel.style import STYLE, Style, style_at, style_table


class Some(NamedTuple):
    """A value of both sorts of numbers."""

    share: float
    lots: int


def test_a_record_has_a_values_fields_in_their_sorts():
    assert record_type(Some) == np.dtype([("share", np.float64), ("lots", np.int64)])


@pytest.mark.parametrize(
    "kind, record, there_and_back",
    [
        (Costs, COSTS, lambda value: costs_of(costs_record(value))),
        (Bounds, BOUNDS, lambda value: bounds_of(bounds_record(value._asdict()))),
        (Style, STYLE, lambda value: style_at(style_table([value]), 0)),
        (Spec, SPEC, lambda value: spec_at(spec_table([value]), 0)),
    ],
)
def test_no_field_of_a_value_is_lost_or_takes_the_place_of_another(kind, record, there_and_back):
    value = kind(*range(1, len(kind._fields) + 1))
    assert record.names == kind._fields
    assert tuple(there_and_back(value)) == tuple(value)


def test_no_field_has_a_default_that_would_stand_in_for_a_forgotten_one():
    for kind in (Costs, Bounds, Style, Spec):
        assert not kind._field_defaults


def test_a_limit_that_did_not_arrive_is_not_a_number():
    found = bounds_of(bounds_record({"max_product": inf}))
    assert found.max_product == inf
    assert isnan(found.max_drawdown)
