"""Stored bars as the history of a backtest: at the interval asked for, or made from finer ones."""

from gpt_trader.data.checks import gaps
from gpt_trader.data.checks.funding import without_foreign
from gpt_trader.data.checks.quality import DataReport, digest, find_gaps
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.resample import resample
from gpt_trader.data.store.store import Store, Stored, intervals, last_ms, read, read_any
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.times import format_interval


def load_stored(
    store: Store,
    product_id: str,
    interval_ms: int,
    *,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Loaded:
    """Load a product's stored bars; start_ms is inclusive, end_ms exclusive.

    Where bars of that interval are not stored, they are made of the longest stored ones that they
    are whole multiples of, and the notes say so. Raises DataError if there are none.
    """
    held = intervals(store, product_id)
    finer = [one for one in held if one < interval_ms and interval_ms % one == 0]
    own_ms = interval_ms if interval_ms in held or not finer else max(finer)
    found = read(store, product_id, own_ms, start_ms, end_ms)
    bars, foreign = without_foreign(found.bars)
    found = found._replace(bars=bars, notes=(*found.notes, *filter(None, [foreign])))
    before = None if start_ms is None else read_any(store, product_id, own_ms, None, start_ms)
    earlier = None if before is None else without_foreign(before.bars)[0]
    if own_ms == interval_ms:
        return Loaded(found.bars, _report(store, found, found.notes), earlier)
    note = f"{product_id}: {format_interval(interval_ms)} bars from {format_interval(own_ms)} ones"
    report = _report(store, found, (*found.notes, note))  # of what was read, gaps and all
    older = None if earlier is None else coarsen(earlier, interval_ms).bars
    return Loaded(resample(found.bars, interval_ms), report, older, found.bars)


def stored_end(store: Store, product_ids: list[str]) -> int | None:
    """Return the end of the last stored bar of some products, exclusive; None without any."""
    ends = [
        last + interval_ms
        for product_id in product_ids
        for interval_ms in intervals(store, product_id)
        if (last := last_ms(store, product_id, interval_ms)) is not None
    ]
    return max(ends, default=None)


def _report(store: Store, found: Stored, notes: tuple[str, ...]) -> DataReport:
    bars = found.bars
    missing = gaps.find(bars.time, bars.interval_ms, found.asked)
    return DataReport(
        path=store.folder(bars.product.product_id, bars.interval_ms),
        rows=len(bars),
        first_ms=int(bars.time[0]),
        last_ms=int(bars.time[-1]),
        interval_ms=bars.interval_ms,
        gaps=find_gaps(bars.time, bars.interval_ms),
        zero_volume=int((bars.volume == 0).sum()),
        off_grid=0,
        sha256=digest(bars),
        notes=notes,
        silent=sum(gap.bars for gap in missing if gap.kind == gaps.SILENT),
    )
