"""Columns of Arrow become numpy's without pandas, which swallows a Ctrl-C while it is imported."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from gpt_trader import synthetic_market
from gpt_trader.data.arrow import nulls_of, numbers_of
from gpt_trader.data.files.export import write_file


@pytest.mark.parametrize("chunks", [[[1.5, 2.0]], [[1.5], [2.0, 3.0]], [[]], []])
def test_numbers_are_the_columns(chunks):
    column = pa.chunked_array(chunks, pa.float64())
    np.testing.assert_array_equal(numbers_of(column), np.concatenate([np.zeros(0), *chunks]))
    assert numbers_of(column.cast(pa.int64(), safe=False)).dtype == np.int64


def test_a_slice_is_of_its_own_rows():
    column = pa.chunked_array([pa.array([1, 2, 3, 4])]).slice(1, 2)
    assert numbers_of(column).tolist() == [2, 3]


def test_what_is_missing_is_nan():
    column = pa.chunked_array([[1.5, None], [None, float("nan"), 2.0]])
    assert nulls_of(column).tolist() == [False, True, True, False, False]
    np.testing.assert_array_equal(numbers_of(column), [1.5, np.nan, np.nan, np.nan, 2.0])
    assert numbers_of(pa.chunked_array([pa.array([None, 3], pa.int64())]))[1] == 3.0


def test_files_are_read_without_pandas(tmp_path):
    [bars] = synthetic_market(products=["BTC-USD"], n_bars=50)
    files = [tmp_path / name for name in ("BTC-USD.csv", "BTC-USD.csv.gz", "BTC-USD.parquet")]
    for file in files:
        write_file(file, bars)
    code = (
        "import sys\n"
        "from gpt_trader.data.files.bar_files import load_bars\n"
        "for file in sys.argv[1:]: assert len(load_bars(file).bars) == 50\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, *files], check=True)
