"""A strategy that was refused is told so where what it kept lets it pass."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import Targets, backtest, synthetic_market
from gpt_trader.errors import ValidationGateError

[BARS] = synthetic_market(seed=3, products=["BTC-USD"], n_bars=600, interval_ms=3_600_000)
KEPT = "state kept of a call that was refused"


@dataclass(frozen=True)
class Peek:
    """In before a close that is higher; late: rows later, which is to be known now."""

    name: ClassVar[str] = "peek"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    late: int = 1

    def targets(self, bars):
        if not hasattr(np, "kept_by_peek") or len(np.kept_by_peek) < len(bars):
            np.kept_by_peek = bars.price.close
        close = np.kept_by_peek
        rows = (bars.time - BARS.time[0]) // bars.interval_ms
        now, then = (np.minimum(one, len(close) - 1) for one in (rows, rows + self.late))
        return Targets(np.where(close[then] > close[now], 1.0, 0.0))


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.setattr("gpt_trader.backtest.refused._REFUSED", {})
    yield
    if hasattr(np, "kept_by_peek"):
        del np.kept_by_peek


def test_what_passes_after_it_was_refused_is_told_so_and_capped(tmp_path):
    with pytest.raises(ValidationGateError, match="look-ahead"):
        backtest(BARS, Peek(), state_dir=tmp_path)
    again = backtest(BARS, Peek(), assess=True, state_dir=tmp_path)
    assert again.checks.unreached[-1] == KEPT
    assert f"what {KEPT} knows of later bars" in again.undeclared
    assert "was refused in this process before (look-ahead" in again.notes[-1]
    assert again.assessment.verdict.word != "PASS"
    honest = backtest(BARS, Peek(late=0), state_dir=tmp_path)
    assert KEPT not in honest.checks.unreached
