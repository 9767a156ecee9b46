"""The risk policy as people state it, and its limits by name, as everything else takes them."""

from collections.abc import Mapping
from dataclasses import field, make_dataclass, replace
from math import inf
from typing import Any

from gpt_trader.domain.declared import settle
from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.settings import FIRST_SETTINGS, Setting, distinct

Limits = Mapping[str, float]  # of each setting's limit, in the kernel's units; inf: none

SETTINGS: tuple[Setting, ...] = distinct(
    [*FIRST_SETTINGS, *(setting for guard in GUARDS for setting in guard.settings)]
)


def _check(policy: Any) -> None:  # noqa: ANN401 - its fields are the settings
    for setting in SETTINGS:
        setting.check(getattr(policy, setting.key))
    settle(policy)


_Stated: Any = make_dataclass(
    "_Stated",
    [
        (setting.key, int if setting.is_whole else float, field(default=setting.default))
        for setting in SETTINGS
    ],
    frozen=True,
    slots=True,
    namespace={"__post_init__": _check},
)


class RiskPolicy(_Stated):  # type: ignore[misc]  # its fields are the settings
    """Limits on entries. Percentages are of equity; an exit is never held back by them.

    The fields are the keys of a profile's `risk` section that guards read (docs/guards.md), and
    `rebalance_band`; each has its default. Infinity is no limit; what a profile may not state is
    allowed here, if it is a number at all.

    Raises ConfigError that names the key.
    """

    __slots__ = ()

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
