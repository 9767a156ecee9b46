"""The CSV files: exact numbers, ISO times, derived order ids."""

import csv
import errno
import io
import os
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from gpt_trader.backtest.files import (
    EQUITY_HEADER,
    FILLS_HEADER,
    TRADES_HEADER,
    check_writable,
    equity_lines,
    fill_lines,
    trade_lines,
    write_each,
    write_lines,
    write_text,
)
from gpt_trader.domain.order_ids import client_order_id
from gpt_trader.domain.product import Product
from gpt_trader.domain.text import fixed, grid_of, iso_times, money_text, units_text
from gpt_trader.errors import StorageError, UsageError
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_STOP, MAKER, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.trades import trade_list, trades

HOUR = 3_600_000
START = 1_640_995_200_000  # 2022-01-01
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
LOT10 = Product("X-USD", Decimal(10), Decimal("0.25"))
TIME = START + np.arange(10, dtype=np.int64) * HOUR


def fills():
    out = np.zeros(4, FILL_DTYPE)
    out[0] = (1, 0, 1, 12_345, 4_600_001, 150, MAKER, FILL_ENTRY, 0, 0, 0, 0)
    out[1] = (1, 1, 1, 3, 7, 10**8, TAKER, FILL_ENTRY, 0, 0, 0, 0)
    out[2] = (2, 0, 1, 12_345, 4_600_002, 0, MAKER, FILL_ENTRY, 1, 0, 0, 0)
    out[3] = (3, 0, -1, 24_690, 4_500_000, 25 * 10**7, TAKER, FILL_STOP, 2, 1, 0, 0)
    return out


def rows(header, lines):
    return list(csv.DictReader(io.StringIO("\n".join([header, *lines]))))


def test_fills_file():
    lines = fill_lines(fills(), (BTC, LOT10), time=TIME, interval="1h", portfolio="backtest")
    first, second, _, last = rows(FILLS_HEADER, lines)
    assert first == {
        "time": "2022-01-01T01:00:00.000Z",
        "product": "BTC-USD",
        "side": "buy",
        "size": "0.00012345",
        "price": "46000.01",
        "fee": "0.0000015",
        "liquidity": "maker",
        "client_order_id": client_order_id("backtest", "BTC-USD", "1h", START, 0),
    }
    assert (second["size"], second["price"], second["fee"]) == ("30", "1.75", "1.00")
    assert (last["side"], last["liquidity"], last["fee"]) == ("sell", "taker", "2.50")
    assert last["client_order_id"] == client_order_id(
        "backtest", "BTC-USD", "1h", START + 2 * HOUR, 1
    )


def test_trades_file_says_what_the_trades_say():
    found = trades(fills(), (BTC, LOT10))
    last_ticks = np.array([4_500_000, 9])
    lines = rows(TRADES_HEADER, trade_lines(found, (BTC, LOT10), time=TIME, last_ticks=last_ticks))
    listed = trade_list(found, products=(BTC, LOT10), time=TIME, last_ticks=last_ticks)
    for line, trade in zip(lines, listed, strict=True):
        assert line["product"] == trade.product
        assert line["side"] == trade.side
        assert Decimal(line["entry_price"]) == trade.entry_price
        assert Decimal(line["size"]) == trade.size
        assert Decimal(line["fees"]) == trade.fees
        assert Decimal(line["pnl"]) == trade.pnl
        assert float(line["return_pct"]) == pytest.approx(trade.return_pct, abs=1e-6)
        assert int(line["bars_held"]) == trade.bars_held
    assert lines[0]["entry_price"] == "46000.015000"
    assert lines[0]["entry_time"] == "2022-01-01T01:00:00.000Z"
    assert (lines[0]["exit_time"], lines[0]["exit_price"], lines[0]["exit_reason"]) == (
        "2022-01-01T03:00:00.000Z",
        "45000.00",
        "STOP",
    )
    assert (lines[1]["exit_time"], lines[1]["exit_price"], lines[1]["exit_reason"]) == ("", "", "")


def test_equity_file():
    lines = equity_lines(TIME[:3], 3_600_000, np.array([100.0, 110.5, 99.45]), 100.0)
    assert list(lines) == [
        "2022-01-01T00:00:00.000Z,100.00,0.000000,2022-01-01T01:00:00.000Z",
        "2022-01-01T01:00:00.000Z,110.50,0.000000,2022-01-01T02:00:00.000Z",
        "2022-01-01T02:00:00.000Z,99.45,10.000000,2022-01-01T03:00:00.000Z",
    ]


def test_write_lines(tmp_path):
    path = tmp_path / "equity.csv"
    write_lines(path, EQUITY_HEADER, ["a,b,c,d"])
    assert path.read_text() == "time,equity,drawdown_pct,close_time\na,b,c,d\n"


def test_an_unwritable_file_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        check_writable(tmp_path / "missing" / "fills.csv")
    with pytest.raises(UsageError, match="it is a folder"):
        check_writable(tmp_path)
    check_writable(tmp_path / "fills.csv")
    with pytest.raises(StorageError, match="cannot write") as caught:
        write_lines(tmp_path / "missing" / "fills.csv", FILLS_HEADER, [])
    assert caught.value.hint == "choose another folder"


@pytest.mark.parametrize(
    "value, places, text",
    [(0, 2, "0.00"), (-150, 2, "-1.50"), (5, 0, "5"), (5, -2, "500"), (1, 8, "0.00000001")],
)
def test_fixed(value, places, text):
    assert fixed(value, places) == text


def test_money_is_exact_with_at_least_two_decimals():
    assert units_text(0) == "0.00"
    assert units_text(-1) == "-0.00000001"
    assert units_text(10**12 + 10**7) == "10000.10"
    assert money_text(Decimal("1007.44000000")) == "1007.44"
    assert money_text(Decimal(10_000)) == "10000.00"


def test_grids_and_times():
    assert grid_of(Decimal("0.25")) == (25, 2)
    assert grid_of(Decimal(10)) == (1, -1)
    assert iso_times(np.array([-1, 0], np.int64)) == [
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00.000Z",
    ]


def test_a_text_is_whole_or_not_there(tmp_path):
    file = tmp_path / "page.html"
    write_text(file, "one\ntwo")
    assert file.read_bytes() == b"one\ntwo"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(StorageError, match="cannot write"):
        write_text(tmp_path / "none" / "page.html", "x")


def test_what_cannot_be_written_whole_leaves_nothing(tmp_path):
    file = tmp_path / "fills.csv"

    def lines():
        yield "1"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="No space left") as caught:
        write_lines(file, FILLS_HEADER, lines())
    assert caught.value.hint.startswith("free some space")
    assert list(tmp_path.iterdir()) == []
    file.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write_lines(file, FILLS_HEADER, (_stop() for _ in range(1)))
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"fills.csv": "before"}


def _stop():
    raise KeyboardInterrupt


def test_each_file_is_tried_and_each_refusal_named(tmp_path):
    def write(path):
        write_lines(path, EQUITY_HEADER, [])

    good, bad, worse = (tmp_path / name / "x.csv" for name in ("", "no", "none"))
    assert write_each([partial(write, good)]) is None
    assert write_each([partial(write, bad)]).message.startswith(f"cannot write {bad}")
    good.unlink()
    both = write_each([partial(write, path) for path in (bad, good, worse)])
    assert both.message == "2 files cannot be written"
    assert [str(path) in text for path, text in zip((bad, worse), both.details, strict=True)]
    assert good.exists()


def test_a_link_stays_a_link_and_its_target_gets_the_text(tmp_path):
    target, link = tmp_path / "target.html", tmp_path / "link.html"
    target.write_text("before")
    link.symlink_to(target)
    write_text(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_a_pipe_stays_a_pipe_and_gets_the_text(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "a page")
        assert os.read(reader, 100) == b"a page"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
