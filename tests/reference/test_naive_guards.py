"""The compiled loop and the rows in plain Python refuse alike, whatever is read or missing."""

from math import inf, nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.kernel.guards import NOWHERE, refuses_entry, refuses_operator, said
from gpt_trader.kernel.readings import OF_ORDER, OF_PRODUCT, no_readings
from gpt_trader.risk.guards import BARS, GUARDS, LIVE
from gpt_trader.risk.policy import SETTINGS
from gpt_trader.risk.table import guard_table, where
from tests.examples import examples
from tests.reference.naive_guards import refusal

READ = OF_PRODUCT + OF_ORDER
NUMBERS = st.sampled_from([nan, 0.0, 0.0, 0.0, 1.0, 0.5, 2.0, -1.0, 20.0, inf])
CALM = {"least_input": 1.0, "order_worth": 5.0, "free_cash": 9.0, "order_least": 1.0}


@examples(60)
@given(
    read=st.dictionaries(st.sampled_from(READ), NUMBERS, max_size=6),
    limits=st.dictionaries(
        st.sampled_from([setting.limit for setting in SETTINGS]), NUMBERS, max_size=3
    ),
    missing=st.sets(st.sampled_from([setting.limit for setting in SETTINGS]), max_size=1),
    order=st.permutations(GUARDS),
    source=st.sampled_from([BARS, LIVE]),
    is_perpetual=st.booleans(),
)
def test_the_loop_refuses_as_the_rows_say(read, limits, missing, order, source, is_perpetual):
    rows = tuple(order)
    numbers = dict.fromkeys(READ, 0.0) | CALM | read
    policy = {setting.limit: 30.0 for setting in SETTINGS} | limits
    policy = {name: limit for name, limit in policy.items() if name not in missing}
    place = where(source, is_perpetual=is_perpetual)
    table, readings = guard_table(rows, policy, [place]), no_readings()
    for name, number in numbers.items():
        readings[name] = number
    reasons = {guard.code: guard.reason for guard in rows}
    for ask, entries_only in ((refuses_operator, False), (refuses_entry, True)):
        k = ask(table, 0, readings)
        ours = (
            None if k == NOWHERE else (reasons[table[0, k]["code"]], *said(table[0, k], readings))
        )
        theirs = refusal(rows, numbers, policy, place, entries_only=entries_only)
        np.testing.assert_equal(ours, theirs)
