"""Bars from market data files: every row checked, prices turned into whole ticks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, overload

import numpy as np

from gpt_trader.brief import brief
from gpt_trader.data.catalog import grid_note, normalize_id, off_grid, product_for, ticks_of
from gpt_trader.data.checks.funding import MOST_AN_HOUR, is_impossible, paid_by, suspicion
from gpt_trader.data.checks.quality import DataReport, digest, find_gaps
from gpt_trader.data.files.flattened import check_moves
from gpt_trader.data.files.names import read_name
from gpt_trader.data.files.tables import EXTRA, Columns, read_columns
from gpt_trader.data.frames import (
    Frame,
    check_kind,
    grid_told_by,
    interval_told_by,
    read_frame,
    told_by,
)
from gpt_trader.domain.bars import Bars, Floats, Ints, known
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.domain.stated import check_moment, check_whole, is_named, is_texts
from gpt_trader.domain.text import shown
from gpt_trader.domain.times import INTERVALS, format_interval, format_time
from gpt_trader.door import at_the_door
from gpt_trader.errors import DataError, UsageError
from gpt_trader.hints import in_python
from gpt_trader.kernel.rounding import BPS, RATE_SCALE
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.paths import path_given

MAX_HALF_SPREAD_BPS = 5_000
FAR_QUOTE = 1.25  # times a bar's high or low: prices that are a whole bar old stay below 1.21
PRICES = ("open", "high", "low", "close")
INCREMENTS = ("price_increment", "base_increment")


class Loaded(NamedTuple):
    """Bars and what was found while loading them.

    earlier: those before the period asked for, None if none were read: a run warms up on them.
    finer: the bars that `bars` were made of, None if they were read as they are.
    """

    bars: Bars
    report: DataReport
    earlier: Bars | None = None
    finer: Bars | None = None

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self._asdict().items() if value is not None]
        return shown([f"Loaded({', '.join(said)})"])


type Given = str | PathLike[str] | Frame


@overload
def load_bars(
    data: Given,
    *,
    product_id: str | None = None,
    interval_ms: int | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    overrides: Mapping[str, str] | None = None,
    extra: Sequence[str] = (),
) -> Loaded: ...
@overload
def load_bars(
    data: Mapping[str, Given],
    *,
    interval_ms: int | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    overrides: Mapping[str, str] | None = None,
    extra: Sequence[str] = (),
) -> list[Loaded]: ...
@at_the_door
@in_plain_decimals
def load_bars(
    data: Given | Mapping[str, Given],
    *,
    product_id: str | None = None,
    interval_ms: int | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    overrides: Mapping[str, str] | None = None,
    extra: Sequence[str] = (),
) -> Loaded | list[Loaded]:
    """Load bars from a file or a frame; several products from a dict of them.

    data: a CSV, CSV.gz or Parquet file with time,open,high,low,close,volume; a frame of pandas,
        polars or pyarrow with such columns or a DatetimeIndex, in any case; rows of these six as
        ccxt gives them, or with names. Columns and times of other programs are read, too, and that
        is said in `report.notes`. Columns funding_rate, and half_spread_bps or bid and ask, are
        optional (empty: not known). A dict has one of them a product, by its id.
    product_id: whose bars they are, as BTC-USD; None where a file's name, a frame that was made
        of bars or its only ticker says it.
    interval_ms: grid that all times lie on; None: that of the bars that a frame was made of, else
        the commonest distance.
    start_ms, end_ms: first that is taken and first that is not, int64 ms UTC; None: all.
    overrides: a product's grid where it is another one, such as {"price_increment": "0.01"}.
    extra: further columns that a strategy is to see, by name: `bars.extra`.

    Times without a zone are UTC. Prices that are not whole ticks are rounded to the nearest and
    counted; where most of their moves are lost by it, the increment has to be stated. An empty
    funding_rate counts as 0; that of a product that is no perpetual is left out, and said. Raises
    DataError, naming row and time, if a row is bad; UsageError on a bad id; TypeError on what holds
    no bars, or a time that is no number of ms.
    """
    read = partial(
        read_bars, interval_ms=interval_ms, start_ms=start_ms, end_ms=end_ms, overrides=overrides,
        extra=extra,
    )  # fmt: skip
    if not isinstance(data, Mapping):
        return _in_python(read(data, product_id))
    if not data:
        raise UsageError("expected a dict of a frame a product, was an empty one")
    if PRICES[0] in {str(key).strip().lower() for key in data}:
        raise UsageError(
            f"expected a dict of a frame a product, had the keys {', '.join(map(str, data))}",
            hint='{"BTC-USD": frame}; of columns make a frame: pandas.DataFrame(columns)',
        )
    if product_id is not None:
        raise UsageError("a dict names its products", hint="leave product_id out")
    return [_in_python(read(one, product)) for product, one in data.items()]


def _in_python(loaded: Loaded) -> Loaded:
    report = loaded.report
    return loaded._replace(report=replace(report, notes=tuple(map(in_python, report.notes))))


@in_plain_decimals
def read_bars(
    data: Any,  # noqa: ANN401 - what it may be is what this finds out
    product_id: str | None,
    *,
    extra: Sequence[str] = (),
    **options: Any,  # noqa: ANN401
) -> Loaded:
    """Load one product's bars as `load_bars` does, whose options they are; for the commands.

    The notes name the command line's flags.
    """
    if product_id is not None and not isinstance(product_id, str):
        raise TypeError(f"expected product_id as text, was {brief(product_id)}")
    for name in ("start_ms", "end_ms"):
        if options.get(name) is not None:
            check_moment(name, options[name])
    if options.get("interval_ms") is not None:
        check_whole("interval_ms", options["interval_ms"], 1)
    overrides = options.get("overrides")
    if overrides is not None and not is_named(overrides):
        raise TypeError(f"expected overrides as values by name, was {brief(overrides)}")
    if not is_texts(extra):
        raise TypeError(f"expected extra as a list of names, was {brief(extra)}")
    if isinstance(data, str | PathLike):
        path = path_given("data", data)
        product_id = normalize_id(product_id or read_name(path.name).product_id or _ask(path))
        columns = read_columns(path, product_id.partition("-")[0], extra)
    else:
        check_kind(data)
        product_id = normalize_id(told_by(data, product_id) or _ask("the frame"))
        columns = read_frame(data, product_id, extra)
        options["told"] = grid_told_by(data, product_id)
        options["told_ms"] = interval_told_by(data, columns.time)
    return from_columns(columns, product_id=product_id, **options)


def _ask(where: Path | str) -> NoReturn:
    raise UsageError(f"of which product are the bars of {where}?", hint='product_id="BTC-USD"')


def from_columns(
    columns: Columns,
    *,
    product_id: str,
    interval_ms: int | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    overrides: Mapping[str, str] | None = None,
    told: Product | None = None,
    told_ms: int | None = None,
) -> Loaded:
    """Return a file's columns as bars, every row checked; see `load_bars`.

    told: the product with its grid, told_ms: the interval, where the data come with them.
    """
    _check_rows(columns)
    interval_ms = _check_grid(columns, interval_ms, told_ms)
    prices = np.stack([columns.values[name] for name in PRICES])
    product = product_for(product_id, sample_prices=prices, overrides=overrides, told=told)
    ticks = ticks_of(prices, product.price_increment)
    _check_ticks(columns, ticks, product)
    off = off_grid(prices, ticks, product.price_increment)
    if off.any() and "price_increment" not in (overrides or {}):
        check_moves(columns.path, prices, ticks, product)
    whole = ticks.astype(np.int64)
    rates = columns.values.get("funding_rate", np.zeros(len(columns.time)))
    rates, foreign = paid_by(product, rates)
    bars = Bars(
        product,
        interval_ms,
        columns.time,
        whole[0],
        whole[1],
        whole[2],
        whole[3],
        columns.values["volume"] + 0.0,  # -0.0 is 0.0
        rates,
        half_spreads(columns.values),
        {n.removeprefix(EXTRA): c for n, c in columns.values.items() if n.startswith(EXTRA)},
    )
    rows = _selection(columns, start_ms, end_ms)
    earlier = bars[: rows.start] if rows.start else None
    bars = bars[rows]
    told_grid = {} if told is None else {name: str(getattr(told, name)) for name in INCREMENTS}
    stated = told_grid | dict(overrides or {})
    report = _report(columns, bars, int(off[:, rows].sum()), stated)
    said = [note for note in (foreign, suspicion(bars)) if note]
    return Loaded(bars, replace(report, notes=(*report.notes, *said)), earlier)


def _report(columns: Columns, bars: Bars, off: int, stated: Mapping[str, str]) -> DataReport:
    notes = (
        *columns.notes,
        None if columns.has_zone else "times without a zone are read as UTC",
        grid_note(bars.product, stated),
        f"{off} prices rounded to {bars.product.price_increment:f}" if off else None,
    )
    return DataReport(
        path=columns.path,
        rows=len(bars),
        first_ms=int(bars.time[0]),
        last_ms=int(bars.time[-1]),
        interval_ms=bars.interval_ms,
        gaps=find_gaps(bars.time, bars.interval_ms),
        zero_volume=int((bars.volume == 0).sum()),
        off_grid=off,
        sha256=digest(bars),
        notes=tuple(note for note in notes if note),
    )


def _check_rows(columns: Columns) -> None:
    """Raise on the earliest row whose time or numbers are wrong."""
    found = [(int(bad.argmax()), reason) for bad, reason in faults(columns) if bad.any()]
    if found:
        index, reason = min(found, key=lambda fault: fault[0])
        cells = {name: float(column[index]) for name, column in columns.values.items()}
        cells_text = ", ".join(f"{name} {value:.12g}" for name, value in cells.items())
        time = format_time(int(columns.time[index]))
        columns.fail(index, f"{reason}, found time {time}, {cells_text}")


def faults(columns: Columns) -> Iterator[tuple["np.ndarray", str]]:
    """Yield each rule of a row with where it is broken, (n,) bool."""
    step = np.diff(columns.time, prepend=columns.time[0] - 1)
    yield columns.time < 0, "expected a year from 1970 on"
    yield step == 0, "expected each time once"
    yield step < 0, "expected times in ascending order"
    values = columns.values
    for name in PRICES:
        # not (x > 0) is also true of NaN
        yield ~(values[name] > 0) | np.isinf(values[name]), f"expected a positive number as {name}"
    high, low = values["high"], values["low"]
    yield high < low, "expected high >= low"
    for name in ("open", "close"):
        outside = (values[name] > high) | (values[name] < low)
        yield outside, f"expected {name} between low and high"
    volume = values["volume"]
    yield ~(volume >= 0) | np.isinf(volume), "expected a number >= 0 as volume"
    if "funding_rate" in values:
        wrong = is_impossible(values["funding_rate"], float(np.median(step)))
        yield wrong, f"expected a funding_rate within {MOST_AN_HOUR:.0%} an hour, as a fraction"
    if "half_spread_bps" in values:
        wrong = (values["half_spread_bps"] < 0) | (values["half_spread_bps"] > MAX_HALF_SPREAD_BPS)
        yield wrong, f"expected half_spread_bps between 0 and {MAX_HALF_SPREAD_BPS}"
    elif "bid" in values and "ask" in values:
        bid, ask = values["bid"], values["ask"]
        yield (bid <= 0) | (ask < bid) | np.isinf(ask), "expected 0 < bid <= ask"
        middle = (bid + ask) / 2.0
        far = (middle < low / FAR_QUOTE) | (middle > high * FAR_QUOTE)
        yield far, f"expected bid and ask within {FAR_QUOTE:g} times of low and high"


def half_spreads(values: Mapping[str, Floats]) -> Ints | None:
    """Return half the quoted spread in 1e-8 of price, rounded up; None if the file has none.

    From `half_spread_bps`, else from `bid` and `ask` as (ask - bid) / (ask + bid). NO_QUOTE
    where a cell is empty.
    """
    if "half_spread_bps" in values:
        rates = values["half_spread_bps"] * BPS
    elif "bid" in values and "ask" in values:
        rates = (values["ask"] - values["bid"]) / (values["ask"] + values["bid"]) * RATE_SCALE
    else:
        return None
    # what is off a whole number by a rounding error of float64 is that number
    whole = np.rint(rates)
    rates = np.where(np.abs(rates - whole) < 1e-6, whole, np.ceil(rates))
    return known(np.where(np.isnan(rates), NO_QUOTE, rates))


def _check_grid(columns: Columns, interval_ms: int | None, told_ms: int | None) -> int:
    """Return the interval; raise if times do not lie on its grid from the first one.

    told_ms: where nobody asks for one, however far apart the bars are.
    """
    time = columns.time
    steps, counts = np.unique(np.diff(time), return_counts=True)
    if interval_ms is None and told_ms is not None:
        interval_ms = told_ms
    elif interval_ms is None:
        if not steps.size:
            raise DataError(
                f"{columns.path} has one row: one bar is too few",
                hint="a backtest needs two at least; one is loaded where --interval is stated",
            )
        interval_ms = int(steps[counts.argmax()])
        if interval_ms not in INTERVALS.values():
            raise DataError(
                f"{columns.path} is irregular: the commonest distance between its bars is "
                f"{format_interval(interval_ms)}",
                hint=f"bars are of {', '.join(INTERVALS)}",
            )
    elif steps.size and steps[0] > interval_ms:
        raise DataError(
            f"expected bars of {format_interval(interval_ms)}, {columns.path} has bars of "
            f"{format_interval(int(steps[counts.argmax()]))}",
            hint="leave --interval out, or name a file with such bars",
        )
    off = (time - time[0]) % interval_ms != 0
    if off.any():
        index = int(off.argmax())
        columns.fail(
            index,
            f"expected times whole multiples of {format_interval(interval_ms)} after "
            f"{format_time(int(time[0]))}, found {format_time(int(time[index]))}",
            hint="if the bars have another length, state it with --interval",
        )
    return interval_ms


def _check_ticks(columns: Columns, ticks: Floats, product: Product) -> None:
    """Raise on the first row with a price beyond what whole ticks can hold."""
    for bad, bound in ((ticks < 1, "at least one"), (ticks > MAX_TICKS, f"at most {MAX_TICKS}")):
        if bad.any():
            columns.fail(
                int(bad.any(axis=0).argmax()),
                f"expected prices of {bound} price increment of {product.price_increment:f}",
                hint="state another with --product-spec price_increment=...",
            )


def _selection(columns: Columns, start_ms: int | None, end_ms: int | None) -> slice:
    time: Ints = columns.time
    start = 0 if start_ms is None else int(np.searchsorted(time, start_ms))
    end = len(time) if end_ms is None else int(np.searchsorted(time, end_ms))
    if start >= end:
        raise DataError(
            f"no bars of {columns.path} in the period asked for; the file has "
            f"{format_time(int(time[0]))} to {format_time(int(time[-1]))}",
            hint="--from is inclusive, --to exclusive",
        )
    return slice(start, end)
