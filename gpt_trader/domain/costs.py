"""Trading costs and order style as people state them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from typing import Literal

from gpt_trader.domain.fees import tier_rows
from gpt_trader.domain.schedules import ADVANCED, FeeTier, Region
from gpt_trader.errors import UsageError
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.rounding import BPS
from gpt_trader.kernel.style import STYLE_MAKER_FIRST, STYLE_MAKER_ONLY, STYLE_TAKER, Style

OrderStyleName = Literal["maker_first", "maker_only", "taker"]
_STYLES = {
    "maker_first": STYLE_MAKER_FIRST,
    "maker_only": STYLE_MAKER_ONLY,
    "taker": STYLE_TAKER,
}


def bps_to_e8(bps: float) -> int:
    """Basis points as an e8 rate, exact for anything written with up to four decimals."""
    return int((Decimal(repr(bps)) * BPS).to_integral_value())


@dataclass(frozen=True, slots=True)
class CostModel:
    """Fees, half spread and slippage in basis points; the defaults are the worst tier.

    participation: most of a bar's volume that fills may take, as a fraction; None: no cap.
    touch_fills: a resting limit fills when touched, not only when traded through. impact: how
    many bar volatilities an order as large as the bar's volume moves the price; other sizes by
    the square root of their share. latency_ms: delay of a crossing order, below the bar's
    length, during which the price runs away from it. latency_bars: bars that targets act late.
    fee_tier: "worst" for taker_bps and maker_bps as they stand, else the rates of the exchange's
    schedule in `region` through time, which then replace both: a tier's name, or "simulated" by
    the volume of the last 30 days. fee_factor: what the schedule's rates are multiplied by.
    """

    taker_bps: float = 120.0
    maker_bps: float = 60.0
    spread_bps: float = 5.0
    slippage_bps: float = 5.0
    participation: float | None = None
    touch_fills: bool = False
    impact: float = 0.0
    latency_ms: int = 0
    latency_bars: int = 0
    fee_tier: FeeTier = "worst"
    region: Region = "us"
    fee_factor: float = 1.0

    @property
    def fee_tiers(self) -> tuple[tuple[int, ...], ...]:
        """Rows of `kernel.fees.tier_table`; none if the rates are fixed."""
        return tier_rows(ADVANCED, self.fee_tier, self.region, self.fee_factor)

    def scaled(self, factor: float) -> "CostModel":
        """Return the model with all fees multiplied by a factor."""
        if self.fee_tier != "worst":
            return replace(self, fee_factor=self.fee_factor * factor)
        return replace(self, taker_bps=self.taker_bps * factor, maker_bps=self.maker_bps * factor)

    @property
    def below_default(self) -> bool:
        """Whether any cost is lower than the worst tier's: such a run is labelled."""
        return (
            self.taker_bps < DEFAULT_COSTS.taker_bps
            or self.maker_bps < DEFAULT_COSTS.maker_bps
            or self.spread_bps < DEFAULT_COSTS.spread_bps
            or self.slippage_bps < DEFAULT_COSTS.slippage_bps
            or self.fee_tier != "worst"
        )

    def taker_at(self, time_ms: int) -> int:
        """Return the taker rate, e8, of an account without volume at a time, int64 ms."""
        fixed = bps_to_e8(self.taker_bps)
        rates = [rate for begin, least, rate, _ in self.fee_tiers if begin <= time_ms and not least]
        return rates[-1] if rates else fixed

    def kernel(self) -> Costs:
        """Return the model in the kernel's units.

        Of a tier it has the rates of an account without volume under the newest schedule.
        """
        taker_e8, maker_e8 = bps_to_e8(self.taker_bps), bps_to_e8(self.maker_bps)
        tiers = self.fee_tiers
        if tiers:
            _, _, taker_e8, maker_e8 = next(row for row in reversed(tiers) if row[1] == 0)
        return Costs(
            taker_e8=taker_e8,
            maker_e8=maker_e8,
            half_spread_e8=bps_to_e8(self.spread_bps),
            slippage_e8=bps_to_e8(self.slippage_bps),
            participation=inf if self.participation is None else self.participation,
            touch_fills=int(self.touch_fills),
            impact=float(self.impact),
            latency_ms=self.latency_ms,
        )


DEFAULT_COSTS = CostModel()


def check_latency(costs: CostModel, interval_ms: int) -> None:
    """Raise UsageError if the latency is no part of a bar: a whole bar late is another thing."""
    if not 0 <= costs.latency_ms < interval_ms:
        raise UsageError(
            f"expected a latency below the bar's {interval_ms} ms, was {costs.latency_ms} ms",
            hint="delay by whole bars with --latency-bars",
        )


@dataclass(frozen=True, slots=True)
class Leg:
    """How one leg (entry or exit) is worked; ttl_bars: bars a resting order may wait (1-4)."""

    style: OrderStyleName = "maker_first"
    offset_bps: float = 0.0
    ttl_bars: int = 1


@dataclass(frozen=True, slots=True)
class OrderStyle:
    """How entries and exits are worked; protective stops always cross."""

    entry: Leg = Leg()
    exit: Leg = Leg()

    def kernel(self) -> Style:
        """Return the style in the kernel's units."""
        return Style(
            entry_maker=_STYLES[self.entry.style],
            entry_offset_e8=bps_to_e8(self.entry.offset_bps),
            entry_ttl_bars=self.entry.ttl_bars,
            exit_maker=_STYLES[self.exit.style],
            exit_offset_e8=bps_to_e8(self.exit.offset_bps),
            exit_ttl_bars=self.exit.ttl_bars,
        )


def order_style(name: OrderStyleName) -> OrderStyle:
    """Return a style that works both legs alike."""
    return OrderStyle(Leg(name), Leg(name))
