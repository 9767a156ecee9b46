"""A market for features: ticks and floats, ranges, volume, another market beside it."""

import numpy as np

HOUR = 3_600_000


class Walk:
    """A random walk of n rows as ticks and as floats; high and low around it."""

    def __init__(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.close = 100_000 + np.cumsum(rng.integers(-300, 301, n)).astype(np.int64)
        self.high = self.close + rng.integers(0, 200, n)
        self.low = self.close - rng.integers(0, 200, n)
        self.open = self.low + ((self.high - self.low) * rng.random(n)).astype(np.int64)
        self.closes, self.highs, self.lows, self.opens = (
            part.astype(np.float64) for part in (self.close, self.high, self.low, self.open)
        )
        self.volume = np.where(rng.random(n) < 0.1, 0.0, rng.random(n) * 50.0)
        self.other = 50_000.0 + np.cumsum(rng.normal(0.0, 90.0, n))
        self.flags = rng.random(n) < 0.2
        self.time = 1_700_000_000_000 // HOUR * HOUR + np.arange(n) * HOUR

    def rows(self, begin: int, end: int) -> "Walk":
        """Return the rows from begin to before end."""
        part = Walk(0, 0)
        for name, column in vars(self).items():
            setattr(part, name, column[begin:end])
        return part
