"""Prices in doubt bar a PASS if they can have made the profit; other doubts always do."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.data.checks.clean import without_doubt
from gpt_trader.data.checks.findings import (
    LEVELS,
    MIDWAY,
    SILENT,
    STALE,
    Finding,
    Judged,
    judge,
)
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.doubt import UNTESTED
from gpt_trader.measure.doubted import WithoutDoubt, bars_in_doubt, held_past_the_end
from gpt_trader.measure.inference import Trials
from gpt_trader.strategy.registry import create
from tests.power.worlds import CHEAP, NOISE, market

DAY = 86_400_000
JUMP = Finding(LEVELS, "doubt", 1, 9.0)
QUIET = Finding(SILENT, "doubt", 100)


def judged(*findings, missing_bars=0):
    return Judged("BTC-USD", 1_000, 1, missing_bars, findings)


def said(one, own_pct, *without):
    found = bars_in_doubt([one], own_pct, WithoutDoubt(*without) if without else None)
    return [doubt.sentence for doubt in found]


def test_without_a_second_run_every_doubt_counts():
    assert said(judged(JUMP), 50.0) == [
        "Bars of BTC-USD are in doubt: jumps to another level (1, up to 10 times)."
    ]
    assert said(judged(Finding(STALE, "note", 10), missing_bars=52), 50.0) == []
    assert said(judged(missing_bars=60), 50.0) == ["60 bars of BTC-USD are missing."]


def test_prices_count_if_the_profit_is_gone_without_them():
    (jump, without) = said(judged(JUMP), 50.0, 10.0, 12.0, 5.0)
    assert "jumps to another level" in jump
    assert without == "Without the prices in doubt it makes +10.0 %, buy and hold +12.0 %."
    assert said(judged(JUMP), 50.0, 45.0, 12.0, 5.0) == []
    assert len(said(judged(JUMP), 50.0, 44.9, 12.0, 5.0)) == 2


def test_prices_count_if_holding_does_as_well_without_them():
    assert len(said(judged(JUMP), 50.0, 50.0, 60.0, 50.0)) == 2
    assert len(said(judged(JUMP), 50.0, 50.0, None, None)) == 2


def test_other_doubts_count_whatever_a_second_run_makes():
    (quiet,) = said(judged(JUMP, QUIET), 50.0, 50.0, 12.0, 5.0)
    assert "bars without trades" in quiet


@pytest.fixture(scope="module")
def bars():
    (found,) = synthetic_market(seed=11, products=["BTC-USD"], n_bars=900, interval_ms=DAY)
    return found


def scaled(bars, rows, factor, *names):
    columns = {name: getattr(bars, name).copy() for name in names}
    for column in columns.values():
        column[rows] = (column[rows] * factor).astype(np.int64)
    return replace(bars, **columns)


ALL = ("open", "high", "low", "close")


@pytest.mark.parametrize(
    "names, rows, factor",
    [
        (("high",), [300], 10.0),
        (("low",), [300], 0.1),
        (ALL, [300, 301], 4.0),
        (ALL, slice(300, None), 10.0),
        (ALL, slice(300, None), 0.1),
        (ALL, slice(300, 600), 20.0),
    ],
)
def test_bars_without_doubt_are_as_before_and_as_large(bars, names, rows, factor):
    wrong = scaled(bars, rows, factor, *names)
    clean = without_doubt(wrong, judge(wrong).findings)
    assert judge(clean).doubts == ()
    assert (clean.time == bars.time).all()
    whole = clean.close / bars.close
    there = np.setdiff1d(np.arange(len(bars)), [300, 301])
    assert whole[there] / whole[0] == pytest.approx(1.0, abs=0.05)  # without the jump's own move
    worth = clean.volume * clean.close / (wrong.volume * wrong.close)
    assert worth[there] == pytest.approx(1.0, abs=0.01)
    assert (clean.low >= 1).all()
    assert (clean.high >= np.maximum(clean.open, clean.close)).all()
    assert (clean.low <= np.minimum(clean.open, clean.close)).all()


def test_a_run_shows_what_it_makes_without_them(bars):
    wrong = scaled(bars, slice(300, None), 10.0, *ALL)
    terms = {"risk": None, "style": order_style("taker")}
    result = backtest(wrong, create("buy_and_hold", {}), **terms, assess=True, nulls=19)
    clean = result.assessment.without_doubt
    plain = backtest(bars, create("buy_and_hold", {}), **terms)
    assert result.metrics.return_pct > 300
    assert clean.return_pct == pytest.approx(plain.metrics.return_pct, abs=2.0)
    assert result.assessment.verdict.word != "PASS"
    sound = backtest(bars, create("buy_and_hold", {}), **terms, assess=True, nulls=19)
    assert sound.assessment.without_doubt is None


def test_what_is_held_past_the_end_of_its_bars_is_said_and_a_doubt(bars):
    (other,) = synthetic_market(seed=11, products=["ETH-USD"], n_bars=900, interval_ms=DAY)
    terms = {"risk": None, "style": order_style("taker"), "assess": True, "nulls": 19}
    held = backtest([bars[:500], other], create("buy_and_hold", {}), **terms)
    (said,) = held_past_the_end(held.path)
    assert "of BTC-USD, whose bars end on" in said
    assert said in held.notes
    assert held.assessment.verdict.word != "PASS"
    sold = backtest([bars[:500], other], create("buy_and_hold", {}), close_at_end=True, **terms)
    assert list(held_past_the_end(sold.path)) == []


@dataclass(frozen=True)
class WithTheLast:
    """In after a rise; knows which days follow where the move before was the same."""

    name: ClassVar[str] = "with the last"
    min_bars: ClassVar[int] = 2
    warmup: ClassVar[int] = 2

    def targets(self, bars):
        rise = np.diff(bars.close, prepend=bars.close[0]) > 0
        return Targets(rise.astype(np.float64))


def test_closes_that_know_the_next_one_bar_a_pass():
    """Noise, but for every second close that is the mean of its neighbors: proof by both tests."""
    noise = market(NOISE[0], 5)
    close = noise.close.copy()
    close[1:-1:2] = (close[:-2:2] + close[2::2]) // 2
    opens = np.concatenate([noise.open[:1], close[:-1]])
    high, low = np.maximum(opens, close) + 9, np.minimum(opens, close) - 9
    bars = replace(noise, open=opens, close=close, high=high, low=low)
    terms = {"costs": CHEAP, "style": order_style("taker"), "risk": None}
    found = backtest(bars, WithTheLast(), assess=True, trials=Trials(), **terms)
    verdict = found.assessment.verdict
    assert found.assessment.proof.holds
    assert verdict.kinds[0] == UNTESTED
    assert MIDWAY in verdict.reasons[0]
