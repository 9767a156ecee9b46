"""A whole number where a float is declared is that float: one run, one trial."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader import backtest
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.trials import identify
from gpt_trader.domain.costs import CostModel, Leg, OrderStyle
from gpt_trader.domain.declared import declared
from gpt_trader.domain.targets import Targets
from gpt_trader.risk.policy import RiskPolicy
from tests.strategies_helpers import random_bars


@dataclass(frozen=True)
class Share:
    """In with a share, or a fraction of it."""

    name: ClassVar[str] = "share"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    share: float = 1.0
    most: "float | None" = None
    bars: int = 3
    is_on: bool = True

    def targets(self, bars):
        return Targets(np.full(len(bars), float(self.share)))


def test_only_what_is_declared_a_float_becomes_one():
    told = declared(Share(1, np.int64(2), 3, True))
    assert {name: type(value) for name, value in told.items()} == {
        "share": float, "most": float, "bars": int, "is_on": bool,
    }  # fmt: skip
    assert type(CostModel(participation=1).participation) is float
    assert CostModel(participation=None).participation is None
    assert type(CostModel(latency_ms=5).latency_ms) is int
    assert type(RiskPolicy(max_product_pct=50).max_product_pct) is float


def test_the_same_terms_written_otherwise_are_the_same_run_and_trial():
    bars = random_bars(300, 1)
    found = []
    for kind in (int, float):
        costs = CostModel(
            taker_bps=kind(60), maker_bps=kind(40), impact=kind(1), participation=kind(1)
        )
        style = OrderStyle(Leg("maker_first", kind(2)), Leg("taker"))
        risk = RiskPolicy(max_product_pct=kind(50))
        route = Route(Share(kind(1)), budget=kind(1), style=style)
        run = backtest(bars, [route], costs=costs, risk=risk, self_check=False)
        trial = identify([route], [bars], costs=costs, risk=risk, label=None)
        found.append((run.run_id, trial.id))
    assert found[0] == found[1]
