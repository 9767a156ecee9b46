"""A bar that may not be true is told when it closes, once, and nothing else happens."""

from types import SimpleNamespace

import numpy as np
import pytest

from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import BarClosed, BarMissed, Ticked
from gpt_trader.runtime.doubts import LEAST, BarsInDoubt
from tests.strategies_helpers import BTC, HOUR_MS

PLAN = SimpleNamespace(products=[BTC], index={BTC.product_id: 0}, interval_ms=HOUR_MS)


def bar(i, level=100_000, high=None):
    close = level + (0, 300, 700)[i % 3]
    return Bar(BTC.product_id, i * HOUR_MS, close, high or close + 900, close - 900, close, 1.0 + i)


@pytest.fixture
def told():
    found = []
    return found, BarsInDoubt(PLAN, found.append)


def close(doubts, *bars, kind=BarClosed):
    for one in bars:
        event = kind(one.open_ms + HOUR_MS, one)
        doubts.watch(None, [SimpleNamespace(event=event)])


def test_usual_bars_are_not_told(told):
    found, doubts = told
    close(doubts, *map(bar, range(60)))
    doubts.watch(None, [SimpleNamespace(event=Ticked(1))])
    assert found == []


def test_a_far_high_is_told_once(told):
    found, doubts = told
    close(doubts, *map(bar, range(40)), bar(40, high=1_000_000), *map(bar, range(41, 60)))
    (said,) = found
    assert said.startswith("the BTC-USD bar of 1970-01-02T16:00 is in doubt: highs or lows far")
    assert said.endswith("times")


def test_another_level_is_told_at_its_first_bar(told):
    found, doubts = told
    close(doubts, *map(bar, range(40)), kind=BarMissed)
    assert found == []
    close(doubts, bar(40, level=1_000_000))
    assert "jumps to another level" in found[0]
    close(doubts, *(bar(i, level=1_000_000) for i in range(41, 60)))
    assert len(found) == 1


def test_bars_midway_between_their_neighbors_are_told(told):
    found, doubts = told
    wander = 100_000 + np.random.default_rng(1).normal(0.0, 900.0, 60).cumsum().astype(np.int64)
    wander[1:-1:2] = (wander[:-2:2] + wander[2::2]) // 2
    close(doubts, *(bar(i, level=int(x) - (0, 300, 700)[i % 3]) for i, x in enumerate(wander)))
    assert all("closes midway between the ones before and after" in one for one in found)
    assert found


def test_few_bars_show_nothing_unusual(told):
    found, doubts = told
    close(doubts, *(bar(i, high=1_000_000 if i == 5 else None) for i in range(LEAST - 1)))
    assert found == []
