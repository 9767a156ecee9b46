"""`gpt-trader data import`, as a user calls it."""

import json
import os
from pathlib import Path

import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.files.export import write_file
from gpt_trader.data.synthetic import synthetic_market

REAL = Path(os.environ.get("GPT_TRADER_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))


def run(capsys, *args):
    code = main(["data", *args])
    out, err = capsys.readouterr()
    return code, out, err


def files(folder, products=("BTC-USD", "ETH-USD")):
    folder.mkdir()
    for bars in synthetic_market(seed=1, products=products, n_bars=50, interval_ms=3_600_000):
        write_file(folder / f"{bars.product.product_id}_1h.csv", bars)
    return folder


def test_a_folder_is_imported_and_its_bars_are_stored(capsys, tmp_path):
    folder = str(files(tmp_path / "dumps"))
    code, out, _ = run(capsys, "import", folder, "--dry-run", "--json")
    assert code == 0
    assert [r["added"] for r in json.loads(out)["data"]["imported"]] == [None, None]
    code, out, _ = run(capsys, "import", folder)
    assert code == 0
    assert "BTC-USD_1h.csv: layout: plain" in out
    code, out, _ = run(capsys, "import", folder)
    assert "nothing new" in out
    code, out, _ = run(capsys, "list", "--json")
    listed = json.loads(out)["data"]["series"]
    assert [(s["product"], s["bars"]) for s in listed] == [("BTC-USD", 50), ("ETH-USD", 50)]
    assert listed[0]["sources"][0].startswith("import:BTC-USD_1h.csv:")
    log = (tmp_path / "market" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["op"] for line in log] == ["import", "import"]


def test_one_bad_file_stores_none(capsys, tmp_path):
    folder = files(tmp_path / "dumps")
    (folder / "SOL-USD_1h.csv").write_text("time,open,high,low,close,volume\n1,2,1,2,2,3\n")
    code, out, err = run(capsys, "import", str(folder))
    assert code == 7
    assert "SOL-USD_1h.csv" in err
    code, out, _ = run(capsys, "list")
    assert "nothing is stored" in out


@pytest.mark.skipif(not REAL.is_dir(), reason="no real market data here")
def test_real_files_import_with_the_gaps_they_have(capsys):
    code, out, _ = run(
        capsys, "import", "--json",
        str(REAL / "BTC-USD_1d_2014-12_2018-08.csv"), str(REAL / "BTC-PERP_1m_2022-01.csv.gz"),
    )  # fmt: skip
    assert code == 0
    days, minutes = json.loads(out)["data"]["imported"]
    assert (days["bars"], days["gaps"], days["missing_bars"]) == (1318, 8, 34)
    assert (minutes["bars"], minutes["gaps"]) == (45031, 0)
