"""A file of each layout that other programs write: read as what it means, and said how."""

from pathlib import Path

import pytest

from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.data.files.importing import Named, prepare
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError, UsageError

OTHERS = Path(__file__).with_name("others")
VOLUMES = [34.61503842, 40.001, 22.5]
HOURS = ("1h", [42402.93, 42585.50, 42301.70], VOLUMES)


@pytest.mark.parametrize(
    "name, product, told, interval, closes, volumes, notes",
    [
        ("BTC-USD.csv", None, "BTC-USD", "1d", [44167.332031, 44957.96875, 42848.175781],
         [417208.24, 874934.4, 1081546.8], ["time from 'Date'", "volume in quote currency"]),
        ("XBTUSD_60.csv", None, "BTC-USD", "1h", [42402.9, 42585.5, 42301.7], VOLUMES,
         ["XBTUSD is read as BTC-USD", "no header, read as time,open,high,low,close,volume"]),
        ("COINBASE_BTCUSD, 60.csv", None, "BTC-USD", *HOURS, ["BTCUSD is read as BTC-USD"]),
        ("Coinbase_BTCUSD_1h.csv", None, "BTC-USD", *HOURS,
         ["1 lines above the header", "volume from 'Volume BTC'", "newest first"]),
        ("Gemini_BTCUSD_2019_1h.csv", None, "BTC-USD", *HOURS, ["times without a zone"]),
        ("Coinbase_ETHBTC_1h.csv", None, "ETH-BTC", "1h", [0.05395, 0.05396, 0.05391], VOLUMES,
         ["volume from 'Volume ETH'"]),
        ("kaggle_minutes.csv", "BTC-USD", "BTC-USD", "1m", HOURS[1], VOLUMES,
         ["volume from 'Volume_(BTC)'", "1 rows without prices left out"]),
        ("kaggle_klines.csv", "BTC-USD", "BTC-USD", *HOURS, ["time from 'Open time'"]),
        ("nasdaq.csv", "BTC-USD", "BTC-USD", "1d", *HOURS[1:],
         ["time from 'Date', close from 'Close/Last'", "newest first, turned around"]),
        ("marketcap.csv", "BTC-USD", "BTC-USD", "1d", [44167.33, 44957.97],
         [417208.25, 874934.37], ["separated by semicolons", "volume in quote currency"]),
        ("dukascopy.csv", "BTC-USD", "BTC-USD", *HOURS, ["time from 'Gmt time'"]),
        ("BTCUSDT-1h-2024-01.csv", None, "BTC-USDT", *HOURS, ["layout: Binance klines"]),
        ("tabs.csv", "BTC-USD", "BTC-USD", *HOURS, ["separated by tabs", "volume from 'VOL'"]),
        ("semicolons.csv", "BTC-USD", "BTC-USD", *HOURS,
         ["2 lines above the header", "separated by semicolons"]),
    ],
)  # fmt: skip
def test_a_layout(name, product, told, interval, closes, volumes, notes):
    length = 60_000 if name == "kaggle_minutes.csv" else None
    found = prepare(OTHERS / name, Named(product, length, None, None))
    bars = found.loaded.bars
    assert bars.product.product_id == told
    assert format_interval(bars.interval_ms) == interval
    assert bars.close * bars.product.tick == pytest.approx(closes, rel=1e-6)
    assert bars.volume == pytest.approx(volumes, rel=1e-6)
    assert (bars.time[1:] > bars.time[:-1]).all()
    for note in notes:
        assert any(note in said for said in found.notes), (note, found.notes)
    again = load_bars(OTHERS / name, product_id=told, interval_ms=length)
    assert again.report.sha256 == found.loaded.report.sha256


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


HEADER = "time,open,high,low,close,volume"


def test_a_row_is_named_where_it_stands_in_a_file_that_is_turned_around(tmp_path):
    rows = [f"2024-01-0{day},1,2,1,{3 if day == 4 else 1},1" for day in range(9, 0, -1)]
    file = write(tmp_path / "BTC-USD_1d.csv", "# by hand", "", HEADER, *rows)
    with pytest.raises(DataError, match=r"expected close between low and high.* in row 9 of"):
        load_bars(file, product_id="BTC-USD")


@pytest.mark.parametrize("order, first", [("{m}/{d}/2024", 1), ("{d}/{m}/2024", 1)])
def test_the_order_of_day_and_month_is_told_by_a_row_that_shows_it(tmp_path, order, first):
    rows = [f"{order.format(d=day, m=1)},1,1,1,1,1" for day in range(1, 16)]
    bars = load_bars(write(tmp_path / "a.csv", HEADER, *rows), product_id="BTC-USD").bars
    assert len(bars) == 15
    with pytest.raises(DataError, match="expected a time, found") as failed:
        load_bars(write(tmp_path / "b.csv", HEADER, *rows[:9]), product_id="BTC-USD")
    assert "no row tells the day from the month" in failed.value.hint


@pytest.mark.parametrize(
    "first, second",
    [
        ("Jan 31, 2024", "Feb 1, 2024"),
        ("2024/01/31", "2024/02/01"),
        ("31.01.2024", "01.02.2024"),
        ("01/31/2024 12:00:00 AM", "02/01/2024 12:00:00 AM"),
        ("2024-01-31 00:00:00 UTC", "2024-02-01 00:00:00 UTC"),
        ("1706659200000000", "1706745600000000"),
    ],
)
def test_times_as_others_write_them(tmp_path, first, second):
    rows = [f'"{time}",1,1,1,1,1' for time in (first, second)]
    found = load_bars(write(tmp_path / "a.csv", HEADER, *rows), product_id="BTC-USD")
    assert found.bars.time.tolist() == [1_706_659_200_000, 1_706_745_600_000]


def test_what_is_missing_is_named_with_what_would_be_read(tmp_path):
    file = write(tmp_path / "a.csv", "Date,Price,Open,High,Low,Vol.", "x,1,1,1,1,1")
    with pytest.raises(
        DataError, match="lacks the columns close; it has 'Date', 'Price'"
    ) as failed:
        load_bars(file, product_id="BTC-USD")
    assert "columns are time,open,high,low,close,volume" in failed.value.hint
    assert "also read as time: unix" in failed.value.hint


def test_a_volume_in_two_currencies_needs_the_product(tmp_path):
    header = "date,open,high,low,close,Volume ETH,Volume ADA"
    file = write(tmp_path / "a.csv", header, "2024-01-01,1,1,1,1,1,2")
    with pytest.raises(DataError, match=r"which column of .* 'Volume ETH' or 'Volume ADA'"):
        prepare(file, Named("BTC-USD", None, None, None))
    found = prepare(file, Named("ADA-ETH", 86_400_000, None, None))
    assert found.loaded.bars.volume.tolist() == [2.0]


def test_years_before_computers_are_a_fault(tmp_path):
    for first in ("0001-01-01", "1969-12-31"):
        file = write(tmp_path / "a.csv", HEADER, f"{first},1,1,1,1,1", "2024-01-01,1,1,1,1,1")
        with pytest.raises(DataError, match=r"expected a year from 1970 on.* in row 2"):
            load_bars(file, product_id="BTC-USD")


def test_a_word_is_no_empty_cell(tmp_path):
    rows = [f"2024-01-0{day},1,1,1,1,1,{cell}" for day, cell in ((1, ""), (2, "nan"), (3, "0.1"))]
    file = write(tmp_path / "a.csv", HEADER + ",half_spread_bps", *rows)
    with pytest.raises(DataError, match="half_spread_bps, found 'nan' in row 3"):
        load_bars(file, product_id="BTC-USD")


@pytest.mark.parametrize(
    "symbol, product_id",
    [("SHIBUSD", "SHIB-USD"), ("GRTUSD", "GRT-USD"), ("BNBUSD", "BNB-USD"), ("BTCBUSD", "BTC-BUSD"),
     ("ETHBTC", "ETH-BTC"), ("SHIBUSDT", "SHIB-USDT")],
)  # fmt: skip
def test_a_symbol_is_cut_where_both_parts_are_known(tmp_path, symbol, product_id):
    text = (OTHERS / "BTCUSDT-1h-2024-01.csv").read_text()
    file = tmp_path / f"{symbol}-1h-2024-01.csv"
    file.write_text(text)
    found = prepare(file, Named(None, None, None, None))
    assert found.loaded.bars.product.product_id == product_id
    assert f"{symbol} is read as {product_id}" in found.notes


def test_a_symbol_that_can_be_cut_in_two_ways_is_asked_about(tmp_path):
    file = tmp_path / "QQQBUSD-1h-2024-01.csv"
    file.write_text((OTHERS / "BTCUSDT-1h-2024-01.csv").read_text())
    with pytest.raises(UsageError, match="which product is QQQBUSD") as failed:
        prepare(file, Named(None, None, None, None))
    assert failed.value.hint.startswith("it may be QQQ-BUSD or QQQB-USD; name it")


def prices_in(tmp_path, *rows, separator=";"):
    file = tmp_path / "XRP-EUR_1d.csv"
    cells = [("time", "open", "high", "low", "close", "volume"), *rows]
    file.write_text("".join(separator.join(row) + "\n" for row in cells))
    return load_bars(file, product_id="XRP-EUR")


def days(*rows):
    return [(f"2024-01-{day:02d}", *row) for day, row in enumerate(rows, 1)]


@pytest.mark.parametrize(
    "row, close, volume, said",
    [
        (("0,453", "0,479", "0,449", "0,474", "3,000"), 0.474, 3.0, True),
        (("1,36", "1,43", "1,34", "1,4", "3"), 1.4, 3.0, True),
        (("1,360", "1,430", "1,340", "1,400", "1.003,50"), 1.4, 1003.5, True),
        (("1,360", "1,430", "1,340", "1,400", "3.5"), 1400.0, 3.5, False),
        (("$1,360", "$1,430", "$1,340", "$1,400", "3"), 1400.0, 3.0, False),
        (("1,360,000", "1,430,000", "1,340,000", "1,400,000", "3"), 1.4e6, 3.0, False),
    ],
)
def test_what_a_comma_means_is_told_by_the_numbers_themselves(tmp_path, row, close, volume, said):
    found = prices_in(tmp_path, *days(row, row))
    bars = found.bars
    assert bars.close[0] * float(bars.product.tick) == pytest.approx(close)
    assert bars.volume[0] == pytest.approx(volume)
    assert ("decimal commas" in found.report.notes) == said


@pytest.mark.parametrize(
    "row",
    [("1,360", "1,430", "1,340", "1,400", "3"), ("1,360", "1,430", "1,340", "1,400", "1.003")],
)
def test_a_comma_that_may_mean_either_is_refused(tmp_path, row):
    """1.36 and 1360 would be two markets: nothing is guessed."""
    with pytest.raises(DataError, match=r"cannot tell whether 1,360 is 1.360 or 1360") as caught:
        prices_in(tmp_path, *days(row, row))
    assert caught.value.hint == "write decimals with a point, and nothing between thousands"
    with pytest.raises(DataError, match=r"expected a number as open, found '1\.36'"):
        prices_in(tmp_path, *days(("1.36", "1,43", "1,34", "1,4", "3"), row))
