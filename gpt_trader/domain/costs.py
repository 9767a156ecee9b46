"""Trading costs and order style as people state them."""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from typing import Literal, get_args

from gpt_trader.domain.declared import settle
from gpt_trader.domain.fees import lowest_rates, tier_rows
from gpt_trader.domain.schedules import ADVANCED, ALWAYS_MS, FeeTier, Region
from gpt_trader.domain.stated import check_flag, check_is, check_number, check_one_of, check_whole
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.door import at_the_door
from gpt_trader.errors import UsageError
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.rounding import BPS
from gpt_trader.kernel.style import STYLE_MAKER_FIRST, STYLE_MAKER_ONLY, STYLE_TAKER, Style

WORST_TAKER_BPS, WORST_MAKER_BPS = 120.0, 60.0
LEAST_TAKER_BPS, LEAST_MAKER_BPS = lowest_rates(ADVANCED)
MOST_BPS = 10_000.0  # all of the price
LEAST_SHARE = 1e-9  # of a bar's volume: nothing at all is no cap
OrderStyleName = Literal["maker_first", "maker_only", "taker"]
_STYLES = {
    "maker_first": STYLE_MAKER_FIRST,
    "maker_only": STYLE_MAKER_ONLY,
    "taker": STYLE_TAKER,
}


def bps_to_e8(bps: float) -> int:
    """Basis points as an e8 rate, exact for anything written with up to four decimals."""
    return int((Decimal(repr(bps)) * BPS).to_integral_value())


@shown_by_fields
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

    taker_bps: float = WORST_TAKER_BPS
    maker_bps: float = WORST_MAKER_BPS
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

    def __post_init__(self) -> None:
        for name in ("taker_bps", "maker_bps", "spread_bps", "slippage_bps"):
            check_number(name, getattr(self, name), most=MOST_BPS)
        check_number("impact", self.impact)
        check_number("fee_factor", self.fee_factor)
        if self.participation is not None:
            check_number("participation", self.participation, least=LEAST_SHARE, most=1.0)
        check_flag("touch_fills", self.touch_fills)
        check_whole("latency_ms", self.latency_ms)
        check_whole("latency_bars", self.latency_bars)
        check_one_of("fee_tier", self.fee_tier, get_args(FeeTier))
        check_one_of("region", self.region, get_args(Region))
        settle(self)
        rates = (self.taker_bps, self.maker_bps)
        if self.fee_tier != "worst" and rates != (WORST_TAKER_BPS, WORST_MAKER_BPS):
            raise UsageError(
                f"fee_tier {self.fee_tier} sets the fees, and so do taker_bps and maker_bps",
                hint="state one of them",
            )

    @property
    def fee_tiers(self) -> tuple[tuple[int, ...], ...]:
        """Rows of `kernel.fees.tier_table`; none if the rates are fixed."""
        return tier_rows(ADVANCED, self.fee_tier, self.region, self.fee_factor)

    def scaled(self, factor: float) -> "CostModel":
        """Return the model with all fees multiplied by a factor."""
        if self.fee_tier != "worst":
            return replace(self, fee_factor=self.fee_factor * factor)
        return replace(self, taker_bps=self.taker_bps * factor, maker_bps=self.maker_bps * factor)

    def dearer(self) -> "CostModel":
        """Return the model with fees twice as high, at most the worst tier's, which none exceeds.

        At least they are the lowest tier's. Fees that are higher already stay. Of a schedule's tier
        the highest rates that an account without volume ever had are doubled: the newest may be
        lower than what a run has paid.
        """
        kernel = self.kernel()
        rates = [(kernel.taker_e8, kernel.maker_e8)]
        rates += [(taker, maker) for _, least, taker, maker in self.fee_tiers if least == 0]
        taker, maker = (
            max(rate, least, min(2.0 * rate, worst))
            for rate, least, worst in (
                (max(taker for taker, _ in rates) / BPS, LEAST_TAKER_BPS, DEFAULT_COSTS.taker_bps),
                (max(maker for _, maker in rates) / BPS, LEAST_MAKER_BPS, DEFAULT_COSTS.maker_bps),
            )
        )
        return replace(self, taker_bps=taker, maker_bps=maker, fee_tier="worst", fee_factor=1.0)

    def below_default(
        self, first_ms: int = ALWAYS_MS, last_ms: int = -ALWAYS_MS
    ) -> dict[str, tuple[float, float]]:
        """Return the costs, bps, that are lower than the worst tier's, each with the worst.

        Of a schedule's tier the lowest rates in force at some time from first_ms to last_ms, int64
        ms UTC. A run with such costs is labelled.
        """
        taker, maker = self.taker_bps, self.maker_bps
        if tiers := self.fee_tiers:
            since = max(row[0] for row in tiers if row[0] <= first_ms)
            held = [row for row in tiers if since <= row[0] <= last_ms]
            taker, maker = (min(row[i] for row in held) / BPS for i in (2, 3))
        found = {
            "taker": (taker, DEFAULT_COSTS.taker_bps),
            "maker": (maker, DEFAULT_COSTS.maker_bps),
            "spread": (self.spread_bps, DEFAULT_COSTS.spread_bps),
            "slippage": (self.slippage_bps, DEFAULT_COSTS.slippage_bps),
        }
        return {name: pair for name, pair in found.items() if pair[0] < pair[1]}

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
DOLLARS = ("USD", "USDC", "USDT", "DAI", "UST")


def say_currency(costs: CostModel, quote: str) -> str | None:
    """Say where a schedule in dollars is applied to another currency; None where it is not."""
    if costs.fee_tier != "simulated" or quote in DOLLARS:
        return None
    return (
        f"fee tiers count dollars: volume in {quote} is taken as if it were in dollars, "
        "nothing is converted"
    )


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

    def __post_init__(self) -> None:
        check_one_of("style", self.style, _STYLES)
        check_number("offset_bps", self.offset_bps, most=MOST_BPS)
        check_whole("ttl_bars", self.ttl_bars, 1, 4)
        settle(self)


@dataclass(frozen=True, slots=True)
class OrderStyle:
    """How entries and exits are worked; protective stops always cross."""

    entry: Leg = Leg()
    exit: Leg = Leg()

    def __post_init__(self) -> None:
        check_is("entry", self.entry, Leg)
        check_is("exit", self.exit, Leg)

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


@at_the_door
def order_style(name: OrderStyleName) -> OrderStyle:
    """Return a style that works both legs alike."""
    check_one_of("name", name, get_args(OrderStyleName))
    return OrderStyle(Leg(name), Leg(name))
