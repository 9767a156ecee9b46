"""A strategy that goes by a column of the user's own."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from gpt_trader import Bars, Target, Targets, backtest, synthetic_market
from gpt_trader.errors import UsageError, ValidationGateError

HOUR = 3_600_000
[BARE] = synthetic_market(seed=3, products=["BTC-USD"], n_bars=600, interval_ms=HOUR)
MOOD = np.sin(np.arange(len(BARE)) / 9.0)
BARS = replace(BARE, extra={"mood": MOOD})


@dataclass(frozen=True)
class Mood:
    """In while the mood is good; late: rows later, which is to be known now."""

    name: ClassVar[str] = "mood"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    late: int = 0

    def targets(self, bars: Bars) -> Targets:
        mood = bars.extra["mood"]
        seen = np.concatenate([mood[self.late :], np.full(min(self.late, len(mood)), -1.0)])
        return Targets(np.where(seen[: len(mood)] > 0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Slow:
    """Decides bar by bar."""

    name: ClassVar[str] = "slow"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def on_bar(self, view: Bars, memory: Any) -> tuple[Target | None, Any]:
        return None, memory


def test_it_is_seen_and_makes_another_run(tmp_path):
    run = backtest(BARS, Mood(), state_dir=tmp_path)
    assert run.metrics.trades > 10
    assert run.checks.lookahead_ok
    other = replace(BARE, extra={"mood": -MOOD})
    assert backtest(other, Mood(), state_dir=tmp_path).run_id != run.run_id
    same = replace(BARE, extra={"mood": MOOD.copy()})
    assert backtest(same, Mood(), state_dir=tmp_path).run_id == run.run_id
    replayed = backtest(BARS, Mood(), engine="replay", state_dir=tmp_path)
    assert replayed.run_id == run.run_id


def test_a_run_that_begins_later_warms_up_on_it(tmp_path):
    start_ms = int(BARS.time[100])
    late = backtest(BARS, Mood(), start_ms=start_ms, state_dir=tmp_path)
    assert len(late.path.bars[0].extra["mood"]) == len(BARS) - 100


def test_what_looks_ahead_in_it_is_found(tmp_path):
    with pytest.raises(ValidationGateError, match="look-ahead"):
        backtest(BARS, Mood(late=3), state_dir=tmp_path)


def test_an_assessment_goes_by_it_too(tmp_path):
    run = backtest(BARS, Mood(), assess=True, nulls=20, trials=False, state_dir=tmp_path)
    assert run.assessment is not None


def test_who_decides_bar_by_bar_is_shown_none(tmp_path):
    with pytest.raises(UsageError, match="shown no extra columns"):
        backtest(BARS, Slow(), state_dir=tmp_path)
