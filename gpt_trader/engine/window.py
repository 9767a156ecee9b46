"""A product's newest bars: a stretch of rows that only grow, turned into columns when asked for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpt_trader.domain.bars import Bar, Bars, known
from gpt_trader.domain.product import Product

SPARE_ROWS = 256


class _Block:
    """Bars in order, as rows; the first `done` of them also as columns."""

    __slots__ = ("columns", "done", "quotes", "room", "rows")

    def __init__(self, product: Product, interval_ms: int, rows: list[Bar]) -> None:
        self.rows = rows
        self.room = 4 * len(rows) + SPARE_ROWS
        self.done = 0
        self.quotes = np.empty(self.room, np.int64)
        self.columns = Bars(
            product,
            interval_ms,
            time=np.empty(self.room, np.int64),
            open=np.empty(self.room, np.int64),
            high=np.empty(self.room, np.int64),
            low=np.empty(self.room, np.int64),
            close=np.empty(self.room, np.int64),
            volume=np.empty(self.room, np.float64),
            funding_rate=np.empty(self.room, np.float64),
        )


class Window:
    """Bars [begin, end) of a block. A value: what is appended behind it never changes it."""

    __slots__ = ("_block", "begin", "end")

    def __init__(self, block: _Block, begin: int, end: int) -> None:
        self._block = block
        self.begin = begin
        self.end = end

    def __len__(self) -> int:
        return self.end - self.begin

    @property
    def rows(self) -> list[Bar]:
        """The bars one by one, oldest first."""
        return self._block.rows[self.begin : self.end]

    @property
    def bars(self) -> Bars:
        """The bars as columns: views that no later bar changes."""
        block = self._block
        columns = block.columns
        if block.done < self.end:
            new = block.rows[block.done :]
            at = slice(block.done, len(block.rows))
            columns.time[at] = [bar.open_ms for bar in new]
            columns.open[at] = [bar.open for bar in new]
            columns.high[at] = [bar.high for bar in new]
            columns.low[at] = [bar.low for bar in new]
            columns.close[at] = [bar.close for bar in new]
            columns.volume[at] = [bar.volume for bar in new]
            columns.funding_rate[at] = [bar.funding_rate for bar in new]
            block.quotes[at] = [bar.half_spread_e8 for bar in new]
            block.done = len(block.rows)
        seen = slice(self.begin, self.end)
        return replace(columns[seen], half_spread_e8=known(block.quotes[seen]))

    def appended(self, bar: Bar, keep: int) -> "Window":
        """Return the window with one more bar, cut to `keep` bars once it is twice as long."""
        begin = self.begin
        if len(self) + 1 >= 2 * keep:
            begin = self.end - (keep - 1)
        block = self._block
        if len(block.rows) != self.end or self.end == block.room:  # another went on, or it is full
            rows = block.rows[begin : self.end]
            block = _Block(block.columns.product, block.columns.interval_ms, rows)
            block.rows.append(bar)
            return Window(block, 0, len(block.rows))
        block.rows.append(bar)
        return Window(block, begin, self.end + 1)


def window_of(product: Product, interval_ms: int, rows: Sequence[Bar]) -> Window:
    """Return a window of at least one bar, oldest first."""
    return Window(_Block(product, interval_ms, list(rows)), 0, len(rows))
