"""How a run ends: sold at its own last close, or without equity."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.data.catalog import product_for
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.strategy.baselines import BuyAndHold
from tests.strategies_helpers import bars_of

FREE = CostModel(0, 0, 0, 0)
TERMS = {
    "costs": FREE, "risk": None, "cash": 10_000, "self_check": False,
    "style": order_style("taker"),
}  # fmt: skip


@dataclass(frozen=True)
class Short:
    """Short with all there is, at every bar."""

    name: ClassVar[str] = "short"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        return Targets(np.full(len(bars), -1.0))


@dataclass(frozen=True)
class Half:
    """Half of the equity, at every bar."""

    name: ClassVar[str] = "half"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        return Targets(np.full(len(bars), 0.45))


def perpetual(closes):
    return replace(bars_of(np.array(closes, np.int64)), product=product_for("BTC-PERP"))


@pytest.mark.parametrize("close_at_end", [False, True])
def test_without_equity_a_run_is_over_in_both_engines(close_at_end):
    """Short at 1,000, held while the price triples in one bar, and is back to nothing later."""
    bars = perpetual([10_000] * 20 + [30_000] * 5 + [1_000] * 60)
    fast, replayed = (
        backtest(bars, Short(), **TERMS, engine=engine, close_at_end=close_at_end, assess=True)
        for engine in ("fast", "replay")
    )
    assert fast.fills.tobytes() == replayed.fills.tobytes()
    assert np.array_equal(fast.path.equity, replayed.path.equity)
    assert fast.halts.ruin == replayed.halts.ruin == int(bars.time[20])
    assert not fast.interrupted
    last = fast.fills[-1]
    assert (last["bar"], last["side"], last["ticks"]) == (20, 1, 30_000)
    assert set(fast.path.equity[20:].tolist()) == {float(fast.metrics.final_equity)}
    assert fast.metrics.return_pct < -95.0
    assert fast.metrics.open_trades == 0
    assert fast.assessment.verdict.word == "LOSES"
    assert fast.to_json_dict()["halts"]["ruin"].startswith("1970-01-01T20:00")


def test_a_search_goes_on_where_a_point_is_ruined():
    bars = perpetual([10_000] * 20 + [30_000] * 5 + [1_000] * 60)
    found = backtest(bars, Short(), **TERMS, assess=True).assessment.sensitivity
    assert all(point.return_pct < -95.0 for point in found.costs)


def ends_early(n, last):
    """Two products of which one has no bars after `last`."""
    rng = np.random.default_rng(5)
    series = []
    for name, rows in (("BTC-USD", n), ("ETH-USD", last)):
        closes = 300_000 + np.cumsum(rng.integers(-300, 301, n))
        series.append(replace(bars_of(closes), product=product_for(name))[:rows])
    return series


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_what_ends_early_is_sold_at_its_own_last_bar(engine):
    series: list[Bars] = ends_early(40, 25)
    terms = TERMS | {"costs": CostModel(50, 50, 10, 0), "engine": engine}
    kept = backtest(series, Half(), **terms)
    sold = backtest(series, Half(), **terms, close_at_end=True)
    [eth] = sold.fills[(sold.fills["product"] == 1) & (sold.fills["side"] < 0)]
    [btc] = sold.fills[(sold.fills["product"] == 0) & (sold.fills["side"] < 0)]
    assert (eth["bar"], btc["bar"]) == (24, 39)
    assert eth["base"] == series[1].close[-1]
    assert (np.diff(sold.fills["bar"]) >= 0).all()
    # up to there both are the same; from there on the sale's costs are missing, at the end both's
    assert np.array_equal(sold.path.equity[:24], kept.path.equity[:24])
    missing = kept.path.equity[24:39] - sold.path.equity[24:39]
    moved = float(eth["base"] - eth["ticks"]) * float(eth["lots"]) * series[1].product.spec.unit
    assert missing == pytest.approx(np.full(15, float(eth["fee"]) / 1e8 + moved))
    assert missing[0] > 0.0
    assert sold.fills["cash"][-1] / 1e8 == pytest.approx(sold.path.equity[-1])
    assert sold.metrics.open_trades == 0
    assert sum(t.pnl for t in sold.trades) == sold.metrics.net_pnl


BILLION = 1_000_000_000


def always_in(cash, factor, **options):
    """Buying with cash at 30,000 a coin, which changes by a factor within a hundred hours."""
    bars = bars_of(np.geomspace(3_000_000, 3_000_000 * factor, 100).round(), interval_ms=3_600_000)
    return backtest(
        bars, BuyAndHold(), cash=cash, risk=None, style=order_style("taker"), assess=True, **options
    )


def test_orders_that_cannot_be_counted_keep_a_run_from_pass():
    counted, too_much = always_in(BILLION, 2), always_in(20 * BILLION, 2)
    said = "100 orders it wanted were too large to be counted (OVERFLOW)"
    assert too_much.decisions["refused"] == {"OVERFLOW": 100}
    assert any(reason.startswith(said) for reason in too_much.assessment.verdict.reasons)
    assert not any("OVERFLOW" in reason for reason in counted.assessment.verdict.reasons)


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_equity_that_cannot_be_counted_is_an_error(engine):
    """Or it would come round at -92 billion."""
    with pytest.raises(UsageError, match="equity passes 40,000,000,000") as caught:
        always_in(8 * BILLION, 30, engine=engine)
    assert caught.value.hint == "begin with less: --cash"
    assert always_in(BILLION, 30).metrics.return_pct > 1_000.0
