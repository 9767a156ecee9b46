"""Taking a series out of the store: the one thing here that cannot be undone."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gpt_trader.data.store.durable import sync_folder, unwritable
from gpt_trader.data.store.partition import month_span
from gpt_trader.data.store.spans import merge
from gpt_trader.data.store.store import Store, intervals, month_files, record
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError


class Series(NamedTuple):
    """A series of bars as it lies on the disk, readable or not."""

    product_id: str
    interval_ms: int
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The series as people name it."""
        return f"{self.product_id} {format_interval(self.interval_ms)}"


def find_series(store: Store, product_id: str, interval_ms: int | None) -> list[Series]:
    """Return a product's stored series of bars, of one interval or (None) of all.

    Raises DataError if there is none.
    """
    found = [
        Series(product_id, ms, tuple(month_files(store.folder(product_id, ms))))
        for ms in intervals(store, product_id)
        if interval_ms in (None, ms)
    ]
    if not found:
        which = "" if interval_ms is None else f"{format_interval(interval_ms)} bars "
        raise DataError(
            f"no {which}of {product_id} in {store.root}".replace("no of", "nothing of"),
            hint="gpt-trader data list shows what there is",
        )
    return found


def remove(store: Store, series: Sequence[Series], now_ms: int) -> None:
    """Delete series of bars, and record each; call it inside `store.writing`.

    Raises StorageError.
    """
    for one in series:
        for path in one.files:
            try:
                path.unlink()
            except OSError as error:
                raise unwritable(path, error) from error
        sync_folder(store.folder(one.product_id, one.interval_ms))
        entry = {
            "time_ms": now_ms,
            "op": "remove",
            "product": one.product_id,
            "interval": format_interval(one.interval_ms),
            "spans": merge(month_span(path.stem) for path in one.files),
        }
        record(store, entry)
