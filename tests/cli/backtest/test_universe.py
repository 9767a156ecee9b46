"""The universe on the command line: who was listed, who is chosen, and a backtest over them."""

import json

import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.store.store import Store, write
from gpt_trader.data.synthetic import synthetic_market

HOUR = 3_600_000
PRODUCTS = ["BTC-USD", "ETH-USD", "SOL-USD"]
LISTINGS = """\
# as-of: 2024-12-01
# covers: 2023-01-01..2024-11-30
# source: made for a test
product_id,listed,delisted,source
BTC-USD,,,a test
ETH-USD,2024-02-01,,a test
SOL-USD,2023-06-01,2024-03-01,a test
"""


@pytest.fixture
def listings(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))
    store = Store(tmp_path / "market")
    for bars in synthetic_market(seed=3, products=PRODUCTS, n_bars=3_000, interval_ms=HOUR):
        write(store, bars, [], "test")
    path = tmp_path / "listings.csv"
    path.write_text(LISTINGS)
    return str(path)


def run(capsys, *args):
    code = main([*args])
    out, err = capsys.readouterr()
    return code, out, err


def backtest(capsys, *args):
    data = [word for product in PRODUCTS for word in ("--data", product)]
    return run(
        capsys, "backtest", "--strategy", "buy_and_hold", *data, "-i", "1h", "--risk", "none",
        "--to", "2024-05-01", *args, "--json",
    )  # fmt: skip


def test_a_day_has_the_products_that_were_listed_then(capsys, listings):
    code, out, _ = run(
        capsys, "data", "universe", "--as-of", "2024-01-15", "--file", listings, "--json"
    )
    assert code == 0
    assert json.loads(out)["data"]["products"] == [{"product": "BTC-USD"}, {"product": "SOL-USD"}]
    code, out, _ = run(capsys, "data", "universe", "--as-of", "2024-04-01", "--file", listings)
    assert "2 products on 2024-04-01" in out
    assert "BTC-USD, ETH-USD" in out


def test_a_day_that_is_not_covered_exits_7(capsys, listings):
    code, _, err = run(capsys, "data", "universe", "--as-of", "2022-01-15", "--file", listings)
    assert code == 7
    assert "covers 2023-01-01 to 2024-11-30" in err
    code, _, err = run(capsys, "data", "universe", "--as-of", "2020-01-01")
    assert code == 7


def test_the_chosen_ones_with_their_reasons(capsys, listings):
    args = ("data", "universe", "--as-of", "2024-02-20", "--file", listings, "--top", "1")
    code, out, _ = run(capsys, *args, "--json")
    rows = json.loads(out)["data"]["products"]
    assert code == 0
    assert [r["product"] for r in rows] == PRODUCTS
    assert sum(r["chosen"] for r in rows) == 1
    assert all(r["code"] for r in rows)
    code, out, _ = run(capsys, *args)
    assert "threshold" in out


def test_a_backtest_holds_only_who_is_in(capsys, listings, tmp_path):
    fills = tmp_path / "fills.csv"
    code, out, err = backtest(
        capsys, "--universe", "top:2", "--universe-file", listings, "--fills", str(fills)
    )
    assert code == 0, err
    document = json.loads(out)
    assert any(w.startswith("universe: top 2 by volume of 3") for w in document["warnings"])
    rows = [line.split(",") for line in fills.read_text().splitlines()[1:]]
    sold = [r for r in rows if r[1] == "SOL-USD" and r[2] == "sell"]
    assert sold
    assert max(r[0] for r in rows if r[1] == "SOL-USD") < "2024-03-12"
    assert min((r[0] for r in rows if r[1] == "ETH-USD"), default="2024-02-05") >= "2024-02-01"
    code, out, _ = run(capsys, "backtest", "--reproduce", document["data"]["run_id"])
    assert (code, "identical" in out) == (0, True)


@pytest.mark.parametrize(
    "args, code, words",
    [
        (["--universe", "best"], 2, "expected --universe top:N"),
        (["--universe-file", "x.csv"], 2, "--universe-file needs --universe"),
        (["--universe", "top:2"], 7, "it covers"),
        (["--universe", "top:2", "--universe-file", "none.csv"], 7, "cannot read the universe"),
    ],
)
def test_bad_input(capsys, listings, args, code, words):
    found, out, _ = backtest(capsys, *args)
    assert (found, words in json.loads(out)["error"]["message"]) == (code, True), out


def test_listings_that_name_nothing_of_the_data_are_an_error(capsys, listings, tmp_path):
    other = tmp_path / "others.csv"
    other.write_text(LISTINGS.replace("-USD,", "-EUR,"))
    code, out, _ = backtest(capsys, "--universe", "top:1", "--universe-file", str(other))
    assert code == 7
    error = json.loads(out)["error"]
    assert error["message"].endswith("none of the products of the data: BTC-USD, ETH-USD, SOL-USD")
    assert error["hint"] == "they name BTC-EUR, ETH-EUR, SOL-EUR"


def test_a_product_that_the_listings_do_not_name_is_named(capsys, listings, tmp_path):
    other = tmp_path / "others.csv"
    other.write_text(LISTINGS.replace("ETH-USD,", "ETH-EUR,"))
    code, out, _ = backtest(capsys, "--universe", "top:1", "--universe-file", str(other))
    assert code == 0
    assert any("ETH-USD is not in it, and never held" in one for one in json.loads(out)["warnings"])
