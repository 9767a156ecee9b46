"""Equity curves and trades of other tools, read or refused with their row."""

import numpy as np
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
    assert found.start is None  # began with the first value
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
        (("time,equity", "1970-01-03,1", "1970-01-02,2", "1970-01-04,2"), "row is earlier"),
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


@pytest.mark.parametrize(
    "cells, said",
    [
        (["10.000,00", "10.100,50", "9.999,00"], ("decimal commas",)),
        (["10,000.00", "$10,100.50", "9999"], ()),
        (["10 000", "10 100.5", "9 999"], ()),
    ],
)
def test_numbers_as_other_programs_write_them(tmp_path, cells, said):
    rows = [f"0{i}.01.2024;{cell}" for i, cell in enumerate(cells, 1)]
    found = read_record(write(tmp_path, "Date;Equity", *rows), None)
    assert found.equity.tolist() == [10_000.0, 10_100.5, 9_999.0]
    assert np.diff(found.time).tolist() == [DAY, DAY]
    assert found.notes == said


def test_a_comma_that_may_be_either_is_refused(tmp_path):
    path = write(tmp_path, "Date;Equity", "2024-01-01;1,000", "2024-01-02;1,001")
    with pytest.raises(DataError, match="cannot tell whether 1,000 is"):
        read_record(path, None)


def test_a_curve_that_stands_newest_first_is_turned_around(tmp_path):
    rows = [f"2024-01-0{i},{100 + i},2024-01-0{i + 1}" for i in (3, 2, 1)]
    found = read_record(write(tmp_path, "time,equity,close_time", *rows), None)
    assert found.equity.tolist() == [101.0, 102.0, 103.0]
    assert (found.start, found.last_ms) == (101.0, DAY)
    assert found.notes == ("newest first, turned around",)


def test_gains_below_zero_are_read_with_their_dollars(tmp_path):
    rows = ["2024-01-01,-$5.50", '2024-01-02,"-1,000.25"', "2024-01-03,$7"]
    found = read_record(write(tmp_path, "exit_time,pnl", *rows), 2_000.0)
    assert found.equity.tolist() == [1_994.5, 994.25, 1_001.25]


def test_what_is_no_file_or_no_text_is_said(tmp_path):
    with pytest.raises(DataError, match="cannot read"):
        read_record(tmp_path / "none.csv", None)
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot read"):
        read_record(path, None)


@pytest.mark.parametrize("worst", ["0", "-0.02"])
def test_a_curve_of_profits_or_returns_is_no_equity(tmp_path, worst):
    rows = ["", "1970-01-01,0.0035", "1970-01-02,0.0018", f"1970-01-03,{worst}", "1970-01-04,0.1"]
    path = write(tmp_path, "time,equity", *rows)
    with pytest.raises(DataError, match="equity is") as raised:
        read_record(path, None)
    assert raised.value.where == f"{path}:5"
    assert "is this profit, or a return" in raised.value.hint


def test_trades_that_lose_more_than_there_was_are_refused_in_the_order_of_their_ends(tmp_path):
    rows = ["1970-01-05,500", "1970-01-02,-60", "1970-01-03,-50"]
    path = write(tmp_path, "exit_time,pnl", *rows)
    with pytest.raises(DataError, match="left after this trade is -10") as raised:
        read_record(path, 100.0)
    assert raised.value.where == f"{path}:4"
    assert "--cash" in raised.value.hint
    assert read_record(path, 111.0).equity.tolist() == [51.0, 1.0, 501.0]
