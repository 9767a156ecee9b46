"""Series that are read: held against what is traded, and a whole bar late where they are."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import Trials, backtest, optimize, synthetic_market
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.errors import DataError, GapError, UsageError
from gpt_trader.measure.verdict import unchecked

HOUR = 3_600_000
DAY = 24 * HOUR
BTC, ETH = synthetic_market(
    seed=5, products=["BTC-USD", "ETH-USD"], n_bars=6 * 200, interval_ms=4 * HOUR
)
DAYS = coarsen(BTC, DAY).bars
UNHELD = "BTC-USD@1d (held against no bars that are traded)"


@dataclass(frozen=True)
class Rising:
    """In after a day that rose."""

    name: ClassVar[str] = "rising"
    reads: ClassVar[dict[str, int]] = {"BTC-USD@1d": 4}
    min_bars: ClassVar[int] = 30
    warmup: ClassVar[int] = 30
    weight: float = 0.9

    def targets(self, market):
        days = market.reads["BTC-USD@1d"]
        close = days.bars.price.close
        up = days.spread(np.append(np.nan, close[1:] / close[:-1] - 1.0))
        return {one: np.where(up > 0.0, self.weight, 0.0) for one in market.products}


def run(bars, days, **terms):
    return backtest(bars, Rising(), reads={"BTC-USD@1d": days}, trials=False, risk=None, **terms)


def test_days_that_have_the_closes_of_what_is_traded_are_as_if_made_of_it():
    found = run(BTC, DAYS)
    assert found.checks.unreached == ()
    np.testing.assert_array_equal(
        found.path.equity, backtest(BTC, Rising(), trials=False, risk=None).path.equity
    )
    near = replace(DAYS, close=np.clip(DAYS.close + 1, DAYS.low, DAYS.high))  # another source
    assert run(BTC, near).checks.unreached == ()


@pytest.mark.parametrize("shift, told", [(-1, "1d early"), (1, "1d late")])
def test_days_that_are_dated_otherwise_are_refused(shift, told):
    with pytest.raises(DataError, match=f"BTC-USD@1d closes at .* look dated {told}"):
        run(BTC, replace(DAYS, time=DAYS.time + shift * DAY))


def test_days_that_were_cut_at_another_hour_are_refused():
    cut = coarsen(replace(BTC, time=BTC.time - 8 * HOUR), DAY).bars  # from 08:00, with their date
    with pytest.raises(DataError, match=r"where 4h bars of BTC-USD close .* look dated 8h early"):
        run([BTC, ETH], cut)


def test_what_nothing_traded_vouches_for_caps_the_verdict():
    found = run(ETH, replace(DAYS, time=DAYS.time - DAY), assess=True)
    assert found.checks.unreached == (UNHELD,)
    assert f"what {UNHELD} knows of later bars" in found.undeclared
    assert any(f"It reads {UNHELD}" in one for one in found.assessment.verdict.reasons)
    few = run([BTC[:60], ETH], DAYS)  # nothing tells of what it says later
    assert few.checks.unreached == (UNHELD,)


def test_a_bar_late_is_one_of_the_longest_that_are_read():
    found = backtest(
        BTC, Rising(), reads={"BTC-USD@1d": DAYS}, trials=Trials(count=1), assess=True, risk=None
    )

    @dataclass(frozen=True)
    class Late(Rising):
        min_bars: ClassVar[int] = 36

        def targets(self, market):
            answers = super().targets(market)
            return {one: np.append(np.full(6, np.nan), w[:-6]) for one, w in answers.items()}

    late = backtest(BTC, Late(), trials=False, risk=None, self_check=False)
    assert found.assessment.sensitivity.delayed_return_pct == pytest.approx(late.metrics.return_pct)


def test_extra_columns_cap_the_verdict_as_what_is_read_elsewhere_does():
    mood = {"mood": np.sin(np.arange(len(BTC)) / 9.0)}
    found = run(replace(BTC, extra=mood), DAYS)
    assert found.checks.unreached == ("column mood",)
    assert "what column mood knows of later bars" in found.undeclared
    assert [one.sentence for one in unchecked(found.checks)] == [
        "It reads column mood: no check cuts off what is known later there."
    ]
    assert run(BTC, replace(DAYS, extra={"m": DAYS.volume})).checks.unreached == ("column m",)


def test_a_search_holds_what_it_reads_against_what_is_traded():
    terms = {"grid": {"weight": [0.5, 0.9]}, "trials": False, "folds": 2}
    early = replace(DAYS, time=DAYS.time - DAY)
    with pytest.raises(DataError, match="look dated 1d early"):
        optimize(BTC, Rising, reads={"BTC-USD@1d": early}, **terms)
    found = optimize(ETH, Rising, reads={"BTC-USD@1d": early}, **terms)
    assert found.checks.unreached == (UNHELD,)


def test_days_that_begin_at_another_hour_are_refused():
    odd = replace(DAYS, time=DAYS.time + 5 * HOUR)
    with pytest.raises(
        DataError, match=r"bar that begins at .*T05:00:00.000Z: no row could read it"
    ):
        run(ETH, odd)


def test_a_name_without_an_interval_means_that_of_what_is_traded():
    @dataclass(frozen=True)
    class Plain(Rising):
        reads: ClassVar[dict[str, int]] = {"BTC-USD": 4}

        def targets(self, market):
            return {one: np.full(len(market), 0.5) for one in market.products}

    with pytest.raises(UsageError, match=r"BTC-USD, which means bars of 4h, and is given .* 1d"):
        backtest(ETH, Plain(), reads={"BTC-USD": DAYS}, trials=False)
    backtest(ETH, Plain(), reads={"BTC-USD": BTC}, trials=False)


def test_what_is_read_is_there_as_far_as_what_is_traded():
    with pytest.raises(GapError, match="BTC-USD@1d is read, and 50 of the 200 bars are there"):
        run(ETH, DAYS[:50])
    with pytest.raises(GapError, match="50 of the 200"):
        optimize(ETH, Rising, {"weight": [0.5, 0.9]}, reads={"BTC-USD@1d": DAYS[:50]})
    run(ETH, DAYS[:50], min_coverage_pct=20.0)
