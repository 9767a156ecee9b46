"""Data checked: what is wrong, odd or missing, of stored series and of files."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpt_trader.app.history import Period
from gpt_trader.data.catalog import is_perpetual_id, normalize_id
from gpt_trader.data.checks import findings, gaps
from gpt_trader.data.checks.findings import Finding, Judged
from gpt_trader.data.checks.gaps import Gap
from gpt_trader.data.checks.verify import Fault, verify
from gpt_trader.data.files.bar_files import from_columns
from gpt_trader.data.files.layouts import read_file
from gpt_trader.data.store.spans import Span
from gpt_trader.data.store.store import Store, intervals, read_any, read_spans
from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError


class Checked(NamedTuple):
    """One series or file; bars is None where its rows cannot be bars."""

    name: str
    bars: Bars | None
    found: Sequence[Finding]
    gaps: list[Gap]

    @property
    def is_wrong(self) -> bool:
        """Whether a finding is a fault."""
        return any(finding.weight == "fault" for finding in self.found)

    @property
    def coverage_pct(self) -> float:
        """How much of the series is there, percent; only of one that has bars."""
        assert self.bars is not None
        return 100.0 * len(self.bars) / (len(self.bars) + sum(gap.bars for gap in self.gaps))


def check_data(
    store: Store, named: Sequence[str], interval_ms: int | None, period: Period, now_ms: int
) -> tuple[list[Checked], list[Fault]]:
    """Check files and stored products by name, else all that is stored; now_ms: int64 ms UTC.

    Returns what was looked at, and the store's files that are corrupt. Raises DataError where
    there is nothing to check.
    """
    paths = [Path(name) for name in named if _is_file(name)]
    products = [normalize_id(name) for name in named if not _is_file(name)]
    checked = [check_file(path, interval_ms, now_ms) for path in paths]
    corrupt: list[Fault] = []
    if products or not paths:
        every: list[str | None] = [*products] or [None]
        corrupt = [fault for product in every for fault in verify(store, product, interval_ms)]
        checked += _check_stored(store, products, interval_ms, period, corrupt, now_ms)
    if not checked and not corrupt:
        raise DataError(
            f"nothing to check in {store.root}", hint="gpt-trader data pull BTC-USD --since 1y"
        )
    return checked, corrupt


def check_file(path: Path, interval_ms: int | None, now_ms: int) -> Checked:
    """Check a file as it is, whatever its rows are like; now_ms: int64 ms UTC."""
    opened = read_file(path)
    found = findings.of_columns(opened.columns, interval_ms)
    if found:
        return Checked(str(path), None, found, [])
    product_id = opened.product_id or "FILE-USD"
    funded = opened.columns.values.get("funding_rate", np.zeros(1))
    paid = bool(np.nan_to_num(funded).any())  # whatever the name says: what is there is judged
    overrides = {"is_perpetual": "true"} if paid else None
    bars = from_columns(opened.columns, product_id=product_id, overrides=overrides).bars
    missing = gaps.find(bars.time, bars.interval_ms, ())
    judged = list(findings.judge(bars, now_ms=now_ms).findings)
    if paid and not is_perpetual_id(product_id):
        rows = int(np.count_nonzero(bars.funding_rate))
        judged.append(Finding(findings.FOREIGN, "note", rows))
    return Checked(str(path), bars, judged, missing)


def _is_file(name: str) -> bool:
    return Path(name).exists() or "." in name or os.sep in name


def _check_stored(
    store: Store,
    products: Sequence[str],
    interval_ms: int | None,
    period: Period,
    corrupt: Sequence[Fault],
    now_ms: int,
) -> Iterator[Checked]:
    folders = {fault.path.parent for fault in corrupt}
    keys = [
        (product, ms)
        for product in products or sorted(path.name for path in (store.root / "bars").glob("*"))
        for ms in intervals(store, product)
        if interval_ms in (None, ms) and store.folder(product, ms) not in folders
    ]
    if products and not keys and not corrupt:
        raise DataError(
            f"nothing of {', '.join(products)} is stored in {store.root}",
            hint="gpt-trader data list shows what there is",
        )
    series = {}
    for key in keys:
        try:
            found = read_any(store, *key, *period)
        except DataError as error:
            unreadable = Finding(f"that cannot be read: {error.message}", "fault", 1)
            yield Checked(f"{key[0]} {format_interval(key[1])}", None, [unreadable], [])
            continue
        if found is not None:  # else it was asked for, and there was no bar at all
            series[key] = found
    judged: dict[tuple[str, int], Judged] = {}
    for ms in {key[1] for key in series}:
        mine = {key: found.bars for key, found in series.items() if key[1] == ms}
        judged |= zip(mine, findings.judge_all(list(mine.values()), now_ms=now_ms), strict=True)
    for (product, ms), found in series.items():
        others: list[tuple[Ints, Sequence[Span]]] = [
            (other.bars.time, read_spans(store, *key))
            for key, other in series.items()
            if key[1] == ms and key[0] != product
        ]
        missing = gaps.find(found.bars.time, ms, found.asked, others=others)
        name = f"{product} {format_interval(ms)}"
        yield Checked(name, found.bars, judged[product, ms].findings, missing)
