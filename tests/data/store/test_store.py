"""The data store keeps what it was given, bit for bit, in whichever order it came."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.store import partition, sealed
from gpt_trader.data.store.partition import month_of, month_span
from gpt_trader.data.store.removal import find_series, remove
from gpt_trader.data.store.store import (
    Store,
    Written,
    data_dir,
    listing,
    read,
    read_spans,
    record,
    write,
    writing,
)
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError, LockedError, StorageError
from gpt_trader.kernel.slippage import NO_QUOTE
from tests.store_helpers import COIN, HOUR, START, bars_at, no_one_grid, span


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 25)), min_size=1, max_size=6),
    st.sets(st.integers(0, 85)),
)
def test_any_order_of_writes_is_one_write(tmp_path_factory, pieces, silent):
    store, whole = (Store(tmp_path_factory.mktemp("store")) for _ in range(2))
    for first, count in pieces:
        rows = set(range(first, first + count)) - silent
        write(store, bars_at(rows), [span(first, first + count)], "venue")
    rows = {r for first, count in pieces for r in range(first, first + count)} - silent
    spans = [span(first, first + count) for first, count in pieces]
    write(whole, bars_at(rows), spans, "venue")
    assert read_spans(store, "BTC-USD", HOUR) == read_spans(whole, "BTC-USD", HOUR)
    if not rows:
        with pytest.raises(DataError, match="no 1h bars"):
            read(store, "BTC-USD", HOUR)
        return
    found = read(store, "BTC-USD", HOUR)
    assert digest(found.bars) == digest(bars_at(rows))
    files = sorted(path.relative_to(store.root) for path in store.root.rglob("*.parquet"))
    assert files == sorted(path.relative_to(whole.root) for path in whole.root.rglob("*.parquet"))
    for file in files:
        assert (store.root / file).read_bytes() == (whole.root / file).read_bytes()


def test_a_range_and_what_was_asked_of_it(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(40)), [span(0, 40)], "venue")
    found = read(store, "BTC-USD", HOUR, START + 15 * HOUR, START + 25 * HOUR)
    assert digest(found.bars) == digest(bars_at(range(15, 25)))
    assert found.asked == (span(15, 25),)
    assert found.sources == ("venue",)
    with pytest.raises(DataError, match="in the period"):
        read(store, "BTC-USD", HOUR, START + 40 * HOUR)


def test_a_correction_replaces_and_is_counted(tmp_path):
    store = Store(tmp_path)
    assert write(store, bars_at(range(10)), [span(0, 10)], "venue") == Written(10, 0, 0)
    other = bars_at(range(5, 12), seed=1)
    assert write(store, other, [span(5, 12)], "venue") == Written(2, 5, 0)
    assert write(store, other, [span(5, 12)], "venue") == Written(0, 0, 7)
    assert digest(read(store, "BTC-USD", HOUR, START + 5 * HOUR).bars) == digest(other)


def test_finer_prices_are_joined_exactly(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(10)), [], "a")
    finer = bars_at(range(10, 30), product=COIN.with_spec(price_increment=Decimal("0.004")))
    write(store, finer, [], "b")
    found = read(store, "BTC-USD", HOUR)
    assert found.bars.product.price_increment == Decimal("0.002")
    assert found.bars.close[:10].tolist() == (bars_at(range(10)).close * 5).tolist()
    assert found.bars.close[10:].tolist() == (finer.close * 2).tolist()
    assert found.sources == ("a", "b")
    assert "read as 0.002" in found.notes[0]


def test_volumes_funding_and_spreads_stay_what_they_are(tmp_path):
    store = Store(tmp_path)
    odd = bars_at(
        range(30),
        volume=np.random.default_rng(1).random(30) * 1e-3,
        funding_rate=np.linspace(-1e-4, 1e-4, 30),
        half_spread_e8=np.arange(30) - 1,
    )
    write(store, odd, [], "file")
    assert digest(read(store, "BTC-USD", HOUR).bars) == digest(odd)


def test_months_with_and_without_spreads_and_funding_are_joined(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(20), half_spread_e8=np.arange(20)), [], "file")
    write(store, bars_at(range(20, 40), funding_rate=np.full(20, 1e-4)), [], "file")
    found = read(store, "BTC-USD", HOUR).bars
    assert found.half_spread_e8.tolist() == [*range(20), *[NO_QUOTE] * 20]
    assert found.funding_rate.tolist() == [0.0] * 20 + [1e-4] * 20


def test_prices_that_no_common_grid_holds_are_refused(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(10)), [], "a")
    fine = COIN.with_spec(price_increment=Decimal("0.0000001"))
    for rows in (range(20, 30), [11]):
        with pytest.raises(DataError, match="too high for steps"):
            write(store, bars_at(rows, product=fine), [], "b")
    assert digest(read(store, "BTC-USD", HOUR).bars) == digest(bars_at(range(10)))


def test_months_that_no_common_grid_holds_can_be_read_alone(tmp_path):
    store = Store(tmp_path)
    no_one_grid(store)
    with pytest.raises(DataError, match="too high for steps"):
        read(store, "LUNA-USD", HOUR)
    assert len(read(store, "LUNA-USD", HOUR, None, month_span("2024-02")[0]).bars) == 3


def test_an_asked_month_without_bars_is_kept(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at([]), [span(0, 1000)], "venue")
    assert read_spans(store, "BTC-USD", HOUR) == (span(0, 1000),)
    (only,) = listing(store)
    assert (only.rows, only.first_ms, only.months) == (0, None, 3)


def test_listing_says_what_there_is(tmp_path):
    store = Store(tmp_path)
    assert listing(store) == []
    write(store, bars_at(range(40)), [span(0, 40)], "venue")
    (only,) = listing(store)
    assert (only.product_id, only.interval_ms, only.rows, only.months) == ("BTC-USD", HOUR, 40, 2)
    assert (only.first_ms, only.last_ms) == (START, START + 39 * HOUR)
    assert only.bytes == sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign", "moved", "version"])
def test_a_corrupt_month_is_named_and_the_others_stay_readable(tmp_path, damage):
    store = Store(tmp_path)
    write(store, bars_at(range(40)), [span(0, 40)], "venue")
    first, second = sorted(tmp_path.rglob("*.parquet"))
    content = bytearray(first.read_bytes())
    if damage == "cut":
        first.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[60] ^= 0xFF
        first.write_bytes(content)
    elif damage == "empty":
        first.write_bytes(b"")
    elif damage == "foreign":
        first.write_bytes(b"time,open\n1,2\n")
    elif damage == "moved":
        first.write_bytes(second.read_bytes())
    else:
        table, about = sealed.read(first)
        columns = {name: table[name].to_numpy() for name in table.column_names}
        sealed.write(first, columns, about | {"schema_version": 9})
    with pytest.raises(DataError, match=first.name) as failed:
        read(store, "BTC-USD", HOUR)
    assert "data repair BTC-USD --interval 1h" in failed.value.hint
    later = read(store, "BTC-USD", HOUR, month_span(second.stem)[0])
    assert digest(later.bars) == digest(bars_at(range(20, 40)))


def test_one_writer_at_a_time(tmp_path):
    store = Store(tmp_path)
    with writing(store), pytest.raises(LockedError, match="written by another"), writing(store):
        pass
    left = tmp_path / "bars" / ".2024-01.parquet.123.tmp"
    left.parent.mkdir()
    left.touch()
    with writing(store):
        assert not left.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"), writing(Store(tmp_path / "file")):
        pass
    with pytest.raises(StorageError, match="cannot be written"):
        write(Store(tmp_path / "file"), bars_at([1]), [], "venue")
    with pytest.raises(StorageError, match="cannot be written"):
        record(Store(tmp_path / "file"), {})


def test_the_record_is_a_line_an_entry(tmp_path):
    store = Store(tmp_path)
    record(store, {"op": "pull"})
    record(store, {"op": "repair", "rows": 3})
    assert store.log.read_text() == '{"op": "pull"}\n{"op": "repair", "rows": 3}\n'


def test_where_the_data_lies(tmp_path):
    assert data_dir(tmp_path, {"GPT_TRADER_DATA_DIR": "/elsewhere"}) == tmp_path
    assert str(data_dir(None, {"GPT_TRADER_DATA_DIR": "/elsewhere"})) == "/elsewhere"
    assert data_dir(None, {}).name == "market"


def test_months():
    assert month_of(month_span("2023-12")[1]) == "2024-01"
    assert month_of(month_span("2023-12")[1] - 1) == "2023-12"
    assert month_span("2024-02")[1] - month_span("2024-02")[0] == 29 * 24 * HOUR


def test_a_digest_that_does_not_fit_is_told(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(5)), [], "venue")
    (path,) = tmp_path.rglob("*.parquet")
    assert partition.about(path).sha256 == digest(bars_at(range(5)))


def test_what_could_not_be_read_with_the_rest_is_not_written(tmp_path):
    store = Store(tmp_path)
    dear = bars_at(range(5), product=Product("LUNA-USD", Decimal(1), Decimal("0.01")))
    dear = replace(dear, high=dear.high + 10**6)
    write(store, dear, (), "import")
    before = {path: path.read_bytes() for path in store.root.rglob("*.parquet")}
    fine = bars_at(range(30, 35), product=Product("LUNA-USD", Decimal(1), Decimal("0.00000001")))
    with pytest.raises(DataError, match=r"too high for steps of 0.00000001"):
        write(store, fine, (), "import")
    assert {path: path.read_bytes() for path in store.root.rglob("*.parquet")} == before
    assert len(read(store, "LUNA-USD", HOUR).bars) == 5


def test_a_series_that_is_not_stored_names_its_other_intervals(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(5)), (), "import")
    with pytest.raises(DataError, match=r"no 1d bars of BTC-USD .*; stored are bars of 1h"):
        read(store, "BTC-USD", 24 * HOUR)


def test_a_removed_series_is_gone_and_recorded(tmp_path):
    store = Store(tmp_path)
    no_one_grid(store)
    write(store, bars_at(range(40)), (), "import")
    remove(store, find_series(store, "LUNA-USD", None), 5)
    assert [one.product_id for one in listing(store)] == ["BTC-USD"]
    assert '"op": "remove", "product": "LUNA-USD", "interval": "1h"' in store.log.read_text()
    with pytest.raises(DataError, match="nothing of LUNA-USD"):
        find_series(store, "LUNA-USD", None)
    with pytest.raises(DataError, match="no 1d bars of BTC-USD"):
        find_series(store, "BTC-USD", 24 * HOUR)
