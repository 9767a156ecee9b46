"""One market in many shapes, and what is refused of each."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gpt_trader import backtest, load_bars, synthetic_market
from gpt_trader.backtest.result import Result
from gpt_trader.data.files.export import write_file
from gpt_trader.data.frames import products_of
from gpt_trader.domain.bars import COLUMNS, Bars
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError, UsageError
from gpt_trader.strategy.sma_cross import SmaCross

pl = pytest.importorskip("polars")

BTC, HOUR = "BTC-USD", 3_600_000
[BARS] = synthetic_market(seed=11, products=[BTC], n_bars=240, interval_ms=HOUR)
FRAME = BARS.to_pandas()
NAMES = ["open", "high", "low", "close", "volume"]
VALUES = FRAME[NAMES].to_numpy()
ROWS = [[int(t), *v] for t, v in zip(BARS.time, VALUES.tolist(), strict=True)]
OF_MORE = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
NAIVE = "times without a zone are read as UTC"


def with_column(name: str, times: Any, frame: pd.DataFrame = FRAME) -> pd.DataFrame:
    out = frame.reset_index(drop=True)
    out.insert(3, name, times)
    return out


def two_levels(first: str) -> pd.DataFrame:
    columns = pd.MultiIndex.from_tuples(
        [(name.title(), BTC) if first == "prices" else (BTC, name.title()) for name in NAMES]
    )
    return FRAME.set_axis(columns, axis=1)


def named(time: str, order: str) -> list[dict[str, str]]:
    """Return rows as an exchange tells them: texts by name, epoch seconds."""
    rows = FRAME[order.split()].map(lambda one: repr(float(one))).to_dict("records")
    return [{time: str(t // 1000)} | row for t, row in zip(BARS.time, rows, strict=True)]


SHAPES: dict[str, Callable[[], Any]] = {
    "its own frame": lambda: FRAME,
    "naive index": lambda: FRAME.tz_localize(None),
    "New York": lambda: FRAME.tz_convert("America/New_York"),
    "periods": lambda: FRAME.tz_localize(None).to_period("h"),
    "capitals and more columns": lambda: FRAME.rename(columns=str.upper).assign(Trades=1),
    "texts as index": lambda: FRAME.set_axis([f"{one:%Y-%m-%d %H:%M}" for one in FRAME.index]),
    "a column of moments": lambda: with_column("Date", FRAME.index),
    "ms in a column": lambda: with_column("timestamp", BARS.time),
    "seconds": lambda: with_column("Unix", BARS.time // 1000),
    "nanoseconds": lambda: with_column("open_time", BARS.time * 10**6),
    "rows of ccxt": lambda: ROWS,
    "rows with texts": lambda: [[t, *map(repr, v)] for t, *v in ROWS],
    "an array": lambda: np.column_stack([BARS.time, VALUES]),
    "rows in a frame": lambda: pd.DataFrame(ROWS),
    "rows with names": lambda: [
        dict(zip(["time", *NAMES], row, strict=True)) for row in ROWS
    ],
    "decimals": lambda: FRAME.map(lambda one: Decimal(repr(float(one)))),
    "two levels": lambda: two_levels("prices"),
    "two levels, tickers first": lambda: two_levels("tickers"),
    "product and time": lambda: FRAME.assign(symbol="BTC/USD").set_index("symbol", append=True),
    "candles": lambda: named("start", "low high open close volume"),
    "a frame of candles": lambda: pd.DataFrame(named("start", "low high open close volume")),
    "ends as index": lambda: with_column("open_time", FRAME.index).set_index(
        FRAME.index.rename("close_time") + pd.Timedelta("1h")
    ),
    "polars": BARS.to_polars,
    "polars, to be read": lambda: BARS.to_polars().lazy().with_columns(pl.col("time").cast(str)),
    "records": lambda: FRAME.reset_index().to_records(index=False),
    "flags beside": lambda: FRAME.assign(holiday=True),
    "arrow": lambda: pa.table({"time": BARS.time, **{n: FRAME[n] for n in NAMES}}),
}  # fmt: skip


def run(data: Any, folder: Path) -> Result:
    return backtest(data, SmaCross(5, 20), state_dir=folder, trials=False)


@pytest.fixture(scope="module")
def of_a_file(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("file")
    path = folder / f"{BTC}_1h.csv"
    write_file(path, BARS)
    return run(load_bars(path), folder)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_market_is_one_run_whatever_holds_it(shape, of_a_file, tmp_path):
    loaded = load_bars(SHAPES[shape](), product_id=BTC)
    assert run(loaded, tmp_path).run_id == of_a_file.run_id
    said = NAIVE in loaded.report.notes
    assert said == (shape in {"naive index", "periods", "texts as index"})


def test_a_dict_has_a_frame_a_product():
    [eth] = synthetic_market(seed=11, products=["ETH-USD"], n_bars=90, interval_ms=HOUR)
    one, other = load_bars({BTC: FRAME, "eth/usd": eth.to_polars()})
    assert [one.bars.product.product_id, other.bars.product.product_id] == [BTC, "ETH-USD"]
    assert one.report.sha256 == load_bars(FRAME).report.sha256
    assert len(other.bars) == len(eth)


def test_what_came_from_bars_comes_back():
    back = load_bars(BARS.to_pandas())
    assert back.bars.product == BARS.product
    for name in ("time", "open", "high", "low", "close", "volume"):
        assert getattr(back.bars, name).tolist() == getattr(BARS, name).tolist()


@pytest.mark.parametrize("frame_of", [Bars.to_pandas, Bars.to_polars])
@pytest.mark.parametrize("rows", [slice(1), slice(2), [0, 3], [0, 3, 6], [0, 1, 5, 9, 13]])
def test_bars_come_back_equal_however_few_or_sparse(frame_of, rows):
    odd = Product("X-USD", Decimal("0.1"), Decimal("0.05"), quote_min_size=Decimal(7))
    quoted = replace(BARS, product=odd, half_spread_e8=np.arange(len(BARS)) * 5_000)
    bars = replace(quoted, **{name: getattr(quoted, name)[rows] for name in COLUMNS})
    back = load_bars(frame_of(bars))
    assert (back.bars.product, back.bars.interval_ms) == (odd, HOUR)
    for name in COLUMNS:
        assert getattr(back.bars, name).tolist() == getattr(bars, name).tolist()
    assert not back.report.notes


@pytest.mark.parametrize(
    "made, hours",
    [
        (lambda: BARS.to_pandas().resample("4h").agg(OF_MORE), 4),
        (lambda: BARS.to_pandas()[:9], 1),
        (lambda: BARS.to_polars()[::2], 2),
        (lambda: BARS.to_polars().head(9), 1),
        (lambda: FRAME.set_axis(FRAME.index[0] + (FRAME.index - FRAME.index[0]) / 4), 0.25),
    ],
)
def test_what_is_made_of_a_frame_has_the_interval_of_its_rows(made, hours):
    assert load_bars(made(), product_id=BTC).bars.interval_ms == hours * HOUR


def test_a_frame_keeps_the_grid_of_its_bars():
    stated = {"price_increment": "0.05", "base_increment": "0.1", "quote_min_size": "7"}
    bars = load_bars(FRAME, overrides=stated).bars
    product = replace(bars.product, base_max_size=Decimal(900))
    bars = replace(bars, product=product)[:100]
    frame = bars.to_pandas().rename(columns=str.title)
    back = load_bars(frame)
    assert back.bars.product == product
    assert back.bars.close.tolist() == bars.close.tolist()
    assert not back.report.notes
    coarse = load_bars(frame, overrides={"price_increment": "5", "base_increment": "1"})
    assert coarse.bars.product.price_increment == 5
    assert (coarse.bars.product.base_min_size, coarse.bars.product.quote_min_size) == (1, 7)
    frame.attrs["grid"] = {"price_increment": "much"}
    with pytest.raises(DataError, match="expected a product's grid in the attrs"):
        load_bars(frame)


def test_what_is_said_of_a_frame_names_arguments():
    unknown = FRAME.copy()
    unknown.attrs = {}
    notes = load_bars(unknown, product_id="ZZZ-USD").report.notes
    assert any("state them with overrides" in note for note in notes), notes


@pytest.mark.parametrize("frame", [FRAME, two_levels("prices"), two_levels("tickers")])
def test_a_frame_that_says_its_product_is_no_other(frame):
    for call in (
        lambda: load_bars(frame, product_id="ETH-USD"),
        lambda: load_bars({"ETH-USD": frame}),
        lambda: backtest({"ETH-USD": frame}, "sma_cross", trials=False),
    ):
        with pytest.raises(UsageError, match="says it is of BTC-USD is given as ETH-USD"):
            call()
    assert load_bars(frame, product_id="btc/usd").bars.product == BARS.product


def test_further_columns_are_taken_by_their_names():
    mood = np.where(np.arange(len(FRAME)) < 5, np.nan, 1.5)
    for frame in (FRAME.assign(Mood=mood), pl.from_pandas(FRAME.assign(Mood=mood).reset_index())):
        loaded = load_bars(frame, product_id=BTC, extra=["Mood"], start_ms=int(BARS.time[3]))
        np.testing.assert_array_equal(loaded.bars.extra["Mood"], mood[3:])
        assert loaded.earlier is not None
        np.testing.assert_array_equal(loaded.earlier.extra["Mood"], mood[:3])
    with pytest.raises(DataError, match="lacks the column 'Fear'; it has"):
        load_bars(FRAME, extra=["Fear"])
    with pytest.raises(DataError, match="bars have it"):
        load_bars(FRAME, extra=["volume"])


YAHOO = pd.MultiIndex.from_product([[n.title() for n in NAMES], [BTC]], names=["Price", "Ticker"])
IN_DOLLARS = FRAME.assign(volume=FRAME["volume"] * FRAME["close"])[NAMES].set_axis(YAHOO, axis=1)


@pytest.mark.parametrize(
    "frame",
    [
        IN_DOLLARS,
        IN_DOLLARS.swaplevel(axis=1),
        IN_DOLLARS.droplevel("Ticker", axis=1),
        IN_DOLLARS.swaplevel(axis=1)[BTC],
        IN_DOLLARS.set_axis(YAHOO.get_level_values(0).rename(None), axis=1).assign(
            **{"Dividends": 0.0, "Stock Splits": 0.0}
        ),
    ],
    ids=["download", "by ticker", "dropped", "of one", "history"],
)
def test_yahoo_states_volume_in_the_quote_currency(frame):
    loaded = load_bars(frame, product_id=BTC)
    np.testing.assert_allclose(loaded.bars.volume, BARS.volume, rtol=1e-14)
    assert "volume in quote currency, divided by each close" in loaded.report.notes


def test_of_several_tickers_one_is_named():
    pair = pd.concat({BTC: FRAME, "ETH-USD": FRAME * 0.5}, axis=1)
    with pytest.raises(UsageError, match="the frame holds BTC-USD, ETH-USD: which one"):
        load_bars(pair)
    assert load_bars(pair, product_id=BTC).report.sha256 == load_bars(FRAME).report.sha256
    with pytest.raises(DataError, match="has no SOL-USD; it has BTC-USD, ETH-USD"):
        load_bars(pair, product_id="SOL-USD")
    below = pd.concat({BTC: FRAME, "ETH-USD": FRAME * 0.5})
    assert load_bars(below, product_id=BTC).report.sha256 == load_bars(FRAME).report.sha256
    assert products_of(below) == [BTC, "ETH-USD"]


def changed(row: int, name: str, value: Any) -> pd.DataFrame:
    out = FRAME.copy()
    out.iloc[row, out.columns.get_loc(name)] = value
    return out


AT = pd.Timestamp(BARS.time[7], unit="ms").strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize(
    "data, words",
    [
        (changed(7, "close", np.nan), f"positive number as close, found time {AT}.* in row 7 of"),
        (changed(7, "volume", np.nan), f"as volume, found time {AT}.* in row 7 of the frame"),
        (changed(7, "high", 1.0), f"high >= low, found time {AT}.* in row 7 of"),
        (FRAME.iloc[[*range(8), *range(7, 240)]], f"each time once, found time {AT}.* in row 8 of"),
        (FRAME.iloc[[*range(6), 7, 6, *range(8, 240)]], "ascending order, found .* in row 7 of"),
        (FRAME[::-1], "ascending order, found time .* in row 1 of the frame"),
        (ROWS[::-1], "ascending order, found time .* in row 1 of the frame"),
        ([*ROWS[:7], ROWS[7][:5]], f"expected 6 cells, found 5, time {BARS.time[7]}, in row 7"),
        ([*ROWS[:7], [None, *ROWS[7][1:]]], "expected a time, found an empty cell in row 7"),
        ([[*row[:5], "many"] for row in ROWS], "a number as volume, found 'many' in row 0"),
        (FRAME.drop(columns="high"), "the frame of BTC-USD lacks the columns high; it has"),
        ([row[:4] for row in ROWS], "were 4 cells a row"),
        ([], "has no rows"),
        (FRAME.reset_index(drop=True), "has no times: its index counts rows, and it has 'open'"),
        (FRAME.set_axis(range(0, 14_400, 60)), "of BTC-USD has no times"),
        (FRAME.rename_axis("close_time"), "lacks the columns time; it has 'close_time', 'open'"),
        (FRAME.set_axis(pd.MultiIndex.from_product([[1], range(240)])), "were 2 levels"),
        (FRAME.astype({"close": np.float16}), "holds close as float16, of three digits"),
        (FRAME[:0], "has no rows"),
        (FRAME[:1], "has one row"),
        (pd.concat([FRAME, FRAME], axis=1), "appears twice"),
        (pd.concat({"a": pd.concat({"b": FRAME}, axis=1)}, axis=1), "levels of columns, were 3"),
        (pd.concat({"a": FRAME["volume"]}, axis=1).pipe(
            lambda f: f.set_axis(pd.MultiIndex.from_tuples([("x", "y")]), axis=1)
        ), "expected columns of prices and tickers, were"),
    ],
)  # fmt: skip
def test_what_no_market_is_is_refused_by_row_and_time(data, words):
    with pytest.raises(DataError, match=words):
        load_bars(data, product_id=BTC)


@pytest.mark.parametrize(
    "call, kind, words",
    [
        (
            lambda: load_bars(7, product_id=BTC),
            TypeError,
            "a file's path, a frame or rows, was int",
        ),
        (lambda: load_bars(None, product_id=BTC), TypeError, "was NoneType"),
        (lambda: load_bars(FRAME["close"], product_id=BTC), TypeError, "or rows, was Series"),
        (lambda: load_bars(pl.Series([1.0]), product_id=BTC), TypeError, "or rows, was Series"),
        (lambda: load_bars(pa.chunked_array([[1.0]]), product_id=BTC), TypeError, "ChunkedArray"),
        (lambda: load_bars(FRAME, start_ms=1_640_995_200), UsageError, "looks like seconds"),
        (lambda: load_bars(FRAME, end_ms="2022-01-01"), TypeError, "end_ms as a whole number"),
        (lambda: load_bars(FRAME, start_ms=1.6e12), TypeError, "start_ms as a whole number"),
        (lambda: load_bars(FRAME, interval_ms="1h"), TypeError, "interval_ms as a whole number"),
        (lambda: load_bars([1, 2], product_id=BTC), DataError, "0 cells a row"),
        (lambda: load_bars([ROWS[0], 3], product_id=BTC), TypeError, "row 1 .* as a list"),
        (lambda: load_bars(FRAME, product_id=7), TypeError, "product_id as text"),
        (lambda: load_bars(FRAME, product_id="BTC"), UsageError, "expected a product id"),
        (lambda: load_bars(ROWS), UsageError, "of which product are the bars of the frame"),
        (lambda: load_bars(FRAME, extra="mood"), TypeError, "list of names"),
        (lambda: load_bars({"open": [1]}, product_id=BTC), UsageError, "had the keys open"),
        (lambda: load_bars({}), UsageError, "a frame a product"),
        (lambda: load_bars({BTC: FRAME}, product_id=BTC), UsageError, "names its products"),
    ],
)
def test_what_nobody_can_read_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


SAID = FRAME.reset_index(names="time")


@pytest.mark.parametrize("name", ["symbol", "Ticker", "product_id"])
@pytest.mark.parametrize("spelled", ["BTC-USD", "btc/usd", "BTCUSD", "BTC"])
def test_of_a_frame_that_names_products_at_its_rows_its_own_are_read(name, spelled):
    half = len(SAID) // 2
    both = SAID.assign(**{name: [spelled] * half + ["ETH-USD"] * (len(SAID) - half)})
    assert len(load_bars(both, product_id="BTC-USD").bars) == half
    assert len(load_bars(SAID.assign(**{name: spelled}), product_id="BTC-USD").bars) == len(SAID)


@pytest.mark.parametrize("named", [["ETH-USD"], ["ETH-USD", "SOL-USD"]])
def test_a_frame_of_another_product_is_refused(named):
    other = SAID.assign(symbol=[named[i % len(named)] for i in range(len(SAID))])
    with pytest.raises(DataError, match=f"no BTC-USD; its column symbol has {named[0]}"):
        load_bars(other, product_id="BTC-USD")
