"""The risk policy as people state it, and as the kernel takes it."""

from dataclasses import dataclass
from math import inf

from gpt_trader.kernel.settings import Limits


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Limits on entries. Percentages are of equity; an exit is never held back by them."""

    max_product_pct: float = 25.0
    max_gross_pct: float = 100.0
    max_daily_loss_pct: float = 3.0
    max_drawdown_pct: float = 15.0
    max_entries_per_day: int = 20
    max_bar_age_intervals: float = 2.0
    rebalance_band: float = 0.25
    min_size_multiple: int = 2

    def limits(self, interval_ms: int) -> Limits:
        """Return the policy in the kernel's units for bars of `interval_ms`."""
        return Limits(
            max_product=self.max_product_pct / 100,
            max_gross=self.max_gross_pct / 100,
            max_daily_loss=self.max_daily_loss_pct / 100,
            max_drawdown=self.max_drawdown_pct / 100,
            max_entries=self.max_entries_per_day,
            max_bar_age_ms=int(self.max_bar_age_intervals * interval_ms),
            rebalance_band=self.rebalance_band,
            min_multiple=self.min_size_multiple,
        )


def no_policy(interval_ms: int) -> Limits:  # noqa: ARG001 - called like RiskPolicy.limits
    """Return limits that bind nothing but the account: what `--risk none` means."""
    return Limits(
        max_product=1.0,
        max_gross=inf,
        max_daily_loss=inf,
        max_drawdown=inf,
        max_entries=2**62,
        max_bar_age_ms=2**62,
        rebalance_band=RiskPolicy().rebalance_band,
        min_multiple=1,
    )
