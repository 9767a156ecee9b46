"""What a profile's `risk` section sets: keys, ranges and defaults, and each limit's kernel unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isinf
from numbers import Real
from typing import Any, Literal

from gpt_trader.brief import brief
from gpt_trader.errors import ConfigError

Unit = Literal["percent", "intervals", "count", "ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of the `risk` section, and the limit that it becomes.

    limit: the limit's name wherever it is passed on. off: that limit where no policy binds
    (`--risk none`). A percent is of equity and becomes a ratio, intervals become milliseconds.
    is_cap: the more, the less it binds; infinity is no limit. ge, le, lt: bounds of what a profile
    may state; a percent is above 0 and at most 100.
    """

    key: str
    limit: str
    words: str
    unit: Unit
    default: float
    off: float
    is_cap: bool = True
    ge: float | None = None
    le: float | None = None
    lt: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number."""
        return self.unit == "count"

    def in_kernel_units(self, stated: float, interval_ms: int) -> float:
        """Return what was stated as the kernel takes it, for bars of `interval_ms`."""
        if self.unit == "percent":
            return stated / 100
        if self.unit == "intervals" and not isinf(stated):
            return int(stated * interval_ms)
        return stated

    def check(self, stated: Any) -> None:  # noqa: ANN401 - it is to find out what it is
        """Raise ConfigError for what is no such number, negative, or infinite where it binds."""
        is_right = is_number(stated) and stated >= 0 and (self.is_cap or not isinf(stated))
        if is_right and (not self.is_whole or isinf(stated) or stated == int(stated)):
            return
        kind = "a whole number" if self.is_whole else "a number"
        expected = f"{kind}, at least 0" + ("" if self.is_cap else " and finite")
        raise ConfigError(f"{self.key}: expected {expected}, found {brief(stated)}")


MAX_PRODUCT = Setting(
    key="max_product_pct",
    limit="max_product",
    words="most of equity in one product",
    unit="percent",
    default=25.0,
    off=1.0,
)
MAX_GROSS = Setting(
    key="max_gross_pct",
    limit="max_gross",
    words="most of equity in all products together",
    unit="percent",
    default=100.0,
    off=inf,
)
MAX_DAILY_LOSS = Setting(
    key="max_daily_loss_pct",
    limit="max_daily_loss",
    words="loss since 00:00 UTC that ends entries",
    unit="percent",
    default=3.0,
    off=inf,
)
MAX_DRAWDOWN = Setting(
    key="max_drawdown_pct",
    limit="max_drawdown",
    words="loss from the highest equity that halts",
    unit="percent",
    default=15.0,
    off=inf,
)
MAX_ENTRIES = Setting(
    key="max_entries_per_day",
    limit="max_entries",
    words="entries a UTC day",
    unit="count",
    default=20,
    off=inf,
    ge=0,
    le=10_000,
)
MAX_BAR_AGE = Setting(
    key="max_bar_age_intervals",
    limit="max_bar_age_ms",
    words="age of the newest bar, in intervals, above which no entry is made",
    unit="intervals",
    default=2.0,
    off=inf,
    ge=1,
    le=100,
)
REBALANCE_BAND = Setting(
    key="rebalance_band",
    limit="rebalance_band",
    words="least difference of target and current weight, as a share of the larger",
    unit="ratio",
    default=0.25,
    off=0.25,
    is_cap=False,
    ge=0,
    lt=1,
)
MIN_SIZE = Setting(
    key="min_size_multiple",
    limit="min_multiple",
    words="an entry is at least so many exchange minimums, so that it can be sold",
    unit="count",
    default=2,
    off=1,
    is_cap=False,
    ge=2,
    le=100,
)
# In the order in which profiles, pages and the first journals list them.
FIRST_SETTINGS = (
    MAX_PRODUCT, MAX_GROSS, MAX_DAILY_LOSS, MAX_DRAWDOWN, MAX_ENTRIES, MAX_BAR_AGE,
    REBALANCE_BAND, MIN_SIZE,
)  # fmt: skip


def is_number(value: object) -> bool:
    """Whether a value is a number; true and false, which Python takes as 1 and 0, are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def distinct(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """Return settings in order, each once; ValueError where two have one key or one limit."""
    found = tuple(dict.fromkeys(settings))
    for kind, names in (("key", [s.key for s in found]), ("limit", [s.limit for s in found])):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two settings have the {kind} {twice[0]}")
    return found
