"""`gpt-trader data universe`: who was listed on a day, and who would be chosen."""

import os
from pathlib import Path
from typing import Any

from gpt_trader.cli import output
from gpt_trader.data.store.store import Store, data_dir, intervals, read
from gpt_trader.data.universe import (
    BUNDLED,
    Universe,
    day_of,
    products_on,
    read_universe,
    spans_of,
)
from gpt_trader.domain.selection import Criteria, choices
from gpt_trader.domain.times import DAY_MS, parse_time
from gpt_trader.errors import DataError
from gpt_trader.runtime.session import clock_ms

COMMAND = "data universe"
LOOKED_BACK_MS = 40 * DAY_MS  # choices look back 30 days


def run(
    as_of: str | None, file: Path | None, top: int | None, folder: Path | None, *, json: bool
) -> None:
    """Show the products of a day; with `top`, whether each is chosen, and why not."""
    universe = read_universe(file or BUNDLED)
    at_ms = (clock_ms() if as_of is None else parse_time(as_of)) // DAY_MS * DAY_MS
    listed = products_on(universe, day_of(at_ms))
    rows: list[dict[str, Any]] = [{"product": product} for product in listed]
    if top is not None:
        store = Store(data_dir(folder, os.environ))
        rows = _chosen(store, universe, listed, Criteria(top=top), at_ms)
    data = {
        "day": str(day_of(at_ms)),
        "file": universe.path,
        "as_of": str(universe.as_of),
        "covers": [str(day) for day in universe.covers],
        "source": universe.source,
        "products": rows,
    }
    output.emit(COMMAND, data, json=json)
    if json:
        return
    print(f"{len(listed)} products on {data['day']}, by {universe.path}, as of {universe.as_of}")
    if top is None:
        print(", ".join(listed))
        return
    output.table(
        ("product", "in", "why", "value", "threshold"),
        [
            (r["product"], "yes" if r["chosen"] else "no", r["code"], _number(r["value"]),
             _number(r["threshold"]))
            for r in rows
        ],
    )  # fmt: skip


def _chosen(
    store: Store, universe: Universe, listed: tuple[str, ...], rules: Criteria, at_ms: int
) -> list[dict[str, Any]]:
    series = []
    for product in listed:
        for interval_ms in reversed(intervals(store, product)):
            try:
                found = read(store, product, interval_ms, at_ms - LOOKED_BACK_MS, at_ms)
            except DataError as error:
                if "corrupt" in error.message:
                    raise
                continue
            series.append(found.bars)
            break
    picked = {c.product_id: c for c in choices(series, spans_of(universe), rules, at_ms)}
    rows = []
    for product in listed:
        one = picked.get(product)
        rows.append(
            {
                "product": product,
                "chosen": one is not None and one.kept,
                "code": "NOT_STORED" if one is None else one.code,
                "value": None if one is None else one.value,
                "threshold": None if one is None else one.threshold,
            }
        )
    return rows


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:,.6g}"  # noqa: PLR0124
