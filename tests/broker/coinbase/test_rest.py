"""The reader of Coinbase's REST API, over real HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gpt_trader.broker.coinbase.pace import Pace
from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import ATTEMPTS, Rest
from gpt_trader.errors import AuthError, DataError, RateLimited, Unavailable

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
        if status == 0:  # a cut connection
            self.close_connection = True
            return
        self.send_response(status)
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
        (200, '{"epoch', {"content-length": "400"}),
        (0, "", {}),
        (429, '{"errors": [{"id": "rate_limit_exceeded"}]}', {}),
    ],
)
def test_what_may_pass_is_asked_again(server, market, slept, fault):
    server.answers = [fault, fault, TIME]
    if fault[2].get("content-length") == "400":
        server.answers = [(0, "", {}), TIME]
    assert market.now_ms() == 1790216929123
    assert len(server.paths) == (2 if fault[2].get("content-length") == "400" else 3)
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


@pytest.mark.parametrize(
    "status, body, kind, words",
    [
        (404, '{"message": "Product X not supported"}', DataError, "404 Product X not supported"),
        (400, '{"error_details": "too\\nmany\\u001b[31m"}', DataError, "400 too many"),
        (401, "Unauthorized\n", AuthError, "401 Unauthorized"),
        (403, '{"error_details": "Missing required scopes"}', AuthError, "Missing required scopes"),
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
        rest.get("/time")


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
    with pytest.raises(Unavailable, match="1 candles of BTC-USD cannot be read"):
        market.candles("BTC-USD", 60_000, 60_000, 120_000)


def test_all_pages_of_products(server, market):
    page = ",".join(f'{{"product_id": "A{i}-USD"}}' for i in range(250))
    server.answers = [
        (200, f'{{"products": [{page}]}}', {}),
        (200, '{"products": [{"product_id": "B-USD", "is_disabled": true, "price": ""}]}', {}),
    ]
    found = market.products()
    assert len(found) == 251
    assert (found[-1].flags, found[-1].price) == (("is_disabled",), None)


@pytest.mark.parametrize("body", ["{}", '{"epochMillis": ""}'])
def test_no_time_is_no_time(server, market, body):
    server.answers = [(200, body, {})]
    with pytest.raises(Unavailable, match="what time"):
        market.now_ms()


def test_nothing_about_a_product(server, market):
    server.answers = [(200, "{}", {})]
    with pytest.raises(DataError, match="nothing of X-USD"):
        market.product("X-USD")
