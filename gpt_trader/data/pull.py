"""Fetching a venue's candles: what was answered before is not asked again.

Every page goes into the store with the span it answers before the next is asked for, so that an
end at any moment loses nothing and repeats at most the page that was on its way.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from gpt_trader.data.checks import gaps
from gpt_trader.data.store.spans import Span, merge, missing
from gpt_trader.data.store.store import Store, read, read_spans, write
from gpt_trader.domain.bars import Bar, Bars, bars_from_rows
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.domain.times import DAY_MS, format_interval, format_time
from gpt_trader.domain.venue import Candle
from gpt_trader.errors import DataError, Unavailable

SETTLE_MS = 10_000  # a candle may still change so long after its close
PROBE_PAGES = 4  # from so many pages on, the first day of trading is looked for first


class CandleSource(Protocol):
    """A venue's candles: opens from start to end, both inclusive, in one request."""

    @property
    def name(self) -> str:
        """The source that stored bars name."""
        ...

    @property
    def page_bars(self) -> int:
        """Most candles of one request."""
        ...

    def candles(
        self, product_id: str, interval_ms: int, start_ms: int, end_ms: int
    ) -> list[Candle]:
        """Return them, oldest first."""
        ...


class Progress(NamedTuple):
    """Where a pull stands: pages answered, pages there are, bars new so far."""

    pages: int
    of: int
    added: int


class Pulled(NamedTuple):
    """What a pull brought. dropped: rows outside the page asked for, twice there, or open.

    refused: opens, ms UTC, of rows that cannot be: they are asked for again another time.
    confirmed: gaps that were asked for a second time and stayed.
    """

    pages: int
    added: int
    changed: int
    dropped: int
    refused: tuple[int, ...]
    confirmed: int
    interrupted: bool


class Page(NamedTuple):
    """A cleaned answer; as in `Pulled`. contradictions: opens stated twice, differently."""

    rows: list[Candle]
    dropped: int
    refused: tuple[int, ...]
    contradictions: tuple[int, ...]


def align(wanted: Span, interval_ms: int, now_ms: int) -> Span:
    """Return the opens in a span whose bars are closed and settled at `now_ms`."""
    start = -(-wanted[0] // interval_ms) * interval_ms
    closed = (now_ms - SETTLE_MS) // interval_ms * interval_ms
    return start, max(min(-(-wanted[1] // interval_ms) * interval_ms, closed), start)


def pages(wanted: Span, have: Sequence[Span], interval_ms: int, page_bars: int) -> list[Span]:
    """Return the pages to ask for, oldest first: what is wanted and was never answered."""
    length = page_bars * interval_ms
    return [
        (at, min(at + length, end))
        for start, end in missing(wanted, have)
        for at in range(start, end, length)
    ]


def clean(answer: Sequence[Candle], page: Span, interval_ms: int) -> Page:
    """Return the rows of an answer that belong to the page and can be."""
    rows: dict[int, Candle] = {}
    dropped, refused, contradictions = 0, set(), set()
    for row in answer:
        at = row.open_ms
        if not page[0] <= at < page[1] or at % interval_ms:
            dropped += 1
        elif not _can_be(row):
            refused.add(at)
        elif at in rows:
            dropped += 1
            if rows[at] != row:
                contradictions.add(at)
        else:
            rows[at] = row
    kept = [rows[at] for at in sorted(rows)]
    return Page(kept, dropped, tuple(sorted(refused)), tuple(sorted(contradictions)))


def _can_be(row: Candle) -> bool:
    inside = row.low <= min(row.open, row.close) and max(row.open, row.close) <= row.high
    return bool(row.low > 0 and inside and row.volume >= 0)


def to_bars(rows: Sequence[Candle], product: Product, interval_ms: int) -> Bars:
    """Return candles as bars, exactly: in finer ticks than the product's if they need them.

    Raises DataError where int64 ticks cannot hold a price.
    """
    prices = [price for row in rows for price in (row.open, row.high, row.low, row.close)]
    increment = product.price_increment
    if any(price % increment for price in prices):
        places = min(int(price.normalize().as_tuple().exponent) for price in prices)
        increment = min(Decimal(1).scaleb(min(places, 0)), increment)
        product = product.with_spec(price_increment=increment)
    if prices and max(prices) / increment > MAX_TICKS:
        raise DataError(f"prices of {product.product_id} are too fine: {increment:f}")
    return bars_from_rows(
        product,
        interval_ms,
        [
            Bar(
                product.product_id,
                row.open_ms,
                int(row.open / increment),
                int(row.high / increment),
                int(row.low / increment),
                int(row.close / increment),
                float(row.volume),
            )
            for row in rows
        ],
    )


def pull(
    source: CandleSource,
    store: Store,
    product: Product,
    interval_ms: int,
    wanted: Span,
    *,
    stop: Callable[[], bool],
    tell: Callable[[Progress], None],
) -> Pulled:
    """Bring a product's bars in `wanted` (see `align`) into the store.

    stop: asked between pages. tell: told after each. Call it inside `store.writing`. Raises
    DataError (unknown product, contradictory rows), BrokerError or StorageError; what was
    answered before is kept.
    """
    series = _Series(source, store, product, interval_ms)
    have = read_spans(store, product.product_id, interval_ms)
    plan = pages(wanted, have, interval_ms, source.page_bars)
    if len(plan) >= PROBE_PAGES and interval_ms < DAY_MS and plan[0][0] == wanted[0]:
        first = _first_day(source, product.product_id, (plan[0][0], plan[-1][1]))
        if first > plan[0][0]:
            series.nothing((plan[0][0], first))
            have = read_spans(store, product.product_id, interval_ms)
            plan = pages(wanted, have, interval_ms, source.page_bars)
    for number, page in enumerate(plan, 1):
        if stop():
            return series.result(interrupted=True)
        series.fetch(page)
        tell(Progress(number, len(plan), series.added))
    interrupted = bool(plan) and series.confirm((plan[0][0], plan[-1][1]), stop)
    return series.result(interrupted=interrupted)


def refetch(
    source: CandleSource,
    store: Store,
    product: Product,
    interval_ms: int,
    holes: Sequence[Span],
    *,
    stop: Callable[[], bool],
    tell: Callable[[Progress], None],
) -> Pulled:
    """Ask for some spans whatever was answered before; no bar outside them is touched.

    Holes that lie in one page are asked for together. As `pull` in all else.
    """
    series = _Series(source, store, product, interval_ms)
    plan = together(holes, interval_ms, source.page_bars)
    for number, group in enumerate(plan, 1):
        if stop():
            return series.result(interrupted=True)
        series.fetch((group[0][0], group[-1][1]), group)
        tell(Progress(number, len(plan), series.added))
    return series.result(interrupted=False)


def together(holes: Sequence[Span], interval_ms: int, page_bars: int) -> list[list[Span]]:
    """Return the spans, sorted, in groups of which each fits into one page."""
    groups: list[list[Span]] = []
    for hole in (part for span in merge(holes) for part in pages(span, [], interval_ms, page_bars)):
        if groups and hole[1] - groups[-1][0][0] <= page_bars * interval_ms:
            groups[-1].append(hole)
        else:
            groups.append([hole])
    return groups


class _Series:
    """One product's pull: where the pages go, and what has come of them."""

    def __init__(
        self, source: CandleSource, store: Store, product: Product, interval_ms: int
    ) -> None:
        self._source, self._store = source, store
        self._product, self._interval_ms = product, interval_ms
        self.added = self._changed = self._pages = self._dropped = self._confirmed = 0
        self._refused: set[int] = set()

    def fetch(self, page: Span, holes: Sequence[Span] | None = None) -> None:
        """Ask for a page and store it; rows that contradict each other are asked for twice.

        holes: what of the page is wanted; None: all of it.
        """
        found = self._ask(page)
        if found.contradictions:
            found = self._ask(page)
        if found.contradictions:
            at = found.contradictions[0]
            raise DataError(
                f"{self._product.product_id} has two different {self._name} bars at "
                f"{format_time(at)}",
                hint="the exchange contradicts itself; try again later",
            )
        self._pages += 1
        self._dropped += found.dropped
        wanted = [page] if holes is None else holes
        refused = [at for at in found.refused if _lies_in(at, wanted)]
        self._refused |= set(refused)
        unusable = [(at, at + self._interval_ms) for at in refused]
        answered = [span for hole in wanted for span in missing(hole, unusable)]
        self._write([row for row in found.rows if _lies_in(row.open_ms, wanted)], answered)

    def nothing(self, span: Span) -> None:
        """Store that there is no bar in a span."""
        self._write([], [span])

    def confirm(self, within: Span, stop: Callable[[], bool]) -> bool:
        """Ask once more for bars whose absence is unlikely; return whether it was interrupted."""
        try:
            found = read(self._store, self._product.product_id, self._interval_ms, *within)
        except DataError:  # not one bar
            return False
        unlikely = gaps.find(found.bars.time, self._interval_ms, found.asked)
        for gap in unlikely:
            if gap.kind != gaps.OUTAGE:
                continue
            for page in self._pages_of(gap.start_ms, gap.end_ms):
                if stop():
                    return True
                before = self.added
                self.fetch(page)
                self._confirmed += self.added == before
        return False

    def result(self, *, interrupted: bool) -> Pulled:
        """Return what has come so far."""
        return Pulled(
            self._pages,
            self.added,
            self._changed,
            self._dropped,
            tuple(sorted(self._refused)),
            self._confirmed,
            interrupted,
        )

    @property
    def _name(self) -> str:
        return format_interval(self._interval_ms)

    def _pages_of(self, start_ms: int, end_ms: int) -> list[Span]:
        return pages((start_ms, end_ms), [], self._interval_ms, self._source.page_bars)

    def _ask(self, page: Span) -> Page:
        answer = self._source.candles(
            self._product.product_id, self._interval_ms, page[0], page[1] - self._interval_ms
        )
        return clean(answer, page, self._interval_ms)

    def _write(self, rows: Sequence[Candle], answered: Sequence[Span]) -> None:
        bars = to_bars(rows, self._product, self._interval_ms)
        written = write(self._store, bars, answered, self._source.name)
        self.added += written.added
        self._changed += written.changed


def _lies_in(at: int, spans: Sequence[Span]) -> bool:
    return any(start <= at < end for start, end in spans)


def _first_day(source: CandleSource, product_id: str, span: Span) -> int:
    """Return the first day with trades in a span, its end if there is none."""
    days = (span[0] // DAY_MS * DAY_MS, -(-span[1] // DAY_MS) * DAY_MS)
    for page in pages(days, [], DAY_MS, source.page_bars):
        found = clean(source.candles(product_id, DAY_MS, page[0], page[1] - DAY_MS), page, DAY_MS)
        if found.rows:
            return found.rows[0].open_ms
    return span[1]


def coarser(source: CandleSource, interval_ms: int, fine_ms: int) -> CandleSource:
    """Return a source that makes its candles of finer ones: for intervals the venue refuses."""
    return _Coarser(source, interval_ms, fine_ms)


class _Coarser(NamedTuple):
    source: CandleSource
    interval_ms: int
    fine_ms: int

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def page_bars(self) -> int:
        return self.source.page_bars

    def candles(
        self, product_id: str, interval_ms: int, start_ms: int, end_ms: int
    ) -> list[Candle]:
        if interval_ms != self.interval_ms:
            return self.source.candles(product_id, interval_ms, start_ms, end_ms)
        found: dict[int, list[Candle]] = {}
        whole = (start_ms, end_ms + interval_ms)
        for page in pages(whole, [], self.fine_ms, self.page_bars):
            answer = self.source.candles(product_id, self.fine_ms, page[0], page[1] - self.fine_ms)
            cleaned = clean(answer, page, self.fine_ms)
            if cleaned.refused or cleaned.contradictions:
                raise Unavailable(f"{format_interval(self.fine_ms)} candles cannot be read")
            for row in cleaned.rows:
                found.setdefault(row.open_ms // interval_ms * interval_ms, []).append(row)
        return [_joined(at, rows) for at, rows in sorted(found.items())]


def _joined(open_ms: int, rows: Sequence[Candle]) -> Candle:
    return Candle(
        open_ms,
        rows[0].open,
        max(row.high for row in rows),
        min(row.low for row in rows),
        rows[-1].close,
        sum((row.volume for row in rows), Decimal(0)),
    )
