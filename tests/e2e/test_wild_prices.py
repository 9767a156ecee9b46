# ruff: noqa: F811 - a fixture that is imported
"""A candle or a book that is off by a factor of a thousand decides nothing; a true crash does."""

from decimal import Decimal

import pytest

from gpt_trader.cli.main import main
from tests.e2e.test_delisted import data
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.e2e.test_modes import PROFILE, RUN, books  # noqa: F401 - a fixture
from tests.emulator.rest import Answer
from tests.emulator.server import Exchange
from tests.live_helpers import HOUR

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have
PRICES = ("open", "high", "low", "close")


def scale_candles(monkeypatch, factor, names=PRICES):
    plain = Exchange._candles

    def scaled(self, product, query):
        answer = plain(self, product, query)
        rows = [dict(row) for row in answer.document["candles"]]
        rows[0] |= {name: format(Decimal(rows[0][name]) * Decimal(factor), ".2f") for name in names}
        return Answer(200, {"candles": rows})

    monkeypatch.setattr(Exchange, "_candles", scaled)


def scale_book(monkeypatch, factor):
    plain = Exchange._book

    def scaled(self, product_id):
        answer = plain(self, product_id)
        book = dict(answer.document["pricebook"])
        for side, off in (("bids", "0.999"), ("asks", "1.001")):
            [best] = book[side]
            price = Decimal(best["price"]) * Decimal(factor) * Decimal(off)
            book[side] = [best | {"price": format(price, ".2f")}]
        return Answer(200, answer.document | {"pricebook": book})

    monkeypatch.setattr(Exchange, "_book", scaled)


@pytest.mark.parametrize("factor", ["1000", "0.001"])
@pytest.mark.parametrize("scale, code", [(scale_candles, 5), (scale_book, 0)])
def test_what_one_source_says_decides_nothing(
    scale, code, factor, books, account, capsys, monkeypatch
):
    cycles = data(capsys, "status", *PROFILE)[1]["cycles"]
    orders = len(books.orders)
    account.advance(account.now_ms + HOUR)
    scale(monkeypatch, factor)
    assert main(RUN) == code
    said = capsys.readouterr().err
    assert "polls failed" not in said
    assert len(books.orders) == orders
    assert books.resting_stop.status == "OPEN"
    status = data(capsys, "status", *PROFILE)[1]
    assert status["cycles"] == cycles + (code == 0)
    assert abs(Decimal(status["equity"]) - 50) < 5
    assert set(status["doubted"]) == {"BTC-USD"}
    monkeypatch.undo()


def test_a_far_wick_decides_nothing_and_why_and_status_say_so(books, account, capsys, monkeypatch):
    orders = len(books.orders)
    before = data(capsys, "why", "BTC-USD", *PROFILE)[1]["decisions"][0]["bar_time"]
    account.advance(account.now_ms + HOUR)
    with monkeypatch.context() as wild:
        scale_candles(wild, "0.1", ["low"])
        assert main(RUN) == 5
    capsys.readouterr()
    assert len(books.orders) == orders
    assert books.resting_stop.status == "OPEN"
    said = data(capsys, "status", *PROFILE)[1]["doubted"]["BTC-USD"]
    assert "nobody else says so" in said
    at = before.replace(before[11:13], f"{int(before[11:13]) + 1:02}")
    assert main(["why", "BTC-USD", *PROFILE, "--at", at]) == 2
    assert f"decided nothing: {said}" in capsys.readouterr().err
    assert main(["why", "BTC-USD", *PROFILE]) == 0
    assert "is in doubt" in capsys.readouterr().err
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 0
    capsys.readouterr()
    assert data(capsys, "status", *PROFILE)[1]["doubted"] == {}


def test_a_true_crash_is_decided_on(books, account, capsys, monkeypatch):
    cycles = data(capsys, "status", *PROFILE)[1]["cycles"]
    account.advance(account.now_ms + HOUR)
    scale_candles(monkeypatch, "0.6")
    scale_book(monkeypatch, "0.6")
    main(RUN)
    capsys.readouterr()
    assert data(capsys, "status", *PROFILE)[1]["cycles"] == cycles + 1
