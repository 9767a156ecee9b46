"""Files of other programs: found out, stated, never guessed."""

import gzip
import io
import json
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.files import layouts
from gpt_trader.data.files.export import write_file
from gpt_trader.data.files.importing import Named, bring, prepare
from gpt_trader.data.store.store import Store, Written, read
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.errors import DataError, UsageError

HOUR = 3_600_000
UNSAID = Named(None, None, None, None)
N = 50


@pytest.fixture(scope="module")
def bars():
    (found,) = synthetic_market(seed=5, products=["BTC-USDT"], n_bars=N, interval_ms=HOUR)
    return found


def rows_of(bars):
    return [
        (bar.open_ms, *(float(bars.product.price(t)) for t in bar[2:6]), bar.volume)
        for bar in map(bars.bar, range(len(bars)))
    ]


def binance(bars, unit=1):
    return "".join(
        f"{t * unit},{o},{h},{low},{c},{v},{(t + HOUR) * unit - 1},1,2,3,4,0\n"
        for t, o, h, low, c, v in rows_of(bars)
    )


def zipped(path, text, names=("a.csv",)):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)
    return path


def frame(bars, name="date"):
    rows = rows_of(bars)
    columns = {n: [r[i] for r in rows] for i, n in enumerate(("t", "open", "high", "low", "close"))}
    time = pa.array(columns.pop("t"), pa.timestamp("ms", tz="UTC"))
    return pa.table({name: time, **columns, "volume": [r[5] for r in rows]})


def test_every_layout_says_the_same(bars, tmp_path):
    files = []
    for name in ("BTC-USDT_1h.csv", "BTC-USDT_1h.csv.gz", "BTC-USDT_1h.parquet"):
        write_file(tmp_path / name, bars)
        files.append(tmp_path / name)
    lists = json.dumps([list(row) for row in rows_of(bars)])
    files.append(tmp_path / "BTC_USDT-1h.json")
    files[-1].write_text(lists)
    files.append(tmp_path / "BTC_USDT-1h.json.gz")
    files[-1].write_bytes(gzip.compress(lists.encode()))
    files.append(tmp_path / "BTC_USDT-1h.feather")
    feather.write_feather(frame(bars), files[-1])
    files.append(tmp_path / "BTC-USDT_1h.feather")
    feather.write_feather(frame(bars, "time"), files[-1])
    files.append(tmp_path / "BTCUSDT-1h-2024-01.csv")
    files[-1].write_text(binance(bars))
    files.append(zipped(tmp_path / "BTCUSDT-1h-2025-01-31.zip", binance(bars, 1000)))
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
        "taker_buy_quote_volume,ignore\n"
    )
    files.append(zipped(tmp_path / "BTCUSDT-1h-2024-02.zip", header + binance(bars)))
    told = {}
    for file in files:
        found = prepare(file, UNSAID)
        assert found.loaded.bars.product.product_id == "BTC-USDT", file
        assert digest(found.loaded.bars) == digest(bars), file
        assert found.source.startswith(f"import:{file.name}:")
        told[file.name] = found.notes
    assert told["BTCUSDT-1h-2025-01-31.zip"][0] == "layout: Binance klines, base volume"
    assert "times in microseconds" in told["BTCUSDT-1h-2025-01-31.zip"]
    assert not any("times in" in note for note in told["BTCUSDT-1h-2024-01.csv"])
    assert "BTCUSDT is read as BTC-USDT" in told["BTCUSDT-1h-2024-01.csv"]
    assert "layout: freqtrade, base volume" in told["BTC_USDT-1h.feather"]


def local(bars, zone):
    """The bars' rows with wall clock times of a zone."""
    lines = ["time,open,high,low,close,volume"]
    for t, *rest in rows_of(bars):
        moment = datetime.fromtimestamp(t / 1000, ZoneInfo(zone)).replace(tzinfo=None)
        lines.append(",".join([moment.isoformat(), *map(str, rest)]))
    return "\n".join(lines)


def test_a_zone_that_is_named_is_used_and_one_that_is_not_is_stated(bars, tmp_path):
    file = tmp_path / "BTC-USDT_1h.csv"
    file.write_text(local(bars, "Asia/Kolkata"))
    with pytest.raises(DataError, match=r"open 0\.5 hours after the 1h boundaries of UTC"):
        prepare(file, UNSAID)
    found = prepare(file, UNSAID._replace(zone="Asia/Kolkata"))
    assert digest(found.loaded.bars) == digest(bars)
    file.write_text(local(bars, "UTC"))
    assert "times without a zone are read as UTC" in prepare(file, UNSAID).notes
    with pytest.raises(UsageError, match="unknown time zone"):
        prepare(file, UNSAID._replace(zone="Mars/Base"))


def test_an_hour_that_happens_twice_is_an_error(bars, tmp_path):
    file = tmp_path / "BTC-USDT_1h.csv"
    head = "time,open,high,low,close,volume\n"
    file.write_text(head + "".join(f"2024-10-27T0{h}:00:00,1,1,1,1,1\n" for h in range(5)))
    with pytest.raises(DataError, match="no single moment in Europe/Berlin"):
        prepare(file, UNSAID._replace(zone="Europe/Berlin"))
    write_file(file, bars)
    with pytest.raises(UsageError, match="states its time zone"):
        prepare(file, UNSAID._replace(zone="Europe/Berlin"))


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("bars.csv", b"<!DOCTYPE html><html>", "a page of HTML"),
        ("x.json", b"{}", "not freqtrade's JSON"),
        ("x.json", b"[[1,2,3]]", "not freqtrade's JSON"),
        ("x.json", b'[[1,"a",3,4,5,6]]', "no numbers"),
        ("x.json", b"[[1,", "is not JSON"),
        ("x.json", b" ", "is empty"),
        ("x.json.gz", b"12345", "cannot read"),
        ("x.feather", b"12345", "as Feather"),
        ("x.zip", b"PK12345", "as a zip file"),
        ("x.csv", b"a,b,c,d,e,f,g,h,i,j,k,l\n", "lacks the columns"),
        ("x.csv", b"1704067200000,2,3,x,5,6,7,8,9,10,11,12\n", "expected a number as low"),
        ("x.json", b"[[1000.5,2,3,1,2,5]]", "no whole milliseconds"),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as failed:
        prepare(tmp_path / name, UNSAID._replace(product_id="BTC-USD"))
    assert name in failed.value.message


def test_units_are_not_mixed_and_archives_hold_one_file(bars, tmp_path):
    mixed = binance(bars[:5]) + binance(bars[5:], 1000)
    with pytest.raises(DataError, match="expected epoch ms as in the first row, found 17040852"):
        prepare(zipped(tmp_path / "BTCUSDT-1h-2025-01.zip", mixed), UNSAID)
    with pytest.raises(DataError, match="holds 2 files"):
        prepare(zipped(tmp_path / "BTCUSDT-1h-2025-02.zip", mixed, ("a", "b")), UNSAID)
    with pytest.raises(DataError, match="does not exist"):
        prepare(tmp_path / "none.zip", UNSAID)
    with pytest.raises(DataError, match="does not exist"):
        prepare(tmp_path / "none.json", UNSAID)


def test_a_file_that_does_not_say_its_product_is_not_guessed(bars, tmp_path):
    write_file(tmp_path / "bars.csv", bars)
    with pytest.raises(UsageError, match="which product is bars"):
        prepare(tmp_path / "bars.csv", UNSAID)
    (tmp_path / "WEIRD-1h-2024-01.csv").write_text(binance(bars))
    with pytest.raises(UsageError, match="which product"):
        prepare(tmp_path / "WEIRD-1h-2024-01.csv", UNSAID)


def test_a_bomb_is_not_unpacked(tmp_path):
    zipped(tmp_path / "BTCUSDT-1h-2025-01.zip", "1," * 10_000)
    with pytest.raises(DataError, match="holds more than"):
        layouts._unzip(tmp_path / "BTCUSDT-1h-2025-01.zip", most_bytes=1000)


def test_importing_twice_changes_nothing_and_differences_are_refused(bars, tmp_path):
    file, store = tmp_path / "BTC-USDT_1h.parquet", Store(tmp_path / "store")
    write_file(file, bars)
    assert bring(store, prepare(file, UNSAID), replace=False) == Written(N, 0, 0)
    assert bring(store, prepare(file, UNSAID), replace=False) == Written(0, 0, N)
    table = parquet.read_table(file)
    changed = np.array(table["volume"]).copy()
    changed[7] *= 2
    table = table.set_column(table.column_names.index("volume"), "volume", pa.array(changed))
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    file.write_bytes(sink.getvalue())
    with pytest.raises(
        DataError, match=r"^1 1h bars of BTC-USDT differ from stored ones"
    ) as failed:
        bring(store, prepare(file, UNSAID), replace=False)
    assert "--replace" in failed.value.hint
    assert digest(read(store, "BTC-USDT", HOUR).bars) == digest(bars)
    assert bring(store, prepare(file, UNSAID), replace=True) == Written(0, 1, N - 1)
    assert read(store, "BTC-USDT", HOUR).bars.volume[7] == changed[7]
