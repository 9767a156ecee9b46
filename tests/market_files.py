"""Files of bars for tests: a seeded walk, with whatever a test does to its rows."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

Row = list[str]  # time, open, high, low, close, volume
START = datetime(2024, 1, 1, tzinfo=UTC)


def rows_of(
    closes: Sequence[float],
    *,
    decimals: int = 2,
    volume: str = "1000",
    step: timedelta | None = None,
) -> list[Row]:
    """Return rows whose opens are the closes before, with wicks of half a percent."""
    step = step or timedelta(days=1)
    opens = [closes[0], *closes[:-1]]
    found = []
    for i, (first, last) in enumerate(zip(opens, closes, strict=True)):
        prices = (first, max(first, last) * 1.005, min(first, last) * 0.995, last)
        time = f"{START + i * step:%Y-%m-%dT%H:%M:%SZ}"
        found.append([time, *(f"{price:.{decimals}f}" for price in prices), volume])
    return found


def walk(n: int, *, first: float = 100.0, drift: float = 0.002, seed: int = 3) -> list[float]:
    """Return n closes of a seeded walk with moves of about two percent."""
    moves = np.random.default_rng(seed).normal(drift, 0.02, n)
    return [float(price) for price in first * np.exp(np.cumsum(moves))]


def write_rows(
    path: Path, rows: Sequence[Row], change: Callable[[list[Row]], object] = lambda _: None
) -> Path:
    """Write rows as a CSV file, after `change` has done to them what the test is about."""
    rows = [list(row) for row in rows]
    change(rows)
    header = "time,open,high,low,close,volume"
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path
