"""`gpt-trader data remove`: a stored series, for good."""

import os
from pathlib import Path

from gpt_trader.cli import output
from gpt_trader.cli.confirm import confirm
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.store.removal import find_series, remove
from gpt_trader.data.store.store import Store, data_dir, writing
from gpt_trader.domain.times import parse_interval
from gpt_trader.runtime.session import clock_ms

COMMAND = "data remove"


def run(product: str, interval: str | None, folder: Path | None, *, yes: bool, json: bool) -> None:
    """Remove a product's bars, of one interval or of all, once it is confirmed."""
    store = Store(data_dir(folder, os.environ))
    product_id = normalize_id(product)
    interval_ms = None if interval is None else parse_interval(interval)
    found = find_series(store, product_id, interval_ms)
    names = ", ".join(one.name for one in found)
    confirm(product_id, f"{names} will be deleted", yes=yes)
    with writing(store):
        remove(store, find_series(store, product_id, interval_ms), clock_ms())
    rows = [{"series": one.name, "files": len(one.files)} for one in found]
    output.emit(COMMAND, {"store": store.root, "removed": rows}, json=json)
    if not json:
        for one in found:
            print(f"removed: {one.name}, {len(one.files):,} months")
