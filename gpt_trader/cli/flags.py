"""The flags of a market and its costs: declared once, for every command that takes them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gpt_trader.cli import options as opt
from gpt_trader.cli.output import Sets

if TYPE_CHECKING:
    from gpt_trader.app.backtest import BacktestRequest

PARAMETER = "market"
KEYS = {
    "strategy": "strategy",
    "interval": "interval",
    "cash": "cash",
    "taker_bps": "costs.taker_bps",
    "maker_bps": "costs.maker_bps",
    "spread_bps": "costs.spread_bps",
    "slippage_bps": "costs.slippage_bps",
    "fee_tier": "costs.fee_tier",
    "region": "costs.region",
    "participation": "costs.participation",
    "touch_fills": "costs.touch_fills",
    "impact": "costs.impact",
    "latency_ms": "costs.latency_ms",
    "latency_bars": "costs.latency_bars",
    "min_coverage": "data.min_coverage_pct",
}
"""Which key of a profile a flag sets."""


@dataclass(frozen=True, slots=True)
class MarketFlags:
    """What to trade, on which bars and at which costs; each field is a flag as typer takes it."""

    strategy: opt.StrategyName = None
    sets: Sets = None
    data: opt.DataFiles = None
    read: opt.ReadFiles = None
    demo: opt.Demo = False
    start: opt.FromTime = None
    end: opt.ToTime = None
    sealed_after: opt.SealedAfter = None
    interval: opt.Interval = None
    detail: opt.Detail = None
    cash: opt.Cash = None
    taker_bps: opt.TakerBps = None
    maker_bps: opt.MakerBps = None
    spread_bps: opt.SpreadBps = None
    slippage_bps: opt.SlippageBps = None
    fee_tier: opt.FeeTierName = None
    region: opt.FeeRegion = None
    participation: opt.Participation = None
    touch_fills: opt.TouchFills = None
    impact: opt.Impact = None
    latency_ms: opt.LatencyMs = None
    latency_bars: opt.LatencyBars = None
    product_spec: opt.ProductSpec = None
    min_coverage: opt.MinCoverage = None
    data_dir: opt.DataDir = None
    risk: opt.RiskChoice = opt.Risk.PROFILE
    order_style: opt.StyleChoice = None
    check_seed: opt.CheckSeed = None
    check_all: opt.CheckAll = False


def takes[R](*names: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Spread a command's parameter `market` into the named flags, in the order of its help."""
    known = {field.name: field for field in fields(MarketFlags)}
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=known[name].default,
            annotation=known[name].type,
        )
        for name in names
    ]

    def spread(command: Callable[..., R]) -> Callable[..., R]:
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            parameters += shared if parameter.name == PARAMETER else [parameter]

        @wraps(command)
        def called(*args: object, **given: object) -> R:
            market = MarketFlags(**{name: given.pop(name) for name in names})  # type: ignore[arg-type]
            return command(*args, **given, market=market)

        vars(called)["__signature__"] = inspect.Signature(parameters)
        return called

    return spread


def words_of(market: MarketFlags) -> list[str]:
    """Return the words of a command line that give the same flags, those left at default apart."""
    words: list[str] = []
    for field in fields(market):
        value = getattr(market, field.name)
        if value is None or value == field.default:
            continue
        (option,) = field.type.__metadata__  # type: ignore[union-attr]
        on, _, off = option.default.partition("/")  # typer holds the first name there
        if isinstance(value, bool):
            words.append(on if value else off)
        else:
            for one in value if isinstance(value, list) else [value]:
                words += [on, str(one)]
    return words


def settings_of(market: MarketFlags) -> dict[str, object]:
    """Return the flags by the keys that they set, None where one was not given."""
    given = {field.name: getattr(market, field.name) for field in fields(market)}
    return {key: given[name] for name, key in KEYS.items()}


def backtest_asked(
    profile: str | None,
    market: MarketFlags,
    *,
    close_at_end: bool = False,
    engine: Literal["fast", "replay"] | None = None,
    self_check: bool = True,
    nulls: int | None = None,
    unseal: bool = False,
    universe: str | None = None,
    universe_file: Path | None = None,
    universe_every: Literal["1d", "1w", "1M"] = "1w",
    cold_start: bool = False,
) -> "BacktestRequest":
    """Return what a run on history is asked for. Raises UsageError for an impossible period."""
    from gpt_trader.app.backtest import BacktestRequest
    from gpt_trader.app.history import parse_period
    from gpt_trader.domain.times import parse_time

    return BacktestRequest(
        profile=profile,
        flags=settings_of(market),
        sets=market.sets or [],
        data=market.data or [],
        reads=market.read or [],
        demo=market.demo,
        period=parse_period(market.start, market.end),
        interval=market.interval,
        detail=market.detail,
        data_dir=market.data_dir,
        universe=universe,
        universe_file=universe_file,
        universe_every=universe_every,
        cold_start=cold_start,
        specs=market.product_spec or [],
        risk=market.risk is opt.Risk.PROFILE,
        style=None if market.order_style is None else market.order_style.value,
        close_at_end=close_at_end,
        engine=engine,
        self_check=self_check,
        nulls=nulls,
        sealed_after_ms=None if market.sealed_after is None else parse_time(market.sealed_after),
        unseal=unseal,
        check_seed=market.check_seed,
        check_all=market.check_all,
    )
