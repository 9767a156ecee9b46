"""The stand-in behaves as the exchange's documents say."""

import http.client
import json
import urllib.error
import urllib.request

import pytest

from tests.emulator import serve
from tests.emulator.market import GENESIS_MS, Market, Product

DAY = 86_400
START = GENESIS_MS // 1000 + DAY
CANDLES = "/market/products/BTC-USD/candles?granularity=ONE_MINUTE"


BUSY = Product("BTC-USD", trades_per_day=40_000)  # trades in every minute
QUIET = Product("QUIET-USD", price=120, trades_per_day=60)


@pytest.fixture
def exchange():
    with serve(Market((BUSY, QUIET))) as found:
        yield found


def get(exchange, path):
    url = f"{exchange.rest_url}/api/v3/brokerage{path}"
    try:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - this machine
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_candles_are_text_newest_first_and_both_ends_are_in(exchange):
    status, found = get(exchange, f"{CANDLES}&start={START}&end={START + 600}")
    starts = [int(row["start"]) for row in found["candles"]]
    assert status == 200
    assert starts == sorted(starts, reverse=True)
    assert START + 600 in starts
    assert START in starts
    assert all(isinstance(value, str) for row in found["candles"] for value in row.values())


def test_the_bucket_that_is_open_comes_first(exchange):
    exchange.now_ms = (START + 630) * 1000
    _, found = get(exchange, f"{CANDLES}&start={START}&end={START + 900}")
    assert int(found["candles"][0]["start"]) == START + 600


@pytest.mark.parametrize("buckets, status", [(350, 200), (351, 400)])
def test_at_most_350_buckets(exchange, buckets, status):
    found, document = get(exchange, f"{CANDLES}&start={START}&end={START + 60 * (buckets - 1)}")
    assert found == status
    assert status == 200 or "less than 350" in document["error_details"]


def test_minutes_without_trades_are_missing(exchange):
    path = CANDLES.replace("BTC", "QUIET")
    _, found = get(exchange, f"{path}&start={START}&end={START + 60 * 300}")
    assert 0 < len(found["candles"]) < 100


def test_refusals(exchange):
    assert get(exchange, "/market/products/NO-USD")[0] == 404
    assert get(exchange, "/market/nothing")[0] == 404
    assert get(exchange, f"{CANDLES}&start=soon&end={START}")[0] == 400
    assert get(exchange, "/market/products/BTC-USD/ticker")[0] == 400
    assert get(exchange, "/market/products/BTC-USD/ticker?limit=1001")[0] == 500


def test_trades_are_the_newest_and_at_most_100_without_a_window(exchange):
    _, found = get(exchange, "/market/products/BTC-USD/ticker?limit=500")
    times = [row["time"] for row in found["trades"]]
    assert len(times) == 100
    assert times == sorted(times, reverse=True)
    window = f"&start={START}&end={START + 3600}"
    _, found = get(exchange, f"/market/products/BTC-USD/ticker?limit=150{window}")
    assert len(found["trades"]) == 150


def test_longer_candles_are_made_of_the_same_trades(exchange):
    end = START + 3600 - 60
    _, minutes = get(exchange, f"{CANDLES}&start={START}&end={end}")
    hours = CANDLES.replace("MINUTE", "HOUR")
    _, found = get(exchange, f"{hours}&start={START}&end={START}")
    (hour,) = found["candles"]
    rows = minutes["candles"]
    assert float(hour["high"]) == max(float(row["high"]) for row in rows)
    assert hour["open"] == rows[-1]["open"]
    assert float(hour["volume"]) == pytest.approx(sum(float(row["volume"]) for row in rows))


def test_too_many_requests_in_a_second_are_refused():
    now = [0.0]
    with serve(Market((BUSY,))) as exchange:
        exchange.most_per_s, exchange.clock = 10, lambda: now[0]
        assert [get(exchange, "/time")[0] for _ in range(12)] == [200] * 10 + [429] * 2
        now[0] = 1.0
        assert get(exchange, "/time")[0] == 200


def test_a_server_that_is_gone_answers_nobody():
    def ask():
        line.request("GET", "/api/v3/brokerage/time")
        return line.getresponse().read()

    with serve(Market((BUSY,))) as gone:
        line = http.client.HTTPConnection("127.0.0.1", gone._server.server_port, timeout=5)
        assert ask()
    with pytest.raises((http.client.HTTPException, OSError)):
        ask()
