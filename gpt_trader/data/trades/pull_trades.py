"""Fetching a venue's trades: by windows of time, as there is no cursor.

An answer that may have been cut short is never believed: its window is halved, down to one second.
What was answered goes to the disk when it is some share of its day, and at every end but a kill,
which repeats at most that share: a day is one file, and writing it anew for each of its hundreds of
answers would cost more than asking.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from gpt_trader.data.pull import SETTLE_MS
from gpt_trader.data.store.spans import Span, missing
from gpt_trader.data.store.store import Store
from gpt_trader.data.trades.trade_store import read_trade_spans, write_trades
from gpt_trader.domain.times import DAY_MS
from gpt_trader.domain.venue import Trade

SECOND_MS = 1000
FIRST_WINDOW_MS = 600 * SECOND_MS
FLUSH_TRADES = 5_000
FLUSH_SHARE = 4  # or a fourth of what was stored before, so that writing stays linear


class TradeSource(Protocol):
    """A venue's tape: the newest trades of a window of whole seconds, at most `limit`."""

    @property
    def name(self) -> str:
        """The source that stored trades name."""
        ...

    @property
    def trade_pages(self) -> tuple[int, ...]:
        """The sizes at which an answer may be cut, the largest first: so many may be asked for."""
        ...

    def trades(self, product_id: str, start_ms: int, end_ms: int, limit: int) -> list[Trade]:
        """Return them in any order."""
        ...


class TradeProgress(NamedTuple):
    """Where a pull stands: time covered so far and in all, ms; trades new so far."""

    done_ms: int
    of_ms: int
    trades: int


class TradesPulled(NamedTuple):
    """What a pull brought. incomplete: seconds with more trades than the venue tells."""

    requests: int
    added: int
    changed: int
    incomplete: tuple[Span, ...]
    interrupted: bool


def settle(wanted: Span, now_ms: int) -> Span:
    """Return the whole seconds of a span that are over and settled at `now_ms`."""
    start = -(-wanted[0] // SECOND_MS) * SECOND_MS
    over = (now_ms - SETTLE_MS) // SECOND_MS * SECOND_MS
    return start, max(min(wanted[1] // SECOND_MS * SECOND_MS, over), start)


def may_be_cut(rows: int, pages: tuple[int, ...]) -> bool:
    """Whether an answer of so many rows may not be all there is."""
    return rows >= pages[0] or rows in pages


def pull_trades(
    source: TradeSource,
    store: Store,
    product_id: str,
    wanted: Span,
    *,
    stop: Callable[[], bool],
    tell: Callable[[TradeProgress], None],
) -> TradesPulled:
    """Bring a product's trades in `wanted` (see `settled`) into the store, oldest first.

    stop: asked before each window. tell: told after each. Call it inside `store.writing`. Raises
    DataError (unknown product), BrokerError or StorageError; what was answered before is kept.
    """
    tape = _Tape(source, store, product_id)
    plan = missing(wanted, read_trade_spans(store, product_id))
    of_ms = sum(end - start for start, end in plan)
    done_ms, interrupted = 0, False
    try:
        for span in plan:
            at = span[0]
            while at < span[1] and not interrupted:
                interrupted = stop()
                if not interrupted and (end := tape.fetch((at, span[1]))) is not None:
                    done_ms, at = done_ms + end - at, end
                    tell(TradeProgress(done_ms, of_ms, tape.found))
    finally:
        tape.flush()
    return TradesPulled(
        tape.requests, tape.added, tape.changed, tuple(tape.incomplete), interrupted
    )


class _Tape:
    """One product's pull: the length of a window now, and what is not yet on the disk."""

    def __init__(self, source: TradeSource, store: Store, product_id: str) -> None:
        self._source, self._store, self._product_id = source, store, product_id
        self._window_ms = FIRST_WINDOW_MS
        self._trades: list[Trade] = []
        self._answered: list[Span] = []
        self._stored_today = self._day = 0
        self.requests = self.added = self.changed = self.found = 0
        self.incomplete: list[Span] = []

    def fetch(self, span: Span) -> int | None:
        """Ask for the first window of a span; return its end, None if it must be halved."""
        start, end = window = (span[0], min(span[0] + self._window_ms, span[1]))
        pages = self._source.trade_pages
        # whether "end" is the second's start or its last moment is not told: the rest is dropped
        answer = self._source.trades(self._product_id, start, end, pages[0])
        self.requests += 1
        if may_be_cut(len(answer), pages):
            if end - start > SECOND_MS:
                self._window_ms = max((end - start) // 2 // SECOND_MS, 1) * SECOND_MS
                return None
            self.incomplete.append(window)
        elif len(answer) < pages[0] // 3:
            self._window_ms = min(self._window_ms * 2, DAY_MS)
        self._keep([t for t in answer if start <= t.time_ms < end], window)
        return end

    def _keep(self, trades: list[Trade], window: Span) -> None:
        day = window[0] // DAY_MS
        if day != self._day:
            self.flush()
            self._day, self._stored_today = day, 0
        self._trades += trades
        self.found += len(trades)
        if window not in self.incomplete:
            self._answered.append(window)
        if len(self._trades) >= max(FLUSH_TRADES, self._stored_today // FLUSH_SHARE):
            self.flush()

    def flush(self) -> None:
        """Put on the disk what is not yet there."""
        if not self._trades and not self._answered:
            return
        trades, answered = self._trades, self._answered
        self._trades, self._answered = [], []
        written = write_trades(self._store, self._product_id, trades, answered, self._source.name)
        self._stored_today += len(trades)
        self.added += written.added
        self.changed += written.changed
