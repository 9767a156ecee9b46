import gzip
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from gpt_trader.data.catalog import product_for
from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_time
from gpt_trader.errors import DataError, UsageError

HEADER = "time,open,high,low,close,volume"
START = 1_640_995_200_000
HOUR = 3_600_000
REAL = Path(os.environ.get("GPT_TRADER_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
COLUMNS = ("time", "open", "high", "low", "close", "volume", "funding_rate")


def good_rows(n=10):
    return [[format_time(START + i * HOUR), "100.5", "101", "99.25", "100", "2"] for i in range(n)]


def write(path, rows, header=HEADER):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path


def write_bars(path, bars, style="iso"):
    """Write bars as exact text; style: how times are written."""
    write_time = {"iso": format_time, "s": lambda ms: str(ms // 1000), "ms": str}[style]
    rows = []
    for i in range(len(bars)):
        bar = bars.bar(i)
        prices = [f"{bars.product.price(t):f}" for t in (bar.open, bar.high, bar.low, bar.close)]
        rows.append([write_time(bar.open_ms), *prices, repr(bar.volume), repr(bar.funding_rate)])
    return write(path, rows, HEADER + ",funding_rate")


def assert_same(a, b):
    assert a.product == b.product
    assert a.interval_ms == b.interval_ms
    for name in COLUMNS:
        x, y = getattr(a, name), getattr(b, name)
        assert x.dtype == y.dtype
        assert x.tolist() == y.tolist(), name


@st.composite
def bars_of(draw):
    product = product_for(draw(st.sampled_from(["BTC-USD", "DOGE-USD", "BTC-PERP"])))
    n = draw(st.integers(3, 30))
    steps = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    steps[:2] = [1, 1]
    interval_ms = draw(st.sampled_from([60_000, HOUR, 86_400_000]))
    start = draw(st.integers(1_000_000_000, 2_000_000_000)) * 1000
    time = start + np.cumsum(steps) * interval_ms
    levels = draw(
        st.lists(
            st.lists(st.integers(1, 9 * 10**9), min_size=4, max_size=4), min_size=n, max_size=n
        )
    )
    sorted_levels = np.sort(np.array(levels, np.int64), axis=1)
    volume = draw(st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=n, max_size=n))
    most = 0.04 if product.is_perpetual else 0.0
    rate = draw(st.lists(st.floats(-most, most), min_size=n, max_size=n))
    low, opened, close, high = sorted_levels.T
    return Bars(
        product, interval_ms, time, opened, high, low, close, np.array(volume), np.array(rate)
    )


@settings(max_examples=60)
@given(bars_of(), st.sampled_from(["iso", "s", "ms"]))
def test_csv_round_trip_is_exact(bars, style):
    with tempfile.TemporaryDirectory() as folder:
        path = write_bars(Path(folder) / "bars.csv", bars, style)
        loaded = load_bars(path, product_id=bars.product.product_id, interval_ms=bars.interval_ms)
    assert_same(loaded.bars, bars)
    assert loaded.report.off_grid == 0


def market(n=50, seed=3):
    rng = np.random.default_rng(seed)
    close = 5_000_000 + np.cumsum(rng.integers(-500, 500, n))
    opened = close + rng.integers(-50, 50, n)
    high, low = np.maximum(close, opened) + 7, np.minimum(close, opened) - 9
    time = START + HOUR * np.arange(n)
    volume = rng.integers(0, 100, n) / 8
    return Bars(product_for("BTC-USD"), HOUR, time, opened, high, low, close, volume, np.zeros(n))


def test_every_format_and_time_style_gives_the_same_bars(tmp_path):
    bars = market()
    paths = [write_bars(tmp_path / f"{style}.csv", bars, style) for style in ("iso", "s", "ms")]
    zipped = tmp_path / "bars.csv.gz"
    zipped.write_bytes(gzip.compress(paths[0].read_bytes()))
    paths.append(zipped)
    columns = {name: getattr(bars, name) / 100 for name in ("open", "high", "low", "close")}
    columns["volume"] = bars.volume
    times = {
        "ms": bars.time,
        "s": bars.time // 1000,
        "float": bars.time / 1000,
        "int32": (bars.time // 1000).astype(np.int32),
        "uint32": (bars.time // 1000).astype(np.uint32),
        "us": bars.time * 1000,
        "text": [format_time(t) for t in bars.time],
        "stamp": pa.array(bars.time, pa.timestamp("ms", tz="UTC")),
        "ns": pa.array(bars.time * 10**6, pa.timestamp("ns", tz="America/New_York")),
        "decimal": bars.time,
    }
    for name, time in times.items():
        prices = columns
        if name == "decimal":
            prices = {
                key: pa.array([Decimal(repr(float(x))) for x in column], pa.decimal128(20, 8))
                for key, column in columns.items()
            }
        table = pa.table({"extra": [None] * 50, **dict(reversed(prices.items())), "time": time})
        parquet.write_table(table, tmp_path / f"{name}.parquet")
        paths.append(tmp_path / f"{name}.parquet")
    loaded = [load_bars(path, product_id="BTC-USD") for path in paths]
    for found in loaded:
        assert_same(found.bars, bars)
    assert len({found.report.sha256 for found in loaded}) == 1
    assert {found.report.notes for found in loaded} == {(), ("times in microseconds",)}


def test_columns_may_come_in_any_order_and_case_with_others_between(tmp_path):
    rows = [[r[5], "x", r[4], r[3], r[2], r[1], r[0]] for r in good_rows()]
    path = write(tmp_path / "a.csv", rows, "Volume,note,CLOSE,Low, high ,open,Time")
    bars, report, *_ = load_bars(path, product_id="BTC-USD")
    assert bars.bar(0).high == 10_100
    assert bars.bar(0).low == 9_925
    assert report.rows == 10


@pytest.mark.parametrize(
    "time", ["2022-01-0{}", "2022-01-0{} 00:00:00", "2022-01-0{}T00:00", "2022-01-0{}T00:00:00.000"]
)
def test_times_without_a_zone_are_utc_and_noted(tmp_path, time):
    rows = [[time.format(day), *good_rows()[0][1:]] for day in (1, 2, 3)]
    bars, report, *_ = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert bars.time.tolist() == [START, START + 86_400_000, START + 2 * 86_400_000]
    assert report.notes == ("times without a zone are read as UTC",)


def test_offsets_and_mixed_spellings_are_read(tmp_path):
    rows = good_rows(4)
    rows[1][0] = "2022-01-01T03:00:00+02:00"
    rows[2][0] = "2022-01-01 02:00:00"
    bars, report, *_ = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert bars.time.tolist() == [START + i * HOUR for i in range(4)]
    assert len(report.notes) == 1


# Each corruption: which cell gets which text, and what the error says.
CORRUPTIONS = {
    "zero price": ({1: "0"}, "positive number as open"),
    "negative price": ({3: "-1"}, "positive number as low"),
    "nan price": ({4: "nan"}, "positive number as close"),
    "empty price": ({2: ""}, "positive number as high"),
    "infinite price": ({2: "inf"}, "positive number as high"),
    "text price": ({4: "n/q"}, "a number as close, found 'n/q'"),
    "high below low": ({2: "99", 3: "99.5"}, "high >= low"),
    "open above high": ({1: "101.5"}, "open between low and high"),
    "close below low": ({4: "99"}, "close between low and high"),
    "negative volume": ({5: "-0.5"}, ">= 0 as volume"),
    "nan volume": ({5: "nan"}, ">= 0 as volume"),
    "infinite volume": ({5: "inf"}, ">= 0 as volume"),
    "text volume": ({5: "1_000"}, "a number as volume, found '1_000'"),
    "text time": ({0: "noon"}, "a time, found 'noon'"),
    "empty time": ({0: ""}, "a time, found an empty cell"),
    "too high a price": ({2: "1e12"}, "at most 9000000000"),
    "too low a price": ({3: "0.001"}, "at least one"),
}


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
@settings(max_examples=5)
@given(row=st.integers(1, 9), blank=st.integers(0, 3))
def test_a_bad_cell_is_named_by_its_line(kind, row, blank):
    changes, reason = CORRUPTIONS[kind]
    rows = good_rows()
    for cell, text in changes.items():
        rows[row][cell] = text
    overrides = {"price_increment": "0.01"}
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a.csv", rows)
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines[:1], *["\n"] * blank, *lines[1:]]))
        with pytest.raises(DataError, match=reason) as caught:
            load_bars(path, product_id="BTC-USD", overrides=overrides)
    line = row + 2 + blank
    assert f"in row {line} of" in caught.value.message
    assert caught.value.where == f"{path}:{line}"
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    "change, line, reason",
    [
        (lambda rows: rows.insert(5, rows[4]), 7, "each time once"),
        (lambda rows: rows.insert(3, rows.pop(7)), 6, "ascending order"),
        (lambda rows: rows[6].__setitem__(0, "2022-01-01T06:30:00Z"), 8, "whole multiples of 1h"),
        (lambda rows: rows[4].pop(), 6, "expected 6 cells, found 5"),
        (lambda rows: rows[4].append("1"), 6, "expected 6 cells, found 7"),
    ],
    ids=["duplicate", "unsorted", "off the grid", "short row", "long row"],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, change, line, reason):
    rows = good_rows()
    change(rows)
    with pytest.raises(DataError, match=reason) as caught:
        load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert f"in row {line} of" in caught.value.message


def test_the_earliest_bad_row_is_named(tmp_path):
    rows = good_rows()
    rows[7][1] = "-1"
    rows[3][5] = "-1"
    with pytest.raises(DataError, match="in row 5 of"):
        load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")


def test_parquet_rows_count_from_one(tmp_path):
    rows = good_rows()
    columns = dict(zip(HEADER.split(","), map(list, zip(*rows, strict=True)), strict=True))
    table = {k: v if k == "time" else [float(x) for x in v] for k, v in columns.items()}
    table["low"][4] = float("nan")
    parquet.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"as low.* in row 5 of"):
        load_bars(tmp_path / "a.parquet", product_id="BTC-USD")


def test_infinite_funding_is_an_error_and_empty_funding_is_none(tmp_path):
    header = HEADER + ",funding_rate"
    rows = [[*row, ""] for row in good_rows()]
    rows[4][6] = "0.0001"
    bars = load_bars(write(tmp_path / "a.csv", rows, header), product_id="BTC-PERP").bars
    assert bars.funding_rate.tolist() == [0, 0, 0, 0, 0.0001, 0, 0, 0, 0, 0]
    rows[6][6] = "inf"
    with pytest.raises(DataError, match="in row 8 of"):
        load_bars(write(tmp_path / "b.csv", rows, header), product_id="BTC-PERP")


@pytest.mark.parametrize(
    "names, cells, expected",
    [
        ("half_spread_bps", ["2.5"], 25_000),
        ("half_spread_bps", ["0.00001"], 1),  # rounded up
        ("half_spread_bps", ["0"], 0),
        ("bid,ask", ["99.9", "100.1"], 100_000),  # 0.1 / 100: 10 bps
        ("ask,bid", ["100.01", "100.00"], 5_000),  # 0.01 / 200.01, rounded up: 4,999.75...
    ],
)
def test_a_quoted_half_spread_is_read_where_given(tmp_path, names, cells, expected):
    rows = [[*row, *[""] * len(cells)] for row in good_rows()]
    rows[4][6:] = cells
    loaded = load_bars(write(tmp_path / "a.csv", rows, f"{HEADER},{names}"), product_id="BTC-USD")
    assert loaded.bars.half_spread_e8.tolist() == [-1] * 4 + [expected] + [-1] * 5
    assert loaded.bars.bar(4).half_spread_e8 == expected
    plain = load_bars(write(tmp_path / "b.csv", good_rows()), product_id="BTC-USD")
    assert plain.bars.half_spread_e8 is None
    assert plain.report.sha256 != loaded.report.sha256


@pytest.mark.parametrize(
    "names, cells",
    [
        ("half_spread_bps", ["-1"]),
        ("half_spread_bps", ["5001"]),
        ("half_spread_bps", ["inf"]),
        ("bid,ask", ["100", "99"]),
        ("bid,ask", ["0", "1"]),
        ("bid,ask", ["1", "inf"]),
        ("bid,ask", ["500", "500.1"]),
        ("bid,ask", ["20", "20.1"]),
        ("bid,ask", ["130", "130.1"]),
        ("bid,ask", ["78", "78.1"]),
    ],
)
def test_an_impossible_quote_names_its_row(tmp_path, names, cells):
    rows = [[*row, *[""] * len(cells)] for row in good_rows()]
    rows[4][6:] = cells
    with pytest.raises(DataError, match="in row 6 of"):
        load_bars(write(tmp_path / "a.csv", rows, f"{HEADER},{names}"), product_id="BTC-USD")


def test_zero_volume_is_legal_and_counted(tmp_path):
    rows = good_rows()
    rows[2][5] = rows[5][5] = "0"
    loaded = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert loaded.report.zero_volume == 2


def test_off_grid_prices_are_rounded_and_counted(tmp_path):
    loaded = load_bars(
        write(tmp_path / "a.csv", good_rows()),
        product_id="BTC-USD",
        overrides={"price_increment": "1"},
    )
    assert loaded.report.off_grid == 20
    assert loaded.bars.bar(0)[2:6] == (100, 101, 99, 100)
    assert "20 prices rounded to 1" in loaded.report.notes


def test_float_drift_is_not_taken_for_another_grid(tmp_path):
    rows = good_rows()
    rows[0][1] = repr(0.1 + 0.2 + 100)
    rows[0][4] = "100.30000000000001"
    loaded = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert loaded.bars.product.price_increment == Decimal("0.01")
    assert loaded.report.off_grid == 0


def test_selection_includes_start_and_excludes_end(tmp_path):
    path = write(tmp_path / "a.csv", good_rows())
    bars, report, *_ = load_bars(
        path, product_id="BTC-USD", start_ms=START + 2 * HOUR, end_ms=START + 5 * HOUR
    )
    assert bars.time.tolist() == [START + i * HOUR for i in (2, 3, 4)]
    assert (report.rows, report.first_ms, report.last_ms) == (3, bars.time[0], bars.time[-1])


def test_empty_selection_names_what_the_file_has(tmp_path):
    path = write(tmp_path / "a.csv", good_rows())
    with pytest.raises(DataError, match=r"2022-01-01T00:00:00.000Z to 2022-01-01T09:00:00.000Z"):
        load_bars(path, product_id="BTC-USD", start_ms=START + 10 * HOUR)
    with pytest.raises(DataError):
        load_bars(path, product_id="BTC-USD", start_ms=START + HOUR, end_ms=START + HOUR)


def test_gaps_are_counted_and_the_longest_is_placed(tmp_path):
    rows = [row for i, row in enumerate(good_rows(20)) if i not in {3, 10, 11, 12}]
    gaps = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD").report.gaps
    assert (gaps.count, gaps.missing_bars) == (2, 4)
    assert (gaps.longest_ms, gaps.longest_from_ms) == (4 * HOUR, START + 9 * HOUR)


def test_interval_is_stated_or_the_commonest(tmp_path):
    sparse = write(tmp_path / "a.csv", [good_rows(30)[i] for i in (0, 2, 4, 6, 7)])
    with pytest.raises(DataError, match="in row 6 of") as caught:
        load_bars(sparse, product_id="BTC-USD")
    assert "--interval" in caught.value.hint
    assert load_bars(sparse, product_id="BTC-USD", interval_ms=HOUR).report.gaps.count == 3
    hourly = write(tmp_path / "b.csv", good_rows())
    with pytest.raises(DataError, match=r"bars of 1m.*has bars of 1h"):
        load_bars(hourly, product_id="BTC-USD", interval_ms=60_000)


@pytest.mark.parametrize("first, unit", [(1, "seconds"), (1000, "ms")])
def test_a_mix_of_epoch_seconds_and_ms_is_named_by_its_line(tmp_path, first, unit):
    rows = good_rows()
    for i, row in enumerate(rows):
        scale = first if i < 6 else 1001 - first
        row[0] = str((START + i * HOUR) // 1000 * scale)
    with pytest.raises(DataError, match=f"expected epoch {unit} as in the first row") as caught:
        load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert caught.value.where == f"{tmp_path / 'a.csv'}:8"


@pytest.mark.parametrize(
    "times, said, hint",
    [
        ([45_000.5, 45_001.5, 45_002.5], "found 45000.5, a spreadsheet's days", "(days - 25569) *"),
        ([45_000, 45_001, 45_002], "found 45000, a spreadsheet's days", "yyyy-mm-dd"),
        ([20_240_131, 20_240_201, 20_240_202], "found 20240131, a date without", "2024-01-31"),
    ],
)
def test_days_and_dates_as_numbers_are_told_from_seconds(tmp_path, times, said, hint):
    rows = [[str(time), *row[1:]] for time, row in zip(times, good_rows(), strict=False)]
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert hint in caught.value.hint
    assert caught.value.where == f"{tmp_path / 'a.csv'}:2"


def test_an_inferred_interval_is_one_of_the_exchange(tmp_path):
    rows = good_rows()
    for i, row in enumerate(rows):
        row[0] = format_time(START + i * 7 * 60_000)
    with pytest.raises(DataError, match=r"irregular: the commonest distance .* is 7m") as caught:
        load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD")
    assert "15m" in caught.value.hint


def test_a_lone_header_starts_no_thread_of_a_reader(tmp_path):
    path = write(tmp_path / "a.csv", [])
    code = """
import sys
from pathlib import Path
from gpt_trader.data.files.tables import read_columns
from gpt_trader.errors import DataError
try:
    read_columns(Path(sys.argv[1]))
except DataError as error:
    print(error.message, "pyarrow" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{path} has no rows False\n")


def test_one_row_needs_a_stated_interval(tmp_path):
    path = write(tmp_path / "a.csv", good_rows(1))
    with pytest.raises(DataError, match="one row"):
        load_bars(path, product_id="BTC-USD")
    assert len(load_bars(path, product_id="BTC-USD", interval_ms=HOUR).bars) == 1


UNREADABLE = {
    "a.csv": (b"", "is empty"),
    "blank.csv": (b"\n\n", "is empty"),
    "header.csv": (HEADER.encode() + b"\n", "has no rows"),
    "missing.csv": (b"time,open,high,close\n1,2,3,4\n", "lacks the columns low, volume"),
    "twice.csv": (HEADER.encode() + b",Open\n", "open appears twice"),
    "semicolon.csv": (b"time;open\n1;2\n", "lacks the columns"),
    "latin.csv": ("tïme,open".encode("latin-1"), "not UTF-8"),
    "windows.csv": (f"{HEADER}\r\n".encode("utf-16"), "is UTF-16 text"),
    "big.csv": (f"\ufeff{HEADER}\n".encode("utf-16-be"), "is UTF-16 text"),
    "bare.csv": (f"{HEADER}\n".encode("utf-16-le"), "is UTF-16 text"),
    "a.txt": (b"x", r"expected a file named \*\.csv"),
    "bad.csv.gz": (b"plain text", "cannot read"),
    "cut.csv.gz": (gzip.compress(HEADER.encode() * 100)[:-9], "cannot read"),
    "flipped.csv.gz": (gzip.compress(b"x" * 1000)[:12] + b"\xff" * 20, "cannot read"),
    "bad.parquet": (b"PAR1 but not really PAR1", "cannot read"),
    "epoch.csv": (HEADER.encode() + b"\n1e19,1,1,1,1,1\n", "epoch seconds or ms.* in row 2"),
    "far.csv": (HEADER.encode() + b"\n900000000000000000000,1,1,1,1,0\n", "or ms.* in row 2"),
    "micro.csv": (HEADER.encode() + b"\n2022-01-01T00:00:00.000001Z,1,1,1,1,0\n", "in row 2"),
    "header.parquet": (b"", "is empty"),
}


@pytest.mark.parametrize("name", list(UNREADABLE))
def test_unreadable_files_are_data_errors(tmp_path, name):
    content, reason = UNREADABLE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        load_bars(tmp_path / name, product_id="BTC-USD")
    assert "\n" not in caught.value.message


def test_parquet_times_out_of_range_are_a_data_error(tmp_path):
    table = {name: [1.0, 2.0] for name in HEADER.split(",")[1:]}
    table["time"] = pa.array([0, 10**18], pa.timestamp("us"))
    parquet.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="year 9999"):
        load_bars(tmp_path / "a.parquet", product_id="BTC-USD")


def test_damaged_files_raise_nothing_but_data_errors(tmp_path):
    rng = np.random.default_rng(5)
    text = write(tmp_path / "a.csv", good_rows()).read_bytes()
    table = pa.table({name: getattr(market(), name) for name in COLUMNS})
    parquet.write_table(table, tmp_path / "a.parquet")
    sources = {
        "a.csv": text,
        "a.csv.gz": gzip.compress(text),
        "a.parquet": (tmp_path / "a.parquet").read_bytes(),
    }
    for name, source in sources.items():
        for _ in range(150):
            damaged = bytearray(source)
            damaged[rng.integers(len(damaged))] = rng.choice(list(b'\n,"-0;9eZ\x00\xff T'))
            (tmp_path / name).write_bytes(damaged)
            with suppress(DataError):
                load_bars(tmp_path / name, product_id="BTC-USD")


def test_missing_files_and_folders_are_data_errors(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        load_bars(tmp_path / "a.csv", product_id="BTC-USD")
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        load_bars(tmp_path / "b.csv", product_id="BTC-USD")
    with pytest.raises(DataError, match="is a folder"):
        load_bars(tmp_path, product_id="BTC-USD")


def test_bom_and_windows_line_ends_are_fine(tmp_path):
    path = write(tmp_path / "a.csv", good_rows())
    expected = load_bars(path, product_id="BTC-USD")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_bars(path, product_id="BTC-USD").report.sha256 == expected.report.sha256


def test_bad_id_and_override_are_usage_errors(tmp_path):
    path = write(tmp_path / "a.csv", good_rows())
    with pytest.raises(UsageError):
        load_bars(path, product_id="bitcoin")
    with pytest.raises(UsageError):
        load_bars(path, product_id="BTC-USD", overrides={"lot": "1"})


def test_digest_depends_on_content(tmp_path):
    rows = good_rows()
    first = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD").report.sha256
    usdc = load_bars(tmp_path / "a.csv", product_id="BTC-USDC").report.sha256
    rows[4][5] = "2.5"
    changed = load_bars(write(tmp_path / "a.csv", rows), product_id="BTC-USD").report.sha256
    assert len({first, usdc, changed}) == 3


def test_report_of_a_known_file_is_complete(tmp_path):
    path = write(tmp_path / "a.csv", good_rows())
    report = load_bars(str(path), product_id="btc/usd").report
    assert report.path == path
    assert (report.rows, report.interval_ms, report.off_grid) == (10, HOUR, 0)
    assert (report.gaps.count, report.gaps.longest_ms) == (0, None)


def real(name):
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def test_real_daily_file_has_eight_gaps_the_longest_21_days():
    report = load_bars(real("BTC-USD_1d_2014-12_2018-08.csv"), product_id="BTC-USD").report
    assert (report.rows, report.interval_ms) == (1318, 86_400_000)
    assert report.gaps.count == 8
    assert report.gaps.longest_ms == 21 * 86_400_000
    assert (report.zero_volume, report.off_grid) == (0, 0)


def test_real_perpetual_minutes_load_on_their_own_grid():
    bars, report, *_ = load_bars(real("BTC-PERP_1m_2022-01.csv.gz"), product_id="BTC-PERP")
    assert len(bars) == 45_031
    assert (report.gaps.count, report.off_grid) == (0, 0)
    assert bars.product.price_increment == Decimal("0.001")
    assert bars.product.is_perpetual
