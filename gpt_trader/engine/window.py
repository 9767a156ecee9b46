"""A product's newest bars: a stretch of rows that only grow, turned into columns when asked for."""

from collections.abc import Sequence

import numpy as np

from gpt_trader.domain.bars import COLUMNS, Bar, Bars, trusted, with_columns
from gpt_trader.domain.product import Product
from gpt_trader.kernel.slippage import NO_QUOTE

SPARE_ROWS = 256
FLOATS = frozenset({"volume", "funding_rate"})


class _Block:
    """Bars in order, as rows; the first `done` of them also as columns."""

    __slots__ = ("bars", "columns", "done", "room", "rows")

    def __init__(self, product: Product, interval_ms: int, rows: list[Bar]) -> None:
        self.rows = rows
        self.room = 4 * len(rows) + SPARE_ROWS
        self.done = 0
        self.columns = {
            column: np.empty(self.room, np.float64 if column in FLOATS else np.int64)
            for column in COLUMNS
        }
        self.bars = trusted(product, interval_ms, *self.columns.values())  # filled later

    def fill(self) -> None:
        """Turn the rows that are new into columns."""
        at = slice(self.done, len(self.rows))
        values = zip(*self.rows[at], strict=True)
        next(values)  # the product
        for column, new in zip(COLUMNS, values, strict=True):
            self.columns[column][at] = new
        self.done = len(self.rows)


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
    def product(self) -> Product:
        """Whose bars they are."""
        return self._block.bars.product

    @property
    def interval_ms(self) -> int:
        """How long each bar is."""
        return self._block.bars.interval_ms

    @property
    def newest(self) -> Bar:
        """The newest bar."""
        return self._block.rows[self.end - 1]

    @property
    def rows(self) -> list[Bar]:
        """The bars one by one, oldest first."""
        return self._block.rows[self.begin : self.end]

    @property
    def bars(self) -> Bars:
        """The bars as columns: views that no later bar changes."""
        block = self._block
        if block.done < self.end:
            block.fill()
        seen = block.bars[self.begin : self.end]
        return seen if (seen.quotes != NO_QUOTE).any() else with_columns(seen, half_spread_e8=None)

    def appended(self, bar: Bar, keep: int) -> "Window":
        """Return the window with one more bar, cut to `keep` bars once it is twice as long."""
        begin = self.begin
        if len(self) + 1 >= 2 * keep:
            begin = self.end - (keep - 1)
        block = self._block
        if len(block.rows) != self.end or self.end == block.room:  # another went on, or it is full
            rows = block.rows[begin : self.end]
            block = _Block(block.bars.product, block.bars.interval_ms, rows)
            block.rows.append(bar)
            return Window(block, 0, len(block.rows))
        block.rows.append(bar)
        return Window(block, begin, self.end + 1)


def window_of(product: Product, interval_ms: int, rows: Sequence[Bar]) -> Window:
    """Return a window of at least one bar, oldest first."""
    return Window(_Block(product, interval_ms, list(rows)), 0, len(rows))
