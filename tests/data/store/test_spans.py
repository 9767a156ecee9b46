"""Spans behave as the sets of moments that they stand for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.store.spans import clip, merge, missing, total_ms

SPAN = st.tuples(st.integers(0, 40), st.integers(0, 40))
SPANS = st.lists(SPAN, max_size=8)


def moments(spans):
    return {ms for start, end in spans for ms in range(start, end)}


@given(SPANS)
def test_merged_spans_are_the_same_time_apart(spans):
    found = merge(spans)
    assert moments(found) == moments(spans)
    assert all(a[1] < b[0] for a, b in pairwise(found))
    assert all(start < end for start, end in found)
    assert total_ms(spans) == len(moments(spans))


@given(SPAN, SPANS)
def test_missing_is_what_is_wanted_and_not_there(wanted, have):
    found = missing(wanted, have)
    assert moments(found) == moments([wanted]) - moments(have)
    assert found == merge(found)


@given(SPAN, SPANS)
def test_clipped_is_what_lies_within(within, spans):
    assert moments(clip(spans, within)) == moments(spans) & moments([within])
