"""Market strategies of many kinds: what the property tests hold to one answer everywhere."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.market import Market, last
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.ensemble import Ensemble
from gpt_trader.strategy.rank_momentum import RankMomentum
from gpt_trader.strategy.regime_trend import RegimeTrend
from gpt_trader.strategy.schedule import closes_at, rows_back, schedule


def change(values, bars):
    """Return each column's change over so many rows; NaN where one of the two is absent."""
    out = np.full(values.shape, np.nan)
    out[bars:] = values[bars:] / values[:-bars] - 1.0
    return out


@dataclass(frozen=True)
class _Base:
    name: ClassVar[str] = "of_the_tests"
    look: int = 7

    @property
    def min_bars(self):
        return self.look + 1

    @property
    def warmup(self):
        return self.look + 1


@dataclass(frozen=True)
class Strongest(_Base):
    """All of it in what rose most."""

    def targets(self, market: Market):
        rose = np.nan_to_num(change(market.close, self.look), nan=-1.0)
        best = np.argmax(rose, axis=1)
        return {
            one: Targets(
                np.where((best == j) & (rose[:, j] > 0), 0.9, 0.0),
                stop=0.05,
                conditions=(Condition("rose > 0", rose[:, j], np.zeros(len(market))),),
            )
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class Spread(_Base):
    """The one that is behind the first one, over some rows."""

    def targets(self, market):
        rose = change(market.close, self.look)
        return {
            one: np.where(rose[:, j] < rose[:, 0], 0.4, 0.0)
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class Breadth(_Base):
    """All alike while most of those that are there rise."""

    def targets(self, market):
        rose = change(market.close, self.look)
        there = np.isfinite(rose)
        share = (np.nan_to_num(rose) > 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        weight = np.where(there.any(axis=1), np.where(share > 0.5, 0.3, 0.0), np.nan)
        return dict.fromkeys(market.products, weight)


@dataclass(frozen=True)
class Present(_Base):
    """Equal weights of what has a bar; the others are left out of the answer at times."""

    def targets(self, market):
        there = market.present.sum(axis=1)
        weight = 0.9 / np.maximum(there, 1)
        return {one: weight for j, one in enumerate(market.products) if j != 1}


@dataclass(frozen=True)
class Remembers(_Base):
    """By the last price that is known within its window."""

    def targets(self, market):
        known = last(market.close)
        old = np.full(known.shape, np.nan)
        old[self.look :] = market.close[: -self.look] if self.look else market.close
        up = known > old
        return {one: np.where(up[:, j], 0.5, 0.0) for j, one in enumerate(market.products)}


@dataclass(frozen=True)
class ByVolume(_Base):
    """Weights by the volume of this row, protected in every way."""

    def targets(self, market):
        value = np.nan_to_num(market.volume * market.close)
        total = value.sum(axis=1, keepdims=True)
        share = np.divide(value, total, out=np.zeros_like(value), where=total > 0)
        return {
            one: Targets(share[:, j], stop=0.02, take_profit=0.03, trail=0.04, max_bars=9)
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class Silent(_Base):
    """No opinion on anything but at times."""

    def targets(self, market):
        hour = market.time // market.interval_ms
        weight = np.where(hour % 11 == 0, 0.5, np.where(hour % 7 == 0, 0.0, np.nan))
        return dict.fromkeys(market.products, weight)


@dataclass(frozen=True)
class Falling(_Base):
    """Short of what fell most, which spot cannot be."""

    def targets(self, market):
        rose = np.nan_to_num(change(market.close, self.look), nan=1.0)
        worst = np.argmin(rose, axis=1)
        return {one: np.where(worst == j, -0.5, 0.0) for j, one in enumerate(market.products)}


@dataclass(frozen=True)
class OnSchedule(_Base):
    """Decides at every fifth hour alone, and lets it stand."""

    @property
    def warmup(self):
        return self.look + 1 + rows_back(5)

    def targets(self, market):
        turns = schedule(market.time, market.interval_ms, 5, self.look)
        now, then = closes_at(market, turns.rows), closes_at(market, turns.rows - self.look)
        weight = np.where(now > then, 0.4, 0.0)
        return {one: turns.stand(weight[:, j]) for j, one in enumerate(market.products)}


@dataclass(frozen=True)
class PaidToHold(_Base):
    """Long what was paid for holding within its window, short what paid."""

    def targets(self, market):
        paid = np.nan_to_num(market.funding_rate)
        window = np.lib.stride_tricks.sliding_window_view(paid, self.look, axis=0)
        total = np.full(paid.shape, np.nan)
        total[self.look - 1 :] = window.sum(axis=2)
        return {
            one: np.where(np.isnan(total[:, j]), np.nan, -0.5 * np.sign(total[:, j]))
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class WithinTheBar(_Base):
    """By where the bar closed in its range; its stop is as wide as the bar."""

    def targets(self, market):
        reach = market.high - market.low
        place = np.divide(
            market.close - market.low, reach, out=np.zeros_like(reach), where=reach > 0
        )
        stop = np.clip(reach / market.open, 0.001, 0.9)
        return {
            one: Targets(np.where(place[:, j] > 0.5, 0.6, 0.0), stop=stop[:, j])
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class StandsIn(_Base):
    """Holds the first product only where another one has no bar."""

    def targets(self, market):
        alone = market.present.sum(axis=1) < len(market.products)
        return {market.products[0]: np.where(alone, 0.7, 0.0)}


@dataclass(frozen=True)
class Calmest(_Base):
    """What moved least within its window, for so many bars at most."""

    def targets(self, market):
        moved = np.abs(change(market.close, 1))
        n, p = moved.shape
        most = np.full((n, p), np.inf)
        window = np.lib.stride_tricks.sliding_window_view(moved, self.look, axis=0)
        most[self.look - 1 :] = np.where(np.isnan(window), np.inf, window).max(axis=2)
        calm = np.argmin(most, axis=1)
        return {
            one: Targets(np.where(calm == j, 0.9, 0.0), max_bars=np.full(n, self.look))
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class Ratio(_Base):
    """The first and the last by their ratio, both sides, with a trail that moves."""

    def targets(self, market):
        close = market.close
        ratio = close[:, :1] / close[:, -1:]
        rose = change(ratio, self.look)[:, 0]
        side = np.where(np.isnan(rose), np.nan, np.sign(rose) * 0.3)
        trail = 0.01 + np.abs(np.nan_to_num(rose))
        return {
            market.products[0]: Targets(side, trail=np.minimum(trail, 0.9)),
            market.products[-1]: Targets(-side, trail=np.minimum(trail, 0.9)),
        }


@dataclass(frozen=True)
class FilledIn(_Base):
    """Weights by what each is worth at its last known price within its window."""

    def targets(self, market):
        window = [last(market[max(i - self.look, 0) : i + 1].close)[-1] for i in range(len(market))]
        price = np.array(window).reshape(len(market), -1)
        lower = price < np.nanmean(np.where(np.isnan(price), 0.0, price), axis=1, keepdims=True)
        return {one: np.where(lower[:, j], 0.5, 0.0) for j, one in enumerate(market.products)}


@dataclass(frozen=True)
class Led(_Base):
    """All alike while a series that nobody trades rises."""

    reads: ClassVar[object] = ("IDX-USD",)

    def targets(self, market):
        read = market.reads["IDX-USD"]
        rose = np.full(len(read.bars), np.nan)
        rose[1:] = np.diff(read.bars.price.close)
        led = read.spread(rose)
        weight = np.where(np.isnan(led), np.nan, np.where(led > 0, 0.5, 0.0))
        said = Condition("IDX-USD rose > 0", led, np.zeros(len(market)))
        return {one: Targets(weight, conditions=lambda: (said,)) for one in market.products}


@dataclass(frozen=True)
class ByTheDay(_Base):
    """By the mean of the longer bars of a product that it trades too."""

    days: ClassVar[int] = 4

    @property
    def reads(self):
        return {"BTC-USD@4h": self.days}

    def targets(self, market):
        read = market.reads["BTC-USD@4h"]
        close = read.bars.price.close
        mean = np.full(len(close), np.nan)
        if len(close) >= self.days:
            parts = np.lib.stride_tricks.sliding_window_view(close, self.days)
            mean[self.days - 1 :] = parts.mean(axis=1)
        up = read.spread(close) > read.spread(mean)
        return {one: Targets(np.where(up, 0.5, 0.0), stop=0.03) for one in market.products}


@dataclass(frozen=True)
class HoweverOld(_Base):
    """By the newest bar of a series that is read, however old, and by how much it traded."""

    @property
    def reads(self):
        return {"IDX-USD@1d": 2, "IDX-USD": self.look}

    def targets(self, market):
        days, hours = market.reads["IDX-USD@1d"], market.reads["IDX-USD"]
        fell = days.last(days.bars.price.close < days.bars.price.open) == 1.0
        traded = hours.spread(hours.bars.volume)
        weight = np.where(fell & (traded > 0), 0.4, 0.0)
        return dict.fromkeys(market.products, np.where(np.isnan(traded), np.nan, weight))


def ranked(look):
    """Return the built-in one, led by a product that it trades or lacks."""
    return RankMomentum(look, 2, 5)


def led_ranked(look):
    """Return it led by one that it reads."""
    return RankMomentum(look, 2, 3, benchmark="IDX-USD")


def in_the_regime(look):
    """Return one of single products within a market."""
    return RegimeTrend("sma_cross", "IDX-USD", 2, look + 2)


def voting(look):
    """Return a vote of both kinds."""
    return Ensemble("sma_cross,rebalance", min_confidence=0.0)


KINDS = (
    Strongest, Spread, Breadth, Present, Remembers, ByVolume, Silent, Falling, OnSchedule,
    PaidToHold, WithinTheBar, StandsIn, Calmest, Ratio, FilledIn, ranked, voting,
)  # fmt: skip
READING = (Led, ByTheDay, HoweverOld, led_ranked, in_the_regime)


@dataclass(frozen=True)
class Regime(_Base):
    """All alike while the last whole quarter of a day of the first product was up."""

    reads: ClassVar[tuple[str, ...]] = ("BTC-USD@6h",)

    def targets(self, market):
        read = market.reads["BTC-USD@6h"]
        rose = read.spread(np.append(np.nan, np.diff(read.bars.price.close)))
        weight = np.where(np.isnan(rose), np.nan, np.where(rose > 0, 0.3, 0.0))
        return dict.fromkeys(market.products, weight)


@dataclass(frozen=True)
class Against(_Base):
    """What rose more than a product that is not traded, whose bars may be absent."""

    reads: ClassVar[dict[str, int]] = {"SOL-USD": 9, "BTC-USD": 9}

    def targets(self, market):
        other, first = market.reads["SOL-USD"], market.reads["BTC-USD"]
        rose = change(market.close, self.look)
        base = change(other.close[:, None], self.look)[:, 0]
        own = change(first.close[:, None], self.look)[:, 0]
        known = np.isfinite(base) & np.isfinite(own)
        return {
            one: Targets(
                np.where(known, np.where(rose[:, j] > np.fmax(base, own), 0.4, 0.0), np.nan),
                trail=0.1,
            )
            for j, one in enumerate(market.products)
        }


@dataclass(frozen=True)
class Newest(_Base):
    """By the newest bars of what is read, however old."""

    reads: ClassVar[dict[str, int]] = {"SOL-USD": 12, "BTC-USD@6h": 3}

    def targets(self, market):
        sol, btc = market.reads["SOL-USD"], market.reads["BTC-USD@6h"]
        high = sol.last(sol.bars.price.high)
        level = btc.last(np.arange(len(btc.bars)) * 0.0 + btc.bars.price.close)
        weight = np.where(
            np.isnan(high) | np.isnan(level), np.nan, np.where(high * 4e6 > level, 0.2, 0.0)
        )
        return dict.fromkeys(market.products, weight)


SOL_READING = (Regime, Against, Newest)
