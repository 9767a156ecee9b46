"""The risk policy as people state it, and its limits by name, as everything else takes them."""

from collections.abc import Mapping
from dataclasses import asdict, field, make_dataclass
from typing import Any

from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.settings import FIRST_SETTINGS, Setting

Limits = Mapping[str, float]  # of each setting's limit, in the kernel's units; inf: none

SETTINGS: tuple[Setting, ...] = FIRST_SETTINGS + tuple(
    guard.setting
    for guard in GUARDS
    if guard.setting is not None and guard.setting not in FIRST_SETTINGS
)
_Stated: Any = make_dataclass(
    "_Stated",
    [
        (setting.key, int if setting.is_whole else float, field(default=setting.default))
        for setting in SETTINGS
    ],
    frozen=True,
    slots=True,
)


class RiskPolicy(_Stated):  # type: ignore[misc]  # its fields are the settings
    """Limits on entries. Percentages are of equity; an exit is never held back by them.

    The fields are the keys of a profile's `risk` section that guards read (docs/guards.md), and
    `rebalance_band`; each has its default.
    """

    __slots__ = ()

    def limits(self, interval_ms: int) -> Limits:
        """Return the policy in the kernel's units for bars of `interval_ms`."""
        stated = asdict(self)
        return {
            setting.limit: setting.in_kernel_units(stated[setting.key], interval_ms)
            for setting in SETTINGS
        }


def no_policy(interval_ms: int) -> Limits:  # noqa: ARG001 - called like RiskPolicy.limits
    """Return limits that bind nothing but the account: what `--risk none` means."""
    return {setting.limit: setting.off for setting in SETTINGS}
