"""Memory is asked for before anything is loaded."""

import gzip

import pytest

from gpt_trader.data import memory
from gpt_trader.errors import UsageError
from tests.session_helpers import call, write_market


def test_bars_of_a_file_are_told_without_reading_it(tmp_path):
    plain = write_market(tmp_path / "SOL-USD_1h.csv", n=5_000)
    packed = tmp_path / "SOL-USD_1h.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert memory.bars_in(plain) == pytest.approx(5_000, rel=0.06)
    assert memory.bars_in(packed) == pytest.approx(5_000, rel=0.06)


def test_rows_of_a_parquet_file_are_in_its_header(tmp_path):
    import pandas as pd

    path = tmp_path / "bars.parquet"
    pd.DataFrame({"time": range(321)}).to_parquet(path)
    assert memory.bars_in(path) == 321


def test_a_file_that_cannot_be_told_is_left_to_the_reader(tmp_path):
    for name in ("x.csv.gz", "x.parquet", "x.csv"):
        (tmp_path / name).write_bytes(b"?")
        assert memory.bars_in(tmp_path / name) == 0
    assert memory.bars_in(tmp_path / "missing.csv") == 0


def test_what_does_not_fit_is_refused_with_the_number():
    most = memory.GIB // memory.BYTES_PER_BAR
    memory.check_fits([most - 10, 10], memory.GIB)
    with pytest.raises(UsageError, match=r"bars need about 2\.0 GiB of memory, 1\.0 GiB are free"):
        memory.check_fits([most, most], memory.GIB)
    memory.check_fits([10**15], None)


def test_this_machine_tells():
    free = memory.available_bytes()
    assert free is not None
    assert free > 2**20


def test_the_command_refuses_before_loading(capsys):
    many = ",".join(f"A{n}-USD" for n in range(4_000))  # 1 TiB
    sets = ("--set", f"products={many}", "--set", "synthetic.bars=1000000")
    code, _, err = call(capsys, "backtest", "--strategy", "sma_cross", "--demo", *sets)
    assert code == 2
    assert "GiB of memory" in err
    assert "hint: " in err


def test_the_command_can_be_told_to_try(capsys, tmp_path):
    data = tmp_path / "SOL-USD_1h.csv.gz"
    data.write_bytes(gzip.compress(b"\n" * 2**16)[:-4] + b"\xff" * 4)  # says that it is 4 GiB
    asked = ("backtest", "--strategy", "sma_cross", "--data", data)
    code, _, err = call(capsys, *asked)
    assert code == 2
    assert "GiB of memory" in err
    code, _, err = call(capsys, *asked, "--no-memory-check")
    assert code == 7
    assert data.name in err
