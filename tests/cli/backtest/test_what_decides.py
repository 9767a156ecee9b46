"""Every input that decides is in the record, the id and the trial; what decides nothing is not."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from gpt_trader.backtest import store
from tests.session_helpers import call, write_market

BROUGHT = Path(__file__).parents[2] / "brought" / "with_helper"
LISTINGS = """\
# as-of: 2025-03-01
# covers: 2021-01-01..2025-02-28
# source: invented
product_id,listed,delisted,source
SOL-USD,{listed},,invented
"""


@pytest.fixture
def market(tmp_path):
    return write_market(tmp_path / "SOL-USD_1h.csv", n=150)


@pytest.fixture
def run(capsys):
    def do(*args):
        code, out, _ = call(capsys, "backtest", *args, "--json")
        return code, json.loads(out)

    return do


def root():
    return Path(os.environ["GPT_TRADER_STATE_DIR"])


def tried():
    lines = (root() / "trials.jsonl").read_text().splitlines()
    return {json.loads(line)["id"] for line in lines}


def test_a_file_beside_a_strategy_is_found_and_decides(run, market, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = shutil.copytree(BROUGHT, tmp_path / "own")
    asked = ("--strategy", f"{folder / 'in_two_files.py'}:InTwoFiles", "--data", market)
    ids = []
    for weight in (0.25, 0.2, 0.15):
        sys.modules.pop("weights", None)
        (folder / "weights.py").write_text(f"WEIGHT = {weight}\n")
        code, document = run(*asked)
        assert code == 0
        ids.append(document["data"]["run_id"])
        assert list(document["data"]["strategy"][0]["helpers"]) == ["weights.py"]
    assert len(set(ids)) == len(tried()) == 3
    code, document = run("--reproduce", ids[0])
    assert code == 8
    assert "helper weights.py of in_two_files" in document["error"]["hint"]
    sys.modules.pop("weights", None)


def test_listings_decide_and_where_they_lie_does_not(run, market, tmp_path):
    file = tmp_path / "listed.csv"
    base = ("--strategy", "buy_and_hold", "--order-style", "taker", "--data", market)
    universe = ("--universe", "top:1", "--universe-file", file, "--universe-every", "1d")
    _, without = run(*base)
    file.write_text(LISTINGS.format(listed=""))
    _, before = run(*base, *universe)
    assert before["data"]["universe"]["file"] == "listed.csv"
    assert before["data"]["run_id"] != without["data"]["run_id"]
    assert (before["data"]["universe"]["top"], without["data"]["universe"]) == (1, None)
    other = tmp_path / "elsewhere" / "listed.csv"
    other.parent.mkdir()
    shutil.copy(file, other)
    _, again = run(*base, "--universe", "top:1", "--universe-file", other, "--universe-every", "1d")
    assert again["data"]["run_id"] == before["data"]["run_id"]
    assert len(tried()) == 2
    file.write_text(LISTINGS.format(listed="2022-01-04"))
    _, after = run(*base, *universe)
    assert after["data"]["run_id"] != before["data"]["run_id"]
    assert len(tried()) == 3
    shutil.copy(file, other)
    code, document = run("--reproduce", before["data"]["run_id"])
    assert code == 8
    assert "listings listed.csv" in document["error"]["hint"]


def test_one_more_bar_is_no_new_trial(run, tmp_path):
    whole = write_market(tmp_path / "whole.csv", n=150).read_text().splitlines()
    file = tmp_path / "SOL-USD_1h.csv"
    for rows in range(120, 126):
        file.write_text("\n".join(whole[: rows + 1]))
        code, document = run("--strategy", "sma_cross", "--set", "fast=5", "--data", file)
        assert code == 0
        assert document["data"]["assessment"]["inference"]["trials"] == 1
    assert len(tried()) == 1


def test_a_damaged_newest_run_hides_no_older_one(run, market, capsys):
    _, first = run("--strategy", "buy_and_hold", "--data", market)
    _, second = run("--strategy", "hold", "--data", market)
    record = root() / store.RUNS / second["data"]["run_id"] / "run.json"
    record.write_text(record.read_text().replace('"hold"', '"held"'))
    code, out, err = call(capsys, "backtest", "--show", "last")
    assert code == 0
    assert "buy_and_hold on SOL-USD" in out
    assert f"{second['data']['run_id']}/run.json: the stored run cannot be read: it was alt" in err
    code, document = run("--show", second["data"]["run_id"])
    assert (code, document["ok"]) == (7, False)
    assert first["data"]["run_id"] in out


def test_the_order_of_data_decides_nothing_but_a_profiles_does(run, market, tmp_path):
    other = write_market(tmp_path / "BTC-USD_1h.csv", n=150)
    asked = ("--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=9", "--risk", "none")
    asked += ("--interval", "4h", "--detail", "1h", "--cash", "500")
    both = [("--data", market, "--data", other), ("--data", other, "--data", market)]
    documents = [run(*asked, *data)[1]["data"] for data in both]
    ids = [document["run_id"] for document in documents]
    assert ids[0] == ids[1]
    assert [d["product"] for d in documents[0]["data"]] == ["BTC-USD", "SOL-USD"]
    assert len(tried()) == 1
    assert run("--reproduce", ids[0])[0] == 0
    profile = tmp_path / "own.yaml"
    profile.write_text("mode: dev\nproducts: [SOL-USD, BTC-USD]\nstrategy: sma_cross\n")
    documents = [run("--profile", profile, *asked, *data)[1]["data"] for data in both]
    assert [d["product"] for d in documents[0]["data"]] == ["SOL-USD", "BTC-USD"]
    assert documents[0]["run_id"] == documents[1]["run_id"] != ids[0]
    assert run("--reproduce", documents[0]["run_id"])[0] == 0
