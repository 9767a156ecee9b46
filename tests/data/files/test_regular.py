"""Pipes and devices are refused where a file is read, before anybody waits for them."""

import os
from pathlib import Path

import pytest

from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.data.files.records import read_record
from gpt_trader.data.files.regular import check_regular
from gpt_trader.data.memory import bars_in
from gpt_trader.data.universe import read_universe
from gpt_trader.errors import DataError


def load(path):
    return load_bars(path, product_id="X-USD")


def read(path):
    return read_record(path, None)


@pytest.mark.parametrize("reader", [load, read, bars_in, read_universe])
def test_a_pipe_is_refused(tmp_path, reader):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(DataError, match="no regular file") as raised:
        reader(pipe)
    assert "into a file" in raised.value.hint


def test_files_folders_links_and_what_is_not_there_are_left_to_who_reads_them(tmp_path):
    file = tmp_path / "bars.csv"
    file.write_text("time", encoding="utf-8")
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    for path in (tmp_path, file, link, tmp_path / "none.csv"):
        check_regular(path)
    with pytest.raises(DataError, match="no regular file"):
        check_regular(Path(os.devnull))
