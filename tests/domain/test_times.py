import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.times import (
    INTERVALS,
    format_interval,
    format_time,
    parse_interval,
    parse_time,
    read_time,
)
from gpt_trader.errors import UsageError

JANUARY_31 = 1_643_587_200_000


@pytest.mark.parametrize("text", list(INTERVALS))
def test_interval_round_trips(text):
    assert format_interval(parse_interval(text)) == text


def test_interval_is_shown_in_its_largest_whole_unit():
    assert format_interval(180_000) == "3m"
    assert format_interval(90_000) == "90s"
    assert format_interval(250) == "250ms"
    assert format_interval(14 * 86_400_000) == "14d"


def test_interval_refuses_others_and_names_the_nearest():
    with pytest.raises(UsageError, match="'10m'") as caught:
        parse_interval("10m")
    assert "did you mean 15m?" in caught.value.hint
    with pytest.raises(UsageError):
        parse_interval("")


@pytest.mark.parametrize(
    "text, said",
    [
        ("1w", "the longest is 1d: one of"),
        ("2d", "the longest is 1d: one of"),
        ("60m", "did you mean 1h?"),
        ("24h", "did you mean 1d?"),
        ("90 s", "did you mean 1m?"),
        ("hour", "one of 1m"),
    ],
)
def test_the_nearest_interval_is_so_in_time(text, said):
    with pytest.raises(UsageError) as caught:
        parse_interval(text)
    assert said in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "2022-01-31",
        "2022-01-31T00:00",
        "2022-01-31 00:00:00",
        "2022-01-31T00:00:00Z",
        "2022-01-31T00:00:00.000Z",
        "2022-01-31T02:30:00+02:30",
        "1643587200",
        "1643587200.0",
        "1643587200000",
        " 1643587200000 ",
    ],
)
def test_time_reads_every_spelling_alike(text):
    assert parse_time(text) == JANUARY_31


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "20220131",
        "2022-02-30",
        "nan",
        "inf",
        "1e300",
        "9e14",
        "-9e14",
        "2022-01-31T00:00:00.0001",
    ],
)
def test_time_refuses_what_is_not_a_time(text):
    with pytest.raises(UsageError, match="expected a time"):
        parse_time(text)


def test_time_knows_whether_a_zone_is_stated():
    assert read_time("2022-01-31T00:00:00Z") == (JANUARY_31, True)
    assert read_time("2022-01-31T00:00:00") == (JANUARY_31, False)
    assert read_time("1643587200") == (JANUARY_31, True)


@given(st.integers(0, 7_258_118_400_000))
def test_format_time_and_parse_time_are_inverse(ms):
    assert parse_time(format_time(ms)) == ms


def test_format_time_has_milliseconds_and_z():
    assert format_time(JANUARY_31) == "2022-01-31T00:00:00.000Z"
    assert format_time(1) == "1970-01-01T00:00:00.001Z"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_lesson_24_time_is_utc_under_another_zone(zone):
    code = (
        "from gpt_trader.domain.times import *;"
        "print(parse_time('2022-07-01T12:00'), format_time(parse_time('2022-07-01')))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out == "1656676800000 2022-07-01T00:00:00.000Z\n"
