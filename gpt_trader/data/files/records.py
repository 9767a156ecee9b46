"""What another tool wrote of a strategy: an equity curve, or a list of closed trades, as CSV."""

import csv
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

import numpy as np

from gpt_trader.data.files.regular import check_regular
from gpt_trader.data.files.text_numbers import number_reader
from gpt_trader.data.files.text_times import Fail, text_times
from gpt_trader.domain.bars import Floats, Ints
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
_MONEY = (
    "an equity curve says what an account was worth, in money: is this profit, or a return since "
    "the start? Add the money that it began with, or multiply by it"
)
_HINT = (
    "an equity curve has the columns time,equity; a list of trades exit_time,pnl; both as CSV with "
    "a header"
)


class Record(NamedTuple):
    """time: (n,) int64 ms UTC, ascending. equity: (n,) float64, there or after that trade.

    start: before the first; None: the first is what it began with. kind: what the file is. last_ms:
    how long after its time the last value was known, where bars' opens stand as times. notes: how
    it was read.
    """

    kind: Kind
    time: Ints
    equity: Floats
    start: float | None
    last_ms: int = 0
    notes: tuple[str, ...] = ()


def read_record(path: Path, cash: float | None) -> Record:
    """Read an equity curve, or closed trades on an account that began with `cash`.

    An equity curve begins with `cash` before its first value, or with that value. Beside the opens
    of bars a column close_time says when its values were known; without `cash` the first bar made
    nothing. Trades are put in the order in which they ended.
    An account that came to 0 or below is no record: of profits or returns in the place of money
    that is what is seen. Raises DataError, naming the row, and UsageError if cash is needed.
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
        gains, said = _numbers(path, ended, profit)
        equity = cash + np.cumsum(gains[order])
        lines = [ended[k][0] for k in order.tolist()]
        return _checked(path, Record("trades", time[order], equity, cash, notes=said), lines)
    at, worth = _first(names, TIME), _first(names, EQUITY)
    if at is None or worth is None:
        raise DataError(f"{path} has the columns {', '.join(header[:12])}", hint=_HINT)
    time = _times(path, rows, at)
    until = time if closed is None else _times(path, rows, closed)
    equity, said = _numbers(path, rows, worth)
    lines = [row[0] for row in rows]
    if len(time) > 1 and (np.diff(time) < 0).all():
        time, until, equity, lines = time[::-1], until[::-1], equity[::-1], lines[::-1]
        said = (*said, "newest first, turned around")
    last_ms = max(int(until[-1] - time[-1]), 0) if len(time) else 0
    start = float(equity[0]) if cash is None and last_ms else cash
    return _checked(path, Record("equity", time, equity, start, last_ms, said), lines)


def _checked(path: Path, record: Record, lines: Sequence[int]) -> Record:
    """Return a record that can be judged; lines: of the file, of each of its rows."""
    if len(record.time) < 2:
        raise DataError(f"{path} has {len(record.time)} rows: too few to say anything", hint=_HINT)
    back = np.flatnonzero(np.diff(record.time) < 0)
    if len(back):
        where = f"{path}:{lines[int(back[0]) + 1]}"
        raise DataError("this row is earlier than the one before it", where=where)
    start = float(record.equity[0]) if record.start is None else record.start
    if not start > 0.0:
        raise DataError(
            f"expected equity above 0 at the start of {path}, was {start:g}", hint=_MONEY
        )
    gone = np.flatnonzero(record.equity <= 0.0)
    if len(gone):
        row = int(gone[0])
        is_curve = record.kind == "equity"
        raise DataError(
            f"{'equity' if is_curve else 'what is left after this trade'} is "
            f"{record.equity[row]:,.10g}: nobody trades on with nothing",
            where=f"{path}:{lines[row]}",
            hint=_MONEY if is_curve else "did it begin with more? --cash",
        )
    return record


Row = tuple[int, list[str]]  # line of the file, cells


def _table(path: Path) -> tuple[list[str], list[Row]]:
    check_regular(path)
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
    return text_times([cells[column] for _, cells in rows], _failing(path, rows))[0]


def _numbers(path: Path, rows: Sequence[Row], column: int) -> tuple[Floats, tuple[str, ...]]:
    """Return a column's numbers, and what is to be said of how they were read."""
    fail = _failing(path, rows)
    texts = ["".join(cells[column].split()) for _, cells in rows]
    read, said = number_reader([*enumerate(texts)], fail)
    out = np.empty(len(rows))
    for i, (text, (_, cells)) in enumerate(zip(texts, rows, strict=True)):
        number = read(text)
        if number is None or not isfinite(number):
            fail(i, f"expected a number, found {cells[column]!r}", "")
        out[i] = number
    return out, () if said is None else (said,)


def _failing(path: Path, rows: Sequence[Row]) -> Fail:
    """Return what raises the error about a row, named by its line of the file."""

    def fail(index: int, reason: str, hint: str) -> NoReturn:
        raise DataError(reason, where=f"{path}:{rows[index][0]}", hint=hint)

    return fail
