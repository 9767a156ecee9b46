"""`gpt-trader data repair` against the stand-in: what was broken is whole again, once."""

import json

import numpy as np
import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.store.partition import month_span
from gpt_trader.data.store.spans import missing
from gpt_trader.data.store.store import Store, read, read_spans, write, writing
from gpt_trader.data.trades.trade_store import read_trades
from tests.emulator import Fault, serve
from tests.emulator.market import GENESIS_MS, Market, Product
from tests.store_helpers import bars_at, no_one_grid, span

HOUR, DAY = 3_600_000, 86_400_000
OUT = (GENESIS_MS + 20 * DAY, GENESIS_MS + 20 * DAY + 5 * HOUR)


@pytest.fixture
def exchange(tmp_path, monkeypatch):
    products = (Product("BTC-USD"), Product("ETH-USD", price=250_000))
    with serve(Market(products, outages=(OUT,))) as found:
        monkeypatch.setenv("GPT_TRADER_COINBASE__REST_URL", found.rest_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__PUBLIC_REQUESTS_PER_S", "1000")
        monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path))
        yield found


def document(capsys, *args, code=0):
    got = main(["data", *args, "--json"])
    out = capsys.readouterr().out
    assert got == code, out
    return json.loads(out)["data" if code == 0 else "error"]


def entries(tmp_path, op):
    lines = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    return [entry for entry in lines if entry["op"] == op]


def damage(path):
    path.write_bytes(path.read_bytes()[:-40])


def test_a_corrupt_month_is_set_aside_and_fetched_anew(capsys, exchange, tmp_path):
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "40d")
    whole = document(capsys, "show", "BTC-USD")
    damage(tmp_path / "bars/BTC-USD/1h/2024-01.parquet")
    document(capsys, "show", "BTC-USD", code=7)
    found = document(capsys, "repair")
    assert [one["file"] for one in found["quarantined"]] == ["bars/BTC-USD/1h/2024-01.parquet"]
    done = found["repaired"][0]["done"]
    assert (done["rows_after"], done["added"]) == (whole["bars"], 31 * 24 - 5)
    assert document(capsys, "show", "BTC-USD")["sha256"] == done["sha256_after"] == whole["sha256"]
    (entry,) = entries(tmp_path, "repair")
    assert entry["rows"] == [done["rows_before"], whole["bars"]]
    assert entry["lost"] == [list(month_span("2024-01"))]
    assert len(entries(tmp_path, "quarantine")) == 1


def test_a_second_run_does_and_asks_nothing(capsys, exchange, tmp_path):
    document(capsys, "pull", "BTC-USD", "ETH-USD", "-i", "1h", "--since", "40d")
    first = document(capsys, "repair")
    assert [row["done"]["confirmed_gaps"] for row in first["repaired"]] == [
        [{"from": "2024-01-21T00:00:00.000Z", "to": "2024-01-21T05:00:00.000Z"}]
    ] * 2
    before, log = len(exchange.requests), (tmp_path / "log.jsonl").read_bytes()
    assert document(capsys, "repair")["repaired"] == []
    assert len(exchange.requests) == before
    assert (tmp_path / "log.jsonl").read_bytes() == log
    assert main(["data", "repair"]) == 0
    assert "nothing to repair" in capsys.readouterr().out


def test_a_hole_that_was_never_asked_for_is_filled_and_nothing_else_touched(
    capsys, exchange, tmp_path
):
    def spoil(rows):
        return [*rows[:9], rows[9] | {"high": "0"}, *rows[10:]]

    exchange.faults.add(Fault(path="candles", skip=1, rows=spoil))
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--from", "2024-01-02", "--to", "2024-01-31")
    before = read(Store(tmp_path), "BTC-USD", HOUR).bars
    found = document(capsys, "repair", "btc-usd")
    after = read(Store(tmp_path), "BTC-USD", HOUR)
    assert found["repaired"][0]["done"]["added"] == 1
    assert set(before.time.tolist()) < set(after.bars.time.tolist())
    kept = np.isin(after.bars.time, before.time)
    assert after.bars.close[kept].tolist() == before.close.tolist()
    assert missing((GENESIS_MS + DAY, GENESIS_MS + 30 * DAY), after.asked) == ()


def test_other_sources_bars_are_never_mixed_with_the_venues(capsys, exchange, tmp_path):
    store = Store(tmp_path)
    with writing(store):
        write(store, bars_at([*range(5), *range(9, 15), *range(30, 40)]), [], "a file")
    found = document(capsys, "repair")
    assert found["repaired"][0]["done"] is None
    assert len(found["repaired"][0]["left"]) == 2
    assert len(read(store, "BTC-USD", HOUR).bars) == 21
    damage(tmp_path / "bars/BTC-USD/1h/2024-01.parquet")
    error = document(capsys, "repair", code=7)
    assert "import them again" in error["hint"]
    assert read_spans(store, "BTC-USD", HOUR) == ()
    assert exchange.requests == []


def test_one_series_failure_does_not_stop_the_others(capsys, exchange, tmp_path):
    store = Store(tmp_path)
    document(capsys, "pull", "ETH-USD", "-i", "1h", "--since", "40d")
    from decimal import Decimal

    from gpt_trader.domain.product import Product as Coin

    gone = Coin("AAA-USD", Decimal("0.00000001"), Decimal("0.01"))
    with writing(store):
        write(store, bars_at([1, 2, 9], product=gone), [span(1, 3), span(9, 10)], "coinbase")
    error = document(capsys, "repair", code=7)
    assert "Coinbase has no product AAA-USD" in error["message"]
    assert [entry["product"] for entry in entries(tmp_path, "repair")] == ["ETH-USD"]


def test_a_series_that_cannot_be_read_does_not_stop_the_others(capsys, exchange, tmp_path):
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "40d")
    no_one_grid(Store(tmp_path), "AAA-USD")
    damage(tmp_path / "bars/BTC-USD/1h/2024-01.parquet")
    error = document(capsys, "repair", code=7)
    assert error["message"].startswith("prices of AAA-USD are too high")
    document(capsys, "show", "BTC-USD")
    document(capsys, "remove", "AAA-USD", "--yes")
    assert document(capsys, "repair")["repaired"] == []


def test_what_is_not_stored_cannot_be_repaired(capsys, exchange):
    assert "nothing of NO-USD is stored" in document(capsys, "repair", "NO-USD", code=7)["message"]


def test_a_corrupt_day_of_trades_is_fetched_anew(capsys, exchange, tmp_path):
    document(capsys, "pull", "BTC-USD", "--trades", "--from", "2024-01-05", "--to", "2024-01-07")
    before = read_trades(Store(tmp_path), "BTC-USD")
    damage(tmp_path / "trades/BTC-USD/2024-01-05.parquet")
    found = document(capsys, "repair", "BTC-USD")
    assert [one["interval"] for one in found["quarantined"]] == ["trades"]
    assert found["repaired"][0]["done"]["added"] > 3_000
    assert read_trades(Store(tmp_path), "BTC-USD") == before
    assert document(capsys, "repair", "BTC-USD", "-i", "1h", code=7)  # no bars are stored
