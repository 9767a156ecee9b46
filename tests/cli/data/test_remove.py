"""`gpt-trader data remove`: nothing is deleted that nobody confirmed."""

import io
import json

import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.store.store import Store, write
from tests.store_helpers import bars_at


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path))
    write(Store(tmp_path), bars_at(range(40)), (), "import")
    return Store(tmp_path)


class Terminal(io.StringIO):
    """Input that a person types."""

    def isatty(self):
        return True


def files(store):
    return len(list(store.root.rglob("*.parquet")))


def test_nobody_to_ask_is_no_yes(capsys, store):
    assert main(["data", "remove", "BTC-USD"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert files(store) == 2


@pytest.mark.parametrize("typed, code, left", [("ETH-USD\n", 2, 2), ("BTC-USD\n", 0, 0)])
def test_the_product_is_to_be_typed(capsys, monkeypatch, store, typed, code, left):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert main(["data", "remove", "btc/usd", "-i", "1h"]) == code
    assert "BTC-USD 1h will be deleted" in capsys.readouterr().err
    assert files(store) == left


def test_yes_removes(capsys, store):
    assert main(["data", "remove", "BTC-USD", "--yes", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["removed"] == [{"series": "BTC-USD 1h", "files": 2}]
    assert files(store) == 0
    assert main(["data", "remove", "BTC-USD", "--yes"]) == 7
