"""What a profile may say: every key with its type, range, default and meaning.

Cross-field rules stand in `check.py`; costs have the domain's defaults, limits their guards'.
"""

from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from gpt_trader.config.words import Broker, Feed, Mode
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.costs import DEFAULT_COSTS, Leg, OrderStyleName
from gpt_trader.domain.schedules import FeeTier, Region
from gpt_trader.errors import UsageError
from gpt_trader.risk.policy import SETTINGS
from gpt_trader.risk.settings import Setting

DEFAULT_LEG = Leg()

Interval = Literal["1m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "1d"]


def _no_bool(value: object) -> object:
    """Refuse true and false where a number is meant: Python would take them as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("expected a number")  # noqa: TRY004 - pydantic collects ValueError
    return value


def _money(value: object) -> object:
    """Take 50, 50.5 or "50.5" as the exact decimal that was written."""
    return str(value) if isinstance(value, int | float) else value


def _absent(value: object) -> object:
    """Take the words none and null (an environment variable or a flag) as absent."""
    return None if isinstance(value, str) and value.lower() in ("none", "null") else value


def _words(value: object) -> object:
    """Take "A, B" as a list: environment variables and flags hold text."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _product_id(value: str) -> str:
    """Return a product id in the exchange's spelling."""
    try:
        return normalize_id(value)
    except UsageError as error:
        raise ValueError("expected a product id such as BTC-USD") from error


def _scalar(value: object) -> object:
    """Return a parameter's value, which a strategy turns into its own type."""
    if not isinstance(value, int | float | str):
        raise ValueError("expected a number, a word, true or false")  # noqa: TRY004
    return value


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    return _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _url(secure: str, plain: str) -> Any:  # noqa: ANN401
    """Build a check: `secure`://HOST, or `plain`://HOST for a loopback host only."""

    def check(value: str) -> str:
        parts = urlsplit(value)
        host = parts.hostname or ""
        if parts.username or parts.password:
            raise ValueError("expected an address without a user name or password")
        if not host or parts.scheme not in (secure, plain):
            raise ValueError(f"expected {secure}://HOST")
        if parts.scheme == plain and not _is_loopback(host):
            raise ValueError(f"expected {secure}://; {plain}:// only for a loopback host")
        return value

    return AfterValidator(check)


Number = BeforeValidator(_no_bool)
Percent = Annotated[float, Number, Field(gt=0, le=100, allow_inf_nan=False)]
Bps = Annotated[float, Number, Field(ge=0, le=1000, allow_inf_nan=False)]
Positive = Annotated[float, Number, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Money = Annotated[
    Decimal, BeforeValidator(_money), Number, Field(gt=0, le=10**9, allow_inf_nan=False)
]
Fraction = Annotated[float, Number, Field(gt=0, le=1, allow_inf_nan=False)]
Products = Annotated[
    tuple[Annotated[str, AfterValidator(_product_id)], ...], BeforeValidator(_words)
]
Params = dict[str, Annotated[Any, AfterValidator(_scalar)]]
HttpUrl = Annotated[str, _url("https", "http")]
WsUrl = Annotated[str, _url("wss", "ws")]
Absent = BeforeValidator(_absent)


class LegKeys(BaseModel, extra="forbid", frozen=True):
    """How one leg of a position is worked."""

    style: OrderStyleName = Field(
        default=DEFAULT_LEG.style,
        description="rest post-only and then drop or cross, rest only, or cross at once",
    )
    offset_bps: Bps = Field(
        default=DEFAULT_LEG.offset_bps, description="distance of a resting order from the near side"
    )
    ttl_bars: Annotated[int, Number] = Field(
        default=DEFAULT_LEG.ttl_bars, ge=1, le=4, description="bars a resting order may wait"
    )


class OrderStyleKeys(BaseModel, extra="forbid", frozen=True):
    """How entries and exits are worked; protective stops always cross."""

    entry: LegKeys = LegKeys()
    exit: LegKeys = LegKeys()


class CostKeys(BaseModel, extra="forbid", frozen=True):
    """What trading costs in a simulation."""

    taker_bps: Bps = Field(default=DEFAULT_COSTS.taker_bps, description="fee of a crossing fill")
    maker_bps: Bps = Field(default=DEFAULT_COSTS.maker_bps, description="fee of a resting fill")
    spread_bps: Bps = Field(default=DEFAULT_COSTS.spread_bps, description="half the bid-ask spread")
    slippage_bps: Bps = Field(
        default=DEFAULT_COSTS.slippage_bps, description="price given away by a crossing fill"
    )
    participation: Annotated[Fraction | None, Absent] = Field(
        default=DEFAULT_COSTS.participation,
        description="most of a bar's volume that fills may take; none: no cap",
    )
    touch_fills: bool = Field(
        default=DEFAULT_COSTS.touch_fills,
        description="whether a resting limit fills when touched, not only when traded through",
    )
    impact: Annotated[float, Number] = Field(
        default=DEFAULT_COSTS.impact,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="bar volatilities that an order as large as the bar's volume moves the price; "
        "other sizes by the square root of their share",
    )
    latency_ms: Annotated[int, Number] = Field(
        default=DEFAULT_COSTS.latency_ms,
        ge=0,
        lt=86_400_000,
        description="delay of a crossing order, below the interval: the price runs away from it",
    )
    latency_bars: Annotated[int, Number] = Field(
        default=DEFAULT_COSTS.latency_bars,
        ge=0,
        le=100,
        description="bars that a backtest's targets act late",
    )
    fee_tier: FeeTier = Field(
        default=DEFAULT_COSTS.fee_tier,
        description="fee rates: taker_bps and maker_bps as they stand, a tier of the exchange's "
        "schedule through time, or the tier simulated by the volume of 30 days",
    )
    region: Region = Field(
        default=DEFAULT_COSTS.region,
        description="whose schedule: US; EU, UK and Canada; other",
    )


def _setting_key(setting: Setting) -> Any:  # noqa: ANN401 - what create_model takes
    """Return one of the policy's settings as a key: its type and its field."""
    if setting.unit == "percent":
        return Percent, Field(default=setting.default, description=setting.words)
    return Annotated[int if setting.is_whole else float, Number], Field(
        default=setting.default,
        ge=setting.ge,
        le=setting.le,
        lt=setting.lt,
        description=setting.words,
    )


_PolicyKeys: Any = create_model(
    "_PolicyKeys",
    __config__=ConfigDict(extra="forbid", frozen=True),
    **{setting.key: _setting_key(setting) for setting in SETTINGS},
)


class RiskKeys(_PolicyKeys):  # type: ignore[misc]  # its first keys are the guards' settings
    """Limits on entries, in percent of equity; an exit is never held back by them."""

    max_equity: Annotated[Money | None, Absent] = Field(
        default=None, description="most quote money the bot may use; none: all of the account"
    )
    bot_watched_stops: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="whether products may be traded whose stops cannot rest at the exchange",
    )
    exit_timeout_s: Annotated[float, Number] = Field(
        default=300.0,
        ge=1,
        le=86_400,
        allow_inf_nan=False,
        description="how long an exit may wait while its position's protection does not rest",
    )


class RouteKeys(BaseModel, extra="forbid", frozen=True):
    """One strategy on some products with a share of equity."""

    strategy: str = Field(description="name, or file.py:Class")
    params: Params = Field(default={}, description="parameters of the strategy")
    products: Products = Field(
        default=(), description="products traded; none: all of the profile's"
    )
    budget_pct: Percent = Field(
        default=100.0, description="share of equity the route's weights refer to"
    )
    interval: Interval | None = Field(
        default=None, description="bars it decides on, a multiple of the profile's; none: those"
    )
    entry: LegKeys | None = Field(default=None, description="as order_style.entry, for this route")
    exit: LegKeys | None = Field(default=None, description="as order_style.exit, for this route")


class DataKeys(BaseModel, extra="forbid", frozen=True):
    """What history must be like."""

    min_coverage_pct: Annotated[float, Number] = Field(
        default=LEAST_COVERAGE_PCT,
        ge=0,
        le=100,
        allow_inf_nan=False,
        description="share of a history's bars that must be there for a backtest",
    )


class SyntheticKeys(BaseModel, extra="forbid", frozen=True):
    """The bundled synthetic market."""

    seed: Annotated[int, Number] = Field(
        default=7, ge=0, lt=2**32, description="seed of the random numbers"
    )
    bars: Annotated[int, Number] = Field(
        default=3000, ge=1, le=1_000_000, description="bars a product, warm-up included"
    )


class RunKeys(BaseModel, extra="forbid", frozen=True):
    """How `gpt-trader run` goes about it."""

    speed_bars_per_s: Annotated[Positive | None, Absent] = Field(
        default=None, description="pace of a synthetic market or file; none: as fast as it goes"
    )


class AlertKeys(BaseModel, extra="forbid", frozen=True):
    """Where a page goes."""

    webhook_url: Annotated[HttpUrl | None, Absent] = Field(
        default=None, repr=False, description="address that receives alerts as JSON; shown masked"
    )
    required: bool = Field(default=False, description="refuse `mode: live` without a webhook_url")
    heartbeat_url: Annotated[HttpUrl | None, Absent] = Field(
        default=None,
        repr=False,
        description="address that is asked while all is well; its silence alerts; shown masked",
    )
    heartbeat_s: Positive = Field(default=60.0, description="seconds between two heartbeats")


class CommonKeys(BaseModel, extra="forbid", frozen=True):
    """A profile, but for the sections of its exchanges."""

    extends: str | None = Field(default=None, description="profile whose keys this one starts from")
    description: str = Field(default="", description="what the profile is for")
    mode: Mode = Field(
        default="dev", description="what is at stake; only `live` with `run --live` trades money"
    )
    feed: Feed = Field(default="synthetic", description="where bars come from")
    broker: Broker = Field(
        default="paper", description="where orders go; `observe` records and sends nothing"
    )
    interval: Interval = Field(default="1h", description="length of a bar")
    products: Products = Field(default=(), description="what is traded")
    strategy: str | None = Field(
        default=None, description="name, or file.py:Class (the short form)"
    )
    params: Params = Field(default={}, description="parameters of `strategy`")
    routes: tuple[RouteKeys, ...] = Field(
        default=(), description="strategies on disjoint products (the long form)"
    )
    cash: Money = Field(
        default=Decimal(10_000), description="quote money a simulated account starts with"
    )
    order_style: OrderStyleKeys = OrderStyleKeys()
    costs: CostKeys = CostKeys()
    risk: RiskKeys = RiskKeys()
    data: DataKeys = DataKeys()
    synthetic: SyntheticKeys = SyntheticKeys()
    run: RunKeys = RunKeys()
    alerts: AlertKeys = AlertKeys()
