"""The strip shows what is there, what is missing, and why."""

from xml.etree import ElementTree as ET

import numpy as np

from gpt_trader.data.checks.gaps import find
from gpt_trader.data.files.strip import LEGEND, cells, line, svg

MINUTE = 60_000
COUNT = 6400


def strip(without, asked, width=64):
    time = np.array(sorted(set(range(COUNT)) - set(without)), np.int64) * MINUTE
    return cells(time, MINUTE, find(time, MINUTE, asked), width)


ALL = [(0, COUNT * MINUTE)]


def test_a_whole_history_is_full():
    assert line(strip([], ALL)) == "█" * 64


def test_marks_tell_why():
    without = [*range(1000, 1200), *range(3000, 3060), *range(5000, 5100)]
    asked = [(0, 5000 * MINUTE), (5100 * MINUTE, COUNT * MINUTE)]
    text = line(strip(without, asked))
    assert len(text) == 64
    assert text[10:12] == "xx"
    assert text[30] == "x"
    assert text[50] == "?"
    assert set(text) == {"█", "x", "?"}
    assert all(mark in LEGEND for mark in text)


def test_every_missing_bar_is_in_a_cell():
    for width in (7, 64, 1000):
        found = strip(range(1234, 1300), ALL, width)
        sizes = np.diff(np.linspace(0, COUNT, width + 1).astype(int))
        lost = sum(n * s for c, n in zip(found, sizes, strict=True) for s in c.missing.values())
        assert round(lost) == 66
        there = sum(n * c.covered for c, n in zip(found, sizes, strict=True))
        assert round(there) == COUNT - 66


def test_few_bars_are_few_cells():
    assert len(cells(np.array([0, MINUTE]), MINUTE, [], 64)) == 2


def test_the_picture_is_well_formed_and_titled():
    picture = ET.fromstring(  # noqa: S314 - our own
        svg("A & B <x>", strip(range(1000, 1200), ALL), COUNT * MINUTE)
    )
    texts = [e.text for e in picture.iter() if e.tag.endswith("text")]
    assert "A & B <x>" in texts
    assert "venue outage" in texts
    assert "1970-01-01" in texts
