"""What is exported is read back bit for bit."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.data.files.export import write_file
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.errors import StorageError, UsageError

HOUR = 3_600_000


@pytest.mark.parametrize("name", ["BTC-USD.csv", "BTC-USD.csv.gz", "BTC-USD.parquet"])
@pytest.mark.parametrize("rich", [False, True])
def test_a_file_is_read_back(tmp_path, name, rich):
    product_id = "BTC-PERP" if rich else "BTC-USD"
    (bars,) = synthetic_market(seed=2, products=[product_id], n_bars=300, interval_ms=HOUR)
    if rich:
        spreads = np.arange(300) * 100 - 1
        spreads[spreads < 0] = -1
        bars = replace(bars, funding_rate=np.linspace(-1e-3, 1e-3, 300), half_spread_e8=spreads)
    write_file(tmp_path / name, bars)
    again = load_bars(tmp_path / name, product_id=product_id).bars
    assert again.product.price_increment == bars.product.price_increment
    assert digest(again) == digest(bars)


def test_a_name_that_is_no_kind_of_file(tmp_path):
    (bars,) = synthetic_market(seed=2, products=["BTC-USD"], n_bars=3, interval_ms=HOUR)
    with pytest.raises(UsageError, match=r"\*\.csv"):
        write_file(tmp_path / "x.txt", bars)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        write_file(tmp_path / "file" / "x.csv", bars)
