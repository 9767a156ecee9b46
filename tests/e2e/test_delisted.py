"""One of two products that are held is delisted: it is stranded, and the other one goes on."""

import json

import pytest

from gpt_trader.cli.main import main
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.emulator.faults import html
from tests.flip import FLIP
from tests.live_helpers import HOUR

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

PROFILE = ["--profile", "canary"]
RUN = ["run", *PROFILE, "--live", "--once", "--interval", "1h", "--strategy", FLIP]
RUN += ["--set", "params.bars=64", "--set", "params.stop=0.05"]
RUN += ["--set", "order_style.entry.style=taker", "--set", "products=BTC-USD,ETH-USD"]


def data(capsys, *words):
    """Return a command's exit code and its data."""
    code = main([*words, "--json"])
    out, _ = capsys.readouterr()
    return code, json.loads(out.splitlines()[-1])["data"]


def held(status):
    return {one["product"]: one["size"] for one in status["positions"]}


def test_a_session_goes_on_with_the_product_that_is_left(account, capsys):  # noqa: F811
    assert main(RUN) == 0
    _, before = data(capsys, "status", *PROFILE)
    assert set(held(before)) == {"BTC-USD", "ETH-USD"}
    assert before["closed"] == {}

    account.delisted.add("ETH-USD")
    account.advance(account.now_ms + 2 * HOUR)
    orders = len(account.books.orders)
    for _ in range(2):
        capsys.readouterr()
        assert main(RUN) == 0
        assert "ETH-USD takes no orders now: not listed any more" in capsys.readouterr().err
        account.advance(account.now_ms + HOUR)
    _, status = data(capsys, "status", *PROFILE)
    assert list(status["closed"]) == ["ETH-USD"]
    assert held(status)["ETH-USD"] == held(before)["ETH-USD"]
    assert status["cycles"] == before["cycles"] + 2, "the other is decided"
    assert status["reconciled"] is not None
    new = list(account.books.orders.values())[orders:]
    assert "ETH-USD" not in {order.product_id for order in new}

    code, told = data(capsys, "account", "limits", *PROFILE)
    assert code == 0
    assert [bool(one["closed"]) for one in told["products"]] == [False, True]
    code, told = data(capsys, "account", "balances", *PROFILE)
    assert code == 0
    worth = {one["currency"]: one["worth"] for one in told["balances"]}
    assert worth["BTC"] is not None
    assert worth["ETH"] is None
    main(["doctor", *PROFILE, "--json"])
    checks = json.loads(capsys.readouterr().out.splitlines()[-1])["data"]["checks"]
    states = {one["name"]: one["state"] for one in checks}
    assert (states["product BTC-USD"], states["fee tier"]) == ("ok", "ok")
    assert states["product ETH-USD"] == "fail"

    account.delisted.clear()
    assert main(RUN) == 0
    _, status = data(capsys, "status", *PROFILE)
    assert status["closed"] == {}


def test_a_question_about_one_product_that_finds_no_answer_ends_no_session(account, capsys):  # noqa: F811
    assert main(RUN) == 0
    account.advance(account.now_ms + 2 * HOUR)
    for path in ("/market/products/ETH-USD", "product_ids=ETH-USD", "product_id=ETH-USD"):
        account.faults.add(html(503, path=path, times=None))
    capsys.readouterr()
    assert main(RUN) == 5
    out, said = capsys.readouterr()
    assert "1 cycles" in out, "the other product is decided"
    assert "says nothing of ETH-USD now" in said
    assert "nobody told what closed of ETH-USD" in said
    account.faults.heal()
    assert main(RUN) == 0


def test_a_new_session_does_not_begin_with_a_product_that_is_not_listed(account, capsys):  # noqa: F811
    account.delisted.add("ETH-USD")
    assert main(RUN) == 7
    assert "ETH-USD" in capsys.readouterr().err
