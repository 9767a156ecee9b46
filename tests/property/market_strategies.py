"""Market strategies of many kinds: what the property tests hold to one answer everywhere."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.market import Market, last
from gpt_trader.domain.targets import Condition, Targets


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


KINDS = (Strongest, Spread, Breadth, Present, Remembers, ByVolume, Silent, Falling)
