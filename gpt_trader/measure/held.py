"""What a run held at each close, from its fills."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def lots_held(path: Path, product: int) -> Ints:
    """Return (n,) int64: lots of a product after each bar of the grid; short is below 0."""
    mine = path.fills[path.fills["product"] == product]
    moved = np.zeros(len(path.time), np.int64)
    np.add.at(moved, mine["bar"], mine["side"] * mine["lots"])
    return np.cumsum(moved)


def worth_held(path: Path, product: int) -> Floats:
    """Return (n,) float64: what is held of a product at each close, quote; short is below 0."""
    bars = path.bars[product]
    last = np.searchsorted(bars.time, path.time, side="right") - 1
    close = np.where(last >= 0, bars.close[np.maximum(last, 0)], 0)
    return np.asarray(lots_held(path, product) * close.astype(np.float64) * bars.product.spec.unit)


def weights_held(path: Path) -> Floats:
    """Return (n, p) float64: each product's share of the equity at each close; 0 without equity."""
    worth = np.column_stack([worth_held(path, j) for j in range(len(path.bars))])
    equity = path.equity[:, None]
    return np.divide(worth, equity, out=np.zeros_like(worth), where=equity > 0.0)
