"""What an exchange's fee schedule comes to, as rows of the kernel's table."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.kernel.fees import VOLUME_UNIT
from gpt_trader.kernel.rounding import BPS, UNITS_PER_QUOTE


class Rate(NamedTuple):
    """What is paid from a 30-day volume (quote) on, bps."""

    least: int
    maker_bps: int
    taker_bps: int


class Schedule(NamedTuple):
    """An exchange's fees. tiers: the 30-day volume, quote, from which each named one holds.

    rates: by region, through time: from when (ms UTC) which rates hold, by volume.
    """

    tiers: Mapping[str, int]
    rates: Mapping[str, tuple[tuple[int, tuple[Rate, ...]], ...]]


def tier_rows(
    schedule: Schedule, tier: str, region: str, factor: float = 1.0
) -> tuple[tuple[int, ...], ...]:
    """Return a tier's rates through time as rows of `kernel.fees.tier_table`.

    "simulated" follows the volume, a name stays at that tier's volume whatever is traded,
    "worst" has no rows. factor: what all rates are multiplied by.
    """
    if tier == "worst":
        return ()
    rows = []
    for from_ms, rates in schedule.rates[region]:
        if tier == "simulated":
            rows += [(from_ms, rate.least, rate) for rate in rates]
        else:
            held = [rate for rate in rates if rate.least <= schedule.tiers[tier]]
            rows.append((from_ms, 0, held[-1]))
    scale = Decimal(repr(factor)) * BPS
    return tuple(
        (
            from_ms,
            least * UNITS_PER_QUOTE // VOLUME_UNIT,
            int(rate.taker_bps * scale),
            int(rate.maker_bps * scale),
        )
        for from_ms, least, rate in rows
    )


def lowest_rates(schedule: Schedule) -> tuple[float, float]:
    """Return the lowest taker and maker fees, bps, that any volume ever had anywhere."""
    every = [rate for held in schedule.rates.values() for _, rates in held for rate in rates]
    return float(min(rate.taker_bps for rate in every)), float(min(r.maker_bps for r in every))
