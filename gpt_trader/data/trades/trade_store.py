"""Trades in the data store: one file a product and UTC day, exact, each trade once.

    ROOT/trades/BTC-USD/2024-01-31.parquet

Prices are whole numbers of the coarsest power of ten that holds the day's exactly, sizes units of
1e-8. What `store` says of readers, the one writer and crashes holds here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpt_trader.data.store import sealed
from gpt_trader.data.store.sealed import corrupt
from gpt_trader.data.store.spans import Span, clip, merge
from gpt_trader.data.store.store import ALL_TIME, Store, Written
from gpt_trader.domain.times import DAY_MS
from gpt_trader.domain.venue import Trade
from gpt_trader.errors import DataError

SIZE_DECIMALS = 8
PRICE_DECIMALS = 12  # at most
LARGEST = 2**63 - 1


class StoredTrades(NamedTuple):
    """Trades by time, then by id; what was asked for; where they come from."""

    trades: list[Trade]
    asked: tuple[Span, ...]
    sources: tuple[str, ...]


class TradeDay(NamedTuple):
    """What one file holds. A trade that is missing inside `asked` was not there."""

    trades: list[Trade]
    asked: tuple[Span, ...]
    sources: tuple[str, ...]


def write_trades(
    store: Store, product_id: str, trades: Iterable[Trade], asked: Sequence[Span], source: str
) -> Written:
    """Put trades into the store, in place of stored ones with the same id; each day at once.

    asked: spans that the source has answered for in full. Call it inside `store.writing`.
    Raises StorageError, and DataError on a corrupt day, or on a price or size that is no whole
    number of 1e-8 within int64.
    """
    days: dict[int, list[Trade]] = {}
    for trade in trades:
        days.setdefault(trade.time_ms // DAY_MS, []).append(trade)
    for start, end in merge(asked):
        for day in range(start // DAY_MS, -(-end // DAY_MS)):
            days.setdefault(day, [])
    written = Written(0, 0, 0)
    for day in sorted(days):
        within = (day * DAY_MS, (day + 1) * DAY_MS)
        path = _folder(store, product_id) / f"{_name(day)}.parquet"
        old = read_day(path) if path.exists() else None
        new, counts = _upsert(old, days[day], clip(asked, within), source)
        if old is None or counts.added or counts.changed or new.asked != old.asked:
            write_day(path, new)
        written = Written(*(a + b for a, b in zip(written, counts, strict=True)))
    return written


def read_trades(
    store: Store, product_id: str, start_ms: int | None = None, end_ms: int | None = None
) -> StoredTrades:
    """Read trades from `start_ms`, inclusive, to `end_ms`, exclusive; None: all there are.

    There may be none. Raises DataError if no day of them is stored, or one is corrupt.
    """
    within = (
        ALL_TIME[0] if start_ms is None else start_ms,
        ALL_TIME[1] if end_ms is None else end_ms,
    )
    days = [
        read_day(path)
        for path in trade_files(store, product_id)
        if day_span(path.stem)[0] < within[1] and day_span(path.stem)[1] > within[0]
    ]
    if not days:
        raise DataError(
            f"no trades of {product_id} in {store.root} in the period asked for",
            hint=f"gpt-trader data pull {product_id} --trades",
        )
    return StoredTrades(
        [t for day in days for t in day.trades if within[0] <= t.time_ms < within[1]],
        clip((span for day in days for span in day.asked), within),
        tuple(dict.fromkeys(source for day in days for source in day.sources)),
    )


def read_trade_spans(store: Store, product_id: str) -> tuple[Span, ...]:
    """Return the spans that sources have answered for; raises DataError on a corrupt day."""
    return merge(
        (int(start), int(end))
        for path in trade_files(store, product_id)
        for start, end in sealed.read_about(path)["asked"]
    )


def trade_files(store: Store, product_id: str) -> list[Path]:
    """Return the days of a product's trades, oldest first; other files are left out."""
    return sorted(p for p in _folder(store, product_id).glob("*.parquet") if _is_day(p.stem))


def day_span(name: str) -> Span:
    """Return the first millisecond of a UTC day, "2024-01-31", and of the next one."""
    start = int(datetime.fromisoformat(f"{name}T00:00:00+00:00").timestamp()) * 1000
    return start, start + DAY_MS


def write_day(path: Path, day: TradeDay) -> None:
    """Write a day in place of the one before; raises StorageError, and DataError as above."""
    decimals = _decimals(trade.price for trade in day.trades)
    columns: dict[str, np.ndarray] = {
        "trade_id": np.array([trade.trade_id for trade in day.trades], object),
        "time": np.array([trade.time_ms for trade in day.trades], np.int64),
        "price": _whole([trade.price for trade in day.trades], decimals),
        "size": _whole([trade.size for trade in day.trades], SIZE_DECIMALS),
        "maker_buys": np.array([trade.maker_side == "BUY" for trade in day.trades], np.int64),
    }
    sealed.write(
        path,
        columns,
        {
            "product_id": path.parent.name,
            "day": path.stem,
            "price_decimals": decimals,
            "asked": day.asked,
            "sources": day.sources,
        },
    )


def read_day(path: Path) -> TradeDay:
    """Read a day, its pages verified; raises DataError, naming the file, if it is bad."""
    table, about = sealed.read(path)
    try:
        place = (about["product_id"], about["day"])
        decimals, asked, sources = about["price_decimals"], about["asked"], about["sources"]
        columns = [
            table.column(name).to_pylist()
            for name in ("trade_id", "time", "price", "size", "maker_buys")
        ]
    except KeyError as error:
        raise corrupt(path, f"no {error}") from None
    if place != (path.parent.name, path.stem):
        raise corrupt(path, f"it holds {' '.join(place)}")
    return TradeDay(
        [
            Trade(
                trade_id,
                time_ms,
                Decimal(price).scaleb(-decimals),
                Decimal(size).scaleb(-SIZE_DECIMALS),
                "BUY" if maker_buys else "SELL",
            )
            for trade_id, time_ms, price, size, maker_buys in zip(*columns, strict=True)
        ],
        tuple((int(start), int(end)) for start, end in asked),
        tuple(sources),
    )


def tape_order(trade: Trade) -> tuple[int, int, str]:
    """Sort trades as the tape ran: by time, within a millisecond by id, numbers as numbers."""
    return trade.time_ms, len(trade.trade_id), trade.trade_id


def _upsert(
    old: TradeDay | None, trades: Sequence[Trade], asked: Sequence[Span], source: str
) -> tuple[TradeDay, Written]:
    before = old or TradeDay([], (), ())
    known = {trade.trade_id: trade for trade in before.trades}
    found = {trade.trade_id: trade for trade in trades}
    same = sum(known.get(trade_id) == trade for trade_id, trade in found.items())
    added = len(found.keys() - known.keys())
    day = TradeDay(
        sorted((known | found).values(), key=tape_order),
        merge((*before.asked, *asked)),
        before.sources if source in before.sources else (*before.sources, source),
    )
    return day, Written(added, len(found) - added - same, same)


def _decimals(prices: Iterable[Decimal]) -> int:
    """Return the least number of decimals that holds prices exactly; at most PRICE_DECIMALS."""
    decimals = 0
    for price in prices:
        while decimals < PRICE_DECIMALS and _units(price, decimals) is None:
            decimals += 1
    return decimals


def _whole(numbers: Sequence[Decimal], decimals: int) -> np.ndarray:
    """Return numbers as whole units of 10**-decimals, (n,) int64; raises DataError."""
    found = []
    for number in numbers:
        units = _units(number, decimals)
        if units is None or not 0 <= units <= LARGEST:
            raise DataError(
                f"a trade's price or size {number} is no whole number of 1e-{decimals} "
                "that can be stored"
            )
        found.append(units)
    return np.array(found, np.int64)


def _units(number: Decimal, decimals: int) -> int | None:
    """Return a number in units of 10**-decimals if it is a whole number of them, exactly."""
    if not number.is_finite():
        return None
    numerator, denominator = number.as_integer_ratio()
    units, rest = divmod(numerator * 10**decimals, denominator)
    return None if rest else units


def _folder(store: Store, product_id: str) -> Path:
    return store.root / "trades" / product_id


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _name(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY_MS / 1000, UTC):%Y-%m-%d}"
