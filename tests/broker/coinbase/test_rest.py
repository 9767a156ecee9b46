"""The reader of Coinbase's REST API, over real HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import ATTEMPTS, MAX_BODY_BYTES, Rest
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.errors import BrokerError, DataError, RateLimited, Unavailable

CUT = -1  # a connection that ends in the middle of the body; 0: before any byte
TIME = (200, '{"epochMillis": "1790216929123"}', {})


class Server(ThreadingHTTPServer):
    """Answers with what stands in `answers`, the last one for ever."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = [TIME]
        self.paths = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.paths.append(self.path)
        answers = self.server.answers
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = status in (0, CUT)
        if status == 0:
            return
        self.send_response(200 if status == CUT else status)
        for name, value in ({"content-length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def market(server, slept):
    url = f"http://127.0.0.1:{server.server_port}"
    pace = Pace(1e6, lambda: 0.0, lambda _: None)
    return PublicMarket(Rest(pace, url=url, sleep=slept.append, random=lambda: 1.0))


@pytest.mark.parametrize(
    "fault",
    [
        (500, '{"error": "INTERNAL"}', {}),
        (502, "<html>bad gateway</html>", {"content-type": "text/html"}),
        (200, "<html>hello</html>", {"content-type": "text/html"}),
        (200, '{"epochMillis": ', {}),
        (200, "[]", {}),
        (401, "Unauthorized", {}),
        (408, "{}", {}),
        (200, '{"epochMillis": null}', {}),
        (200, "[" * 100_000, {}),
        (CUT, '{"epoch', {"content-length": "400"}),
        (0, "", {}),
        (429, '{"errors": [{"id": "rate_limit_exceeded"}]}', {}),
    ],
)
def test_what_may_pass_is_asked_again(server, market, slept, fault):
    server.answers = [fault, fault, TIME]
    assert market.now_ms() == 1790216929123
    assert len(server.paths) == 3
    assert slept[:1] == [1.0]


def test_it_gives_up_and_says_how_often_it_asked(server, market, slept):
    server.answers = [(503, "<html>maintenance</html>", {})]
    with pytest.raises(Unavailable, match="503") as failed:
        market.now_ms()
    assert failed.value.message.endswith(f"(/time); asked {ATTEMPTS} times")
    assert len(server.paths) == ATTEMPTS
    assert slept == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_refused_pace_is_slowed_and_its_pause_is_kept(server, market, slept):
    server.answers = [(429, "{}", {"retry-after": "7"})]
    with pytest.raises(RateLimited):
        market.now_ms()
    assert [s for s in slept if s >= 1.0] == [7.0, 7.0, 7.0, 8.0, 16.0]
    slept.clear()
    server.answers = [(429, "{}", {"retry-after": "600"})]
    with pytest.raises(RateLimited):
        market.now_ms()
    assert slept == [60.0] * 5


@pytest.mark.parametrize(
    "status, body, kind, words",
    [
        (404, '{"message": "Product X not supported"}', DataError, "404 Product X not supported"),
        (400, '{"error_details": "too\\nmany\\u001b[31m"}', DataError, "400 too many"),
        (403, "<html>blocked</html>", BrokerError, "refuses access: 403 Forbidden"),
    ],
)
def test_a_refusal_is_not_asked_again(server, market, slept, status, body, kind, words):
    server.answers = [(status, body, {})]
    with pytest.raises(kind, match=words) as failed:
        market.now_ms()
    assert "\x1b" not in str(failed.value)
    assert len(server.paths) == 1


def test_nothing_there_is_said_in_one_line(slept):
    rest = Rest(
        Pace(1e6, lambda: 0.0, slept.append),
        url="http://127.0.0.1:1",
        sleep=slept.append,
        random=lambda: 0.0,
    )
    with pytest.raises(Unavailable, match="cannot be reached: no connection"):
        rest.get("/time", dict)


def test_candles_are_oldest_first_and_exact(server, market):
    row = '{"start": "%d", "low": "1.10", "high": "3", "open": "2", "close": "2.5", "volume": "%s"}'
    body = '{"candles": [' + row % (120, "0.1") + ", " + row % (60, "") + "]}"
    server.answers = [(200, body, {})]
    first, second = market.candles("BTC-USD", 60_000, 60_000, 120_000)
    assert (first.open_ms, second.open_ms) == (60_000, 120_000)
    assert (str(second.low), str(second.volume), first.volume) == ("1.10", "0.1", 0)
    assert server.paths == [
        "/api/v3/brokerage/market/products/BTC-USD/candles?start=60&end=120&granularity=ONE_MINUTE&limit=350"
    ]


def test_a_page_with_a_row_that_cannot_be_read_is_not_half_a_page(server, market):
    server.answers = [(200, '{"candles": [{"start": "60"}]}', {})]
    with pytest.raises(Unavailable, match="1 rows of Coinbase's answer cannot be read"):
        market.candles("BTC-USD", 60_000, 60_000, 120_000)
    assert len(server.paths) == ATTEMPTS


@pytest.mark.parametrize("body", ["{}", '{"candles": null}', '{"error": "UNKNOWN"}'])
def test_a_page_without_rows_is_no_silence(server, market, body):
    server.answers = [(200, body, {}), (200, '{"candles": []}', {})]
    assert market.candles("BTC-USD", 60_000, 60_000, 120_000) == []
    assert len(server.paths) == 2


def test_a_trade_page_is_read_whole(server, market):
    row = '{"trade_id": "1", "price": "2", "size": "3", "time": "2024-01-01T00:00:00Z"}'
    server.answers = [(200, f'{{"trades": [{row}, 5]}}', {}), (200, f'{{"trades": [{row}]}}', {})]
    (trade,) = market.trades("BTC-USD", 0, 60_000, 1000)
    assert (trade.trade_id, trade.maker_side) == ("1", "")


def test_a_body_is_bounded_in_size(server, market):
    server.answers = [(200, '{"epochMillis": "' + "1" * MAX_BODY_BYTES, {}), TIME]
    assert market.now_ms() == 1790216929123


def test_a_proxy_is_not_asked_for_this_machine(server, market, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert market.now_ms() == 1790216929123


def test_all_pages_of_products(server, market):
    page = ",".join(f'{{"product_id": "A{i}-USD"}}' for i in range(249)) + ", 5"
    server.answers = [
        (200, f'{{"products": [{page}]}}', {}),
        (200, '{"products": [{"product_id": "B-USD", "is_disabled": true, "price": ""}]}', {}),
    ]
    found = market.products()
    assert len(found) == 250
    assert (found[-1].flags, found[-1].price) == (("is_disabled",), None)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"epochMillis": ""}',
        '{"epochMillis": "0"}',
        '{"epochMillis": "-1790216929123"}',
        '{"epochMillis": "1790216929"}',
        '{"epochMillis": "1e30"}',
        '{"epochMillis": "1790216929123", "epochSeconds": "1790216329"}',
    ],
)
def test_no_time_is_no_time(server, market, body):
    server.answers = [(200, body, {})]
    with pytest.raises(Unavailable, match="what time"):
        market.now_ms()


def test_nothing_about_a_product(server, market):
    server.answers = [(200, "{}", {})]
    with pytest.raises(DataError, match="nothing of X-USD"):
        market.product("X-USD")
