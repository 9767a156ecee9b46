"""Equity curves and trades of other tools, read or refused with their row."""

import pytest

from gpt_trader.data.files.records import read_record
from gpt_trader.errors import DataError, UsageError

DAY = 86_400_000


def write(tmp_path, *lines, name="record.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header", ["time,equity", "Date,Balance", "timestamp;Portfolio Value", "\ufeffDay\tNAV"]
)
def test_an_equity_curve_by_any_usual_name(tmp_path, header):
    separator = max(",;\t", key=header.count)
    rows = [f"1970-01-0{i}{separator}{100 + i}" for i in (1, 2, 3)]
    found = read_record(write(tmp_path, header, *rows), None)
    assert found.kind == "equity"
    assert found.time.tolist() == [0, DAY, 2 * DAY]
    assert found.equity.tolist() == [101.0, 102.0, 103.0]
    assert found.start == 101.0
    assert read_record(write(tmp_path, header, *rows), 100.0).start == 100.0


@pytest.mark.parametrize(
    "header", ["entry_time,exit_time,pnl", "EntryTime,ExitTime,PnL", "open_date,close_date,profit"]
)
def test_trades_are_put_in_the_order_of_their_ends(tmp_path, header):
    rows = ["1970-01-01,1970-01-03,$5", "1970-01-01,1970-01-02,-2", "1970-01-02,,7"]
    found = read_record(write(tmp_path, header, *rows), 100.0)
    assert found.kind == "trades"
    assert found.time.tolist() == [DAY, 2 * DAY]  # the open one is left out
    assert found.equity.tolist() == [98.0, 103.0]
    assert found.start == 100.0


def test_trades_need_to_know_with_what_they_began(tmp_path):
    path = write(tmp_path, "exit_time,pnl", "1970-01-01,1", "1970-01-02,1")
    with pytest.raises(UsageError, match="with how much money"):
        read_record(path, None)


@pytest.mark.parametrize(
    "lines, words",
    [
        ((), "is empty"),
        (("time,price", "0,1"), "has the columns time, price"),
        (("time,equity", "1970-01-01,1"), "1 rows: too few"),
        (("time,equity", "1970-01-01,1", "1970-01-02"), "expected 2 cells, found 1"),
        (("time,equity", "1970-01-01,1", "yesterday,2"), "expected a time, found 'yesterday'"),
        (("time,equity", "1970-01-01,1", "1970-01-02,much"), "a number, found 'much'"),
        (("time,equity", "1970-01-01,1", "1970-01-02,nan"), "a number, found 'nan'"),
        (("time,equity", "1970-01-03,1", "1970-01-02,2"), "row 2 is earlier"),
        (("time,equity", "1970-01-01,0", "1970-01-02,2"), "above 0 at the start"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, lines, words):
    with pytest.raises(DataError) as raised:
        read_record(write(tmp_path, *lines), None)
    assert words in raised.value.message


def test_a_bad_cell_is_named_by_its_line(tmp_path):
    path = write(tmp_path, "time,equity", "", "1970-01-01,1", "1970-01-02,x")
    with pytest.raises(DataError) as raised:
        read_record(path, None)
    assert raised.value.where == f"{path}:4"


def test_what_is_no_file_or_no_text_is_said(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        read_record(tmp_path / "none.csv", None)
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot read"):
        read_record(path, None)
