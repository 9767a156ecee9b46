"""What another tool wrote of a strategy: an equity curve, or a list of closed trades, as CSV."""

import csv
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.times import read_time
from gpt_trader.errors import DataError, UsageError

Kind = Literal["equity", "trades"]
# Names that tools give the columns, without capitals, spaces and signs.
TIME = ("time", "date", "datetime", "timestamp", "day")
EQUITY = ("equity", "balance", "value", "portfoliovalue", "accountvalue", "totalequity", "nav")
CLOSED = (
    "exittime", "exitdate", "exittimestamp", "closetime", "closedate", "closed", "exitdatetime",
)  # fmt: skip
PROFIT = ("pnl", "profit", "netprofit", "profitabs", "realizedpnl", "pl", "netpnl")
SEPARATORS = ",;\t"
_HINT = (
    "an equity curve has the columns time,equity; a list of trades exit_time,pnl; both as CSV with "
    "a header"
)


class Record(NamedTuple):
    """time: (n,) int64 ms UTC, ascending. equity: (n,) float64, there or after that trade.

    start: before the first. kind: what the file is.
    """

    kind: Kind
    time: Ints
    equity: Floats
    start: float


def read_record(path: Path, cash: float | None) -> Record:
    """Read an equity curve, or closed trades on an account that began with `cash`.

    An equity curve begins with its first value, or with `cash`; trades are put in the order in
    which they ended. Raises DataError, naming the row, and UsageError if cash is needed.
    """
    header, rows = _table(path)
    names = {re.sub(r"[^a-z]", "", name.lower()): i for i, name in reversed([*enumerate(header)])}
    closed, profit = _first(names, CLOSED), _first(names, PROFIT)
    if closed is not None and profit is not None:
        if cash is None:
            raise UsageError(
                f"{path} lists trades: with how much money did they begin?", hint="state --cash"
            )
        ended = [row for row in rows if row[1][closed].strip()]  # without an end: still open
        time = _times(path, ended, closed)
        order = np.argsort(time, kind="stable")
        gains = _numbers(path, ended, profit)[order]
        return _checked(path, Record("trades", time[order], cash + np.cumsum(gains), cash))
    at, worth = _first(names, TIME), _first(names, EQUITY)
    if at is None or worth is None:
        raise DataError(f"{path} has the columns {', '.join(header[:12])}", hint=_HINT)
    time, equity = _times(path, rows, at), _numbers(path, rows, worth)
    start = cash if cash is not None or not len(equity) else float(equity[0])
    return _checked(path, Record("equity", time, equity, start or 0.0))


def _checked(path: Path, record: Record) -> Record:
    if len(record.time) < 2:
        raise DataError(f"{path} has {len(record.time)} rows: too few to say anything", hint=_HINT)
    back = np.flatnonzero(np.diff(record.time) < 0)
    if len(back):
        raise DataError(f"{path}: row {int(back[0]) + 2} is earlier than the one before it")
    if not record.start > 0.0:
        raise DataError(f"expected equity above 0 at the start of {path}, was {record.start:g}")
    return record


Row = tuple[int, list[str]]  # line of the file, cells


def _table(path: Path) -> tuple[list[str], list[Row]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}", hint=_HINT) from error
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip(" ,;\t")]
    if not lines:
        raise DataError(f"{path} is empty", hint=_HINT)
    separator = max(SEPARATORS, key=lines[0][1].count)
    cells = [next(csv.reader([line], delimiter=separator)) for _, line in lines]
    header = [name.strip() for name in cells[0]]
    for (number, _), row in zip(lines, cells, strict=True):
        if len(row) != len(header):
            raise DataError(
                f"expected {len(header)} cells, found {len(row)}", where=f"{path}:{number}"
            )
    return header, [(number, row) for (number, _), row in zip(lines, cells, strict=True)][1:]


def _first(names: Mapping[str, int], wanted: Sequence[str]) -> int | None:
    return next((names[name] for name in wanted if name in names), None)


def _times(path: Path, rows: Sequence[Row], column: int) -> Ints:
    out = np.empty(len(rows), np.int64)
    for i, (number, cells) in enumerate(rows):
        found = read_time(cells[column])
        if found is None:
            raise DataError(
                f"expected a time, found {cells[column]!r}", where=f"{path}:{number}",
                hint="ISO-8601 as 2024-01-31T12:00:00Z, or epoch seconds or milliseconds",
            )  # fmt: skip
        out[i] = found[0]
    return out


def _numbers(path: Path, rows: Sequence[Row], column: int) -> Floats:
    out = np.empty(len(rows))
    for i, (number, cells) in enumerate(rows):
        text = cells[column].replace("$", "").replace(" ", "").replace("_", "?")
        try:
            out[i] = float(text)
        except ValueError:
            out[i] = np.nan
        if not isfinite(out[i]):
            raise DataError(f"expected a number, found {cells[column]!r}", where=f"{path}:{number}")
    return out
