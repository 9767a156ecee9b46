"""Where a command's history comes from: files, the data store, or the synthetic market."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gpt_trader.data.catalog import check_specs, normalize_id, spec_of
from gpt_trader.data.files.bar_files import Loaded, read_bars
from gpt_trader.data.files.names import read_name
from gpt_trader.data.store.store import Store
from gpt_trader.data.store.stored import load_stored
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_interval, parse_time
from gpt_trader.errors import DataError, UsageError
from gpt_trader.paths import path_given

_PRODUCT = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")
_NAMED = re.compile(r"[A-Za-z0-9]+([-/_:][A-Za-z0-9]+)+")

_DATA_HINT = "for example --data BTC-USD=bars.csv"


class Period(NamedTuple):
    """A span of time in int64 ms UTC: start inclusive, end exclusive, None for no bound."""

    start_ms: int | None
    end_ms: int | None


ALL_OF_IT = Period(None, None)


def parse_period(start: str | None, end: str | None) -> Period:
    """Return `--from` and `--to` as a period; raise UsageError if it cannot hold a bar."""
    first = None if start is None else parse_time(start)
    last = None if end is None else parse_time(end)
    if first is not None and last is not None and first >= last:
        raise UsageError(f"expected --from before --to, was {start} and {end}")
    return Period(first, last)


def parse_data(texts: Sequence[str], profile_products: Sequence[str]) -> dict[str, Path | None]:
    """Return each `--data [PRODUCT=]PATH` by product id; None: its stored bars.

    A product without a file (`--data BTC-USD`) is read from the data store. One that is not named
    is read from the file's name (BTC-USD_1d.csv), else it is the profile's only one.
    Raises UsageError if it cannot be told or is given twice.
    """
    files: dict[str, Path | None] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not text or (equals and not (name and rest)):
            raise UsageError(f"expected --data PRODUCT=FILE, was {text!r}", hint=_DATA_HINT)
        if _PRODUCT.fullmatch(text) and not Path(text).exists():
            _add(files, text, None)
            continue
        named = bool(equals) and _NAMED.fullmatch(name) is not None and not Path(text).exists()
        path = path_given("--data", rest if named else text)
        product = normalize_id(name) if named else _product_of(path, profile_products)
        _add(files, product, path)
    return files


def _add(files: dict[str, Path | None], product: str, path: Path | None) -> None:
    if product in files:
        were = [str(one) if one else "the data store" for one in (files[product], path)]
        raise UsageError(f"{product} has two sources, {were[0]} and {were[1]}")
    files[product] = path


def _product_of(path: Path, profile_products: Sequence[str]) -> str:
    said = read_name(path.name)
    first = path.name.split("_")[0].split(".")[0]
    if _PRODUCT.fullmatch(first):
        return normalize_id(first)
    if said.product_id is not None:
        return said.product_id
    if len(profile_products) == 1:
        return profile_products[0]
    name, equals, _ = str(path).partition("=")
    if equals and not path.exists():
        raise UsageError(f"expected a product before =, was {name!r}", hint=_DATA_HINT)
    may_be = f"it may be {' or '.join(said.may_be)}; " if said.may_be else ""
    raise UsageError(
        f"which product is {path.name}?", hint=f"{may_be}name it: --data BTC-USD={path}"
    )


def load_files(
    files: dict[str, Path],
    period: Period,
    *,
    interval_ms: int | None,
    specs: Mapping[str, str],
    flag: str = "--interval",
) -> list[Loaded]:
    """Load each product's file; interval_ms: what `flag` asks for, None: as in the data.

    specs: grids, as `catalog.parse_specs` gives them.
    """
    check_specs(specs, list(files))
    loaded = []
    for product, path in files.items():
        one = read_bars(
            path,
            product,
            start_ms=period.start_ms,
            end_ms=period.end_ms,
            overrides=spec_of(specs, product),
        )
        found_ms = one.bars.interval_ms
        if interval_ms is not None and interval_ms != found_ms:
            kind = "finer" if interval_ms < found_ms else "longer"
            raise DataError(
                f"{path} has {format_interval(found_ms)} bars, {flag} asks for {kind} "
                f"ones: {format_interval(interval_ms)}",
                hint=_other_length(flag, interval_ms, found_ms, product, path),
            )
        loaded.append(one)
    return loaded


def _other_length(flag: str, wanted_ms: int, found_ms: int, product: str, path: Path) -> str:
    """Return what leads on from a file of bars to those that were asked for."""
    wanted, found = format_interval(wanted_ms), format_interval(found_ms)
    if wanted_ms < found_ms or wanted_ms % found_ms:
        return f"leave {flag} out, or name a file with such bars"
    if flag == "--detail":
        return f"--detail {found}"
    return (
        f"backtest makes them of the file's: --interval {wanted} --detail {found}; or store it, "
        f"and they are made wherever they are asked for: gpt-trader data import {path} "
        f"--product {product}, then --data {product} --interval {wanted}"
    )


def load_store(
    root: Path, products: Sequence[str], period: Period, *, interval_ms: int
) -> list[Loaded]:
    """Load each product's stored bars; raises DataError if some are not there."""
    return [
        load_stored(
            Store(root), product, interval_ms, start_ms=period.start_ms, end_ms=period.end_ms
        )
        for product in products
    ]


def cut(bars: Bars, period: Period) -> Bars:
    """Return the bars that open within a period; raise DataError if there are none."""
    start, end = period
    keep = bars.time >= (bars.time[0] if start is None else start)
    if end is not None:
        keep &= bars.time < end
    if not keep.any():
        raise DataError(
            f"no bars of {bars.product.product_id} in the period asked for",
            hint="--from is inclusive, --to exclusive",
        )
    first = int(keep.argmax())
    return bars[first : first + int(keep.sum())]
