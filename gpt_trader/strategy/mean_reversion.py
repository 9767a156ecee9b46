"""Buying a fall that went too far."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import GRID, settle
from gpt_trader.kernel.features.wilder import wilder_moves
from gpt_trader.kernel.features.window import bollinger, since
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import WILDER_MEMORY, from_row, level, prices, weight_while
from gpt_trader.strategy.params import check_ranges


def settle_rsi(close: Floats, period: int) -> Floats:
    """Wilder's RSI from averages settled to 1/65,536 tick; 50 where nothing moved."""
    gains, losses = wilder_moves(close, period)
    gains, losses = settle(gains, GRID), settle(losses, GRID)
    moves = gains + losses
    neutral = np.where(np.isnan(moves), np.nan, 50.0)
    return np.divide(100.0 * gains, moves, out=neutral, where=moves > 0)


@dataclass(frozen=True)
class MeanReversion:
    """Buy when the close is far below its average, sell when it is back.

    Entry signal: RSI(rsi_period) < oversold and close < lower Bollinger band(band_period,
    band_width). Exit signal: RSI > exit_rsi or close > middle band. In while an entry signal
    came within the last `max_hold` bars and after the last exit signal. That bound makes the
    state a function of a window; it is also the time stop. RSI: Wilder's, from averages settled
    to 1/65,536 tick. Bands: SMA -+ band_width population standard deviations.

    Source: Wilder, New Concepts in Technical Trading Systems (1978), RSI 14, 30 and the
    midline 50; Bollinger, Bollinger on Bollinger Bands (2001), 20 bars and 2 deviations, a
    band's touch confirmed by an oscillator.
    """

    name: ClassVar[str] = "mean_reversion"

    rsi_period: int = param(14, 2, 500, doc="bars of the RSI")
    oversold: float = param(30.0, 1.0, 50.0, doc="RSI below which a fall went too far")
    exit_rsi: float = param(50.0, 10.0, 99.0, doc="RSI above which the fall is made good")
    band_period: int = param(20, 2, 1000, doc="bars of the Bollinger bands")
    band_width: float = param(2.0, 0.1, 10.0, doc="half width of the bands, deviations")
    max_hold: int = param(40, 1, 2000, doc="bars after the last entry signal until it is given up")
    stop: float = param(0.10, 0.0, 0.9, doc="stop below the entry, as a fraction; 0: none")
    take_profit: float = param(0.0, 0.0, 10.0, doc="profit taken, as a fraction; 0: none")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity while in")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.oversold > self.exit_rsi:
            raise UsageError(
                "expected oversold <= exit_rsi in mean_reversion, "
                f"was oversold={self.oversold:g} exit_rsi={self.exit_rsi:g}",
                hint="for example --set oversold=30 --set exit_rsi=50",
            )

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return max(self.rsi_period + 1, self.band_period)

    @property
    def warmup(self) -> int:
        """Bars after which RSI has forgotten its start, for each of the last max_hold bars."""
        return max(WILDER_MEMORY * self.rsi_period + 1, self.band_period) + self.max_hold

    def targets(self, bars: Bars) -> Targets:
        """Return weight, protection and conditions for every bar."""
        first = self.min_bars - 1
        close = bars.close.astype(np.float64)
        rsi = settle_rsi(close, self.rsi_period)
        lower, middle, _ = bollinger(bars.close, self.band_period, self.band_width)
        entry = since((rsi < self.oversold) & (close < lower), self.max_hold)
        leave = since((rsi > self.exit_rsi) | (close > middle), self.max_hold)
        held = entry < leave
        price = prices(bars, close)
        rsi_label = f"RSI({self.rsi_period})"
        band = f"({self.band_period}, {self.band_width:g})"
        return Targets(
            weight=weight_while(held, first, self.weight),
            stop=level(bars, first, self.stop) if self.stop else None,
            take_profit=level(bars, first, self.take_profit) if self.take_profit else None,
            max_bars=np.full(len(bars), self.max_hold, np.int64),
            conditions=lambda: (
                Condition(
                    f"{rsi_label} < {self.oversold:g}", rsi, level(bars, 0, self.oversold), "<"
                ),
                Condition(f"close < lower band{band}", price, prices(bars, lower), "<"),
                Condition(
                    f"exit: {rsi_label} > {self.exit_rsi:g}", rsi, level(bars, 0, self.exit_rsi)
                ),
                Condition(f"exit: close > middle band{band}", price, prices(bars, middle)),
                Condition(
                    f"bars since entry < bars since exit (at most {self.max_hold})",
                    from_row(first, entry),
                    from_row(first, leave),
                    "<",
                ),
            ),
        )
