"""Columns of a user's own beside the bars."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.checks.quality import digest
from gpt_trader.domain.bars import join
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.errors import DataError, UsageError
from tests.strategies_helpers import HOUR_MS, bars_of

FEAR = np.array([20.0, np.nan, 40.0, 50.0])
BARS = replace(bars_of([100, 101, 102, 103]), extra={"fear": FEAR, "greed": [1, 2, 3, 4]})


def test_they_go_with_the_rows_and_nobody_writes_into_them():
    assert list(BARS.extra) == ["fear", "greed"]
    for part in (BARS[1:3], BARS[np.array([1, 2])], BARS[1:].copy()[:2]):
        np.testing.assert_array_equal(part.extra["fear"], [np.nan, 40.0])
        assert part.extra["greed"].tolist() == [2.0, 3.0]
        assert not part.extra["greed"].flags.writeable
    FEAR[0] = 21.0
    assert BARS.extra["fear"][0] == 20.0
    np.testing.assert_array_equal(join(BARS[:1], BARS[1:]).extra["fear"], BARS.extra["fear"])
    assert len(replace(BARS, extra={}).extra) == 0
    assert len(bars_of([1, 2]).extra) == 0
    assert pickle.loads(pickle.dumps(BARS)).extra["greed"].tolist() == [1, 2, 3, 4]  # noqa: S301


def test_other_columns_are_other_data_and_none_are_none():
    bare = replace(BARS, extra={})
    others = [{"fear": FEAR}, {"fear": FEAR + 1}, {"greed": FEAR}]
    digests = {digest(replace(bare, extra=one)) for one in others}
    assert len(digests | {digest(bare)}) == 4
    assert digest(bars_of([100, 101, 102, 103])) == digest(bare)


@pytest.mark.parametrize(
    "extra, kind, words",
    [
        ({"fear": FEAR[1:]}, DataError, "expected 4 rows of extra column 'fear'"),
        ({"fear": "high"}, TypeError, "numbers in extra column 'fear', was str"),
        ({1: FEAR}, TypeError, "a text as name of an extra column, was 1"),
        ([FEAR], TypeError, "columns by name, was list"),
    ],
)
def test_what_no_columns_are_is_refused(extra, kind, words):
    with pytest.raises(kind, match=words):
        replace(BARS, extra=extra)


def test_a_series_has_the_bars_times():
    series = BARS.to_pandas()["fear"]
    np.testing.assert_array_equal(replace(BARS, extra={"a": series}).extra["a"], series)
    assert len(replace(BARS, extra={"a": series.reset_index(drop=True)}).extra) == 1
    with pytest.raises(DataError, match="'a' is a Series of other times"):
        replace(BARS, extra={"a": series.shift(1, freq="h")})


def test_they_are_not_made_longer_in_silence():
    with pytest.raises(UsageError, match="fear, greed") as error:
        coarsen(BARS, 4 * HOUR_MS)
    assert "replace(bars, extra={})" in error.value.hint
    assert len(coarsen(replace(BARS, extra={}), 4 * HOUR_MS).bars) == 1


def test_bars_that_follow_have_the_same_ones():
    with pytest.raises(DataError, match="were fear, greed and none"):
        join(BARS[:2], replace(BARS[2:], extra={}))
    with pytest.raises(KeyError, match="no extra column 'sentiment'; they have fear, greed"):
        BARS.extra["sentiment"]
