"""What trading costs, as the kernel takes it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.record import record_type


class Costs(NamedTuple):
    """What trading costs. Rates are e8: 1.0 is 100,000,000, a basis point 10,000."""

    taker_e8: int
    maker_e8: int
    half_spread_e8: int
    slippage_e8: int
    participation: float  # most of a bar's volume that one product's fills take; inf: no cap
    touch_fills: int  # 1: a resting limit fills when touched; 0: only when traded through
    impact: float  # bar volatilities that an order as large as the bar's volume moves price
    latency_ms: int  # delay of a crossing order, below the interval


COSTS = record_type(Costs)


def costs_record(costs: Costs) -> NDArray[np.void]:
    """Return one record of COSTS, as the engine hands costs to compiled code."""
    return np.array([costs], COSTS)


@compiled
def costs_of(record: NDArray[np.void]) -> Costs:
    """Costs that one record holds."""
    found = record[0]
    return Costs(
        taker_e8=found["taker_e8"],
        maker_e8=found["maker_e8"],
        half_spread_e8=found["half_spread_e8"],
        slippage_e8=found["slippage_e8"],
        participation=found["participation"],
        touch_fills=found["touch_fills"],
        impact=found["impact"],
        latency_ms=found["latency_ms"],
    )
