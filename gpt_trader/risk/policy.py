"""The risk policy as people state it, and its limits by name, as everything else takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from gpt_trader.domain.declared import settle
from gpt_trader.domain.text import shown_by_fields
from gpt_trader.door import at_the_door
from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.settings import FIRST_SETTINGS, Setting, distinct

Limits = Mapping[str, float]  # of each setting's limit, in the kernel's units; inf: none

SETTINGS: tuple[Setting, ...] = distinct(
    [*FIRST_SETTINGS, *(setting for guard in GUARDS for setting in guard.settings)]
)


@shown_by_fields
@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Limits on entries. Percentages are of equity; an exit is never held back by them.

    The fields are the keys of a profile's `risk` section that guards read (docs/guards.md), and
    `rebalance_band`; each has its setting's default. Infinity is no limit; what a profile may not
    state is allowed here, if it is a number at all.

    Raises ConfigError that names the key.
    """

    max_product_pct: float = 25.0
    max_gross_pct: float = 100.0
    max_daily_loss_pct: float = 3.0
    max_drawdown_pct: float = 15.0
    max_entries_per_day: int = 20
    max_bar_age_intervals: float = 2.0
    rebalance_band: float = 0.25
    min_size_multiple: int = 2

    @at_the_door
    def __post_init__(self) -> None:
        for setting in SETTINGS:
            setting.check(getattr(self, setting.key))
        settle(self)

    def limits(self, interval_ms: int) -> Limits:
        """Return the policy in the kernel's units for bars of `interval_ms`."""
        return {
            setting.limit: setting.in_kernel_units(getattr(self, setting.key), interval_ms)
            for setting in SETTINGS
        }

    def unhalted(self) -> "RiskPolicy":
        """Return the policy without the limits that halt entries: drawdown and daily loss."""
        return replace(self, max_drawdown_pct=inf, max_daily_loss_pct=inf)


def no_policy(interval_ms: int) -> Limits:  # noqa: ARG001 - called like RiskPolicy.limits
    """Return limits that bind nothing but the account: what `--risk none` means."""
    return {setting.limit: setting.off for setting in SETTINGS}
