"""Every damaged byte is found, named and set aside; the rest stays readable."""

import json
from decimal import Decimal

import numpy as np
import pytest

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.checks.verify import quarantine, verify
from gpt_trader.data.store import partition, sealed
from gpt_trader.data.store.partition import Partition
from gpt_trader.data.store.store import Store, read, read_spans, write
from gpt_trader.data.trades.trade_store import TradeDay, trade_files, write_day, write_trades
from gpt_trader.domain.bars import COLUMNS, with_columns
from gpt_trader.domain.venue import Trade
from gpt_trader.errors import DataError, StorageError
from tests.store_helpers import HOUR, START, bars_at, span


def stored(tmp_path, rows=range(40)):
    """Return a store with two months of bars, and the months."""
    store = Store(tmp_path)
    write(store, bars_at(rows), [span(0, 40)], "venue")
    return store, sorted(tmp_path.rglob("*.parquet"))


def trade(number):
    return Trade(str(number), START + number, Decimal("1.5"), Decimal(2), "SELL")


def test_a_sound_store_has_no_fault(tmp_path):
    store, _ = stored(tmp_path)
    write_trades(store, "BTC-USD", [trade(1)], [], "venue")
    assert verify(store) == []
    assert verify(Store(tmp_path / "none")) == []


def test_no_changed_byte_changes_what_is_read(tmp_path):
    store, (path, _) = stored(tmp_path, range(20))
    content = path.read_bytes()
    said, whole = partition.about(path), partition.read(path)
    unseen = []
    for at in range(0, len(content), 7):  # each byte was tried once: none goes unseen
        changed = bytearray(content)
        changed[at] ^= 1 << (at % 8)
        path.write_bytes(changed)
        try:
            found = partition.read(path)
        except DataError:
            seen = verify(store, "BTC-USD", HOUR)
            assert [fault.path for fault in seen] == [path]
            continue
        unseen.append(at)
        assert digest(found.bars) == digest(whole.bars), at
        assert found.bars.product == said.product, at
        assert (found.asked, found.sources) == (said.asked, said.sources), at
    assert len(unseen) < len(content) / 14  # such as the name of the program that wrote it


@pytest.mark.parametrize(
    "rows, why",
    [
        (slice(None, None, -1), "out of order"),
        (np.repeat(np.arange(20), 2), "out of order"),
        (slice(10, 30), "another month"),
    ],
)
def test_rows_that_do_not_belong_are_found(tmp_path, rows, why):
    store, (path, _) = stored(tmp_path)
    bars = bars_at(range(40))
    columns = {n: c[rows] for n in COLUMNS if (c := getattr(bars, n)) is not None}
    partition.write(path, Partition(with_columns(bars, **columns), (), ("venue",)))
    (fault,) = verify(store)
    assert why in fault.why
    assert (fault.path, fault.product_id, fault.interval) == (path, "BTC-USD", "1h")


def test_rows_that_were_not_written_are_found(tmp_path):
    store, (path, _) = stored(tmp_path)
    table, about = sealed.read(path)
    columns = {name: table.column(name).to_numpy().copy() for name in table.column_names}
    columns["close"][3] += 1
    sealed.write(path, columns, about)
    assert read(store, "BTC-USD", HOUR).bars.close[3] == bars_at([3]).close[0] + 1
    (fault,) = verify(store)
    assert "not those that were written" in fault.why


def test_asked_spans_that_reach_outside_are_found(tmp_path):
    store, (path, _) = stored(tmp_path)
    partition.write(path, Partition(bars_at(range(20)), (span(0, 30),), ("venue",)))
    (fault,) = verify(store)
    assert "asked" in fault.why


@pytest.mark.parametrize(
    "trades, why",
    [
        ([trade(2), trade(1)], "out of order"),
        ([trade(1), trade(1)], "twice"),
        ([trade(1), trade(24 * HOUR)], "another month or day"),
    ],
)
def test_trades_that_do_not_belong_are_found(tmp_path, trades, why):
    store = Store(tmp_path)
    write_trades(store, "BTC-USD", [trade(1)], [], "venue")
    (path,) = trade_files(store, "BTC-USD")
    write_day(path, TradeDay(trades, (), ("venue",)))
    (fault,) = verify(store)
    assert why in fault.why
    assert fault.interval == "trades"
    path.write_bytes(b"")
    assert [one.path for one in verify(store, "BTC-USD")] == [path]


def test_a_quarantined_month_counts_as_never_asked(tmp_path):
    store, (path, other) = stored(tmp_path)
    path.write_bytes(b"PAR1")
    (fault,) = verify(store)
    aside = quarantine(store, fault.path, fault.why, now_ms=5)
    assert aside.read_bytes() == b"PAR1"
    assert aside.parent == tmp_path / "quarantine"
    assert read_spans(store, "BTC-USD", HOUR) == (span(20, 40),)
    assert len(read(store, "BTC-USD", HOUR).bars) == 20
    assert verify(store) == []
    entry = json.loads(store.log.read_text())
    assert entry["spans"] == [list(fault.span)]
    assert (entry["op"], entry["product"], entry["interval"]) == ("quarantine", "BTC-USD", "1h")
    assert (entry["time_ms"], entry["file"], entry["why"]) == (5, aside.name, fault.why)
    assert other.exists()


def test_a_file_that_cannot_be_moved_is_said(tmp_path):
    store, (path, _) = stored(tmp_path)
    (tmp_path / "quarantine").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        quarantine(store, path, "a reason", now_ms=5)
    assert path.exists()


def test_files_of_other_names_are_not_of_the_store(tmp_path):
    store, (path, _) = stored(tmp_path)
    write_trades(store, "BTC-USD", [trade(1)], [], "venue")
    days = tmp_path / "trades" / "BTC-USD"
    for odd in (path.parent / "2024-13.parquet", days / "2024-02-31.parquet", days / "a.parquet"):
        odd.write_bytes(b"")
    assert verify(store) == []
    assert len(trade_files(store, "BTC-USD")) == 1
