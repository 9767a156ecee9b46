# ruff: noqa: F811 - a fixture that is imported
"""What is said of an order by hand that goes to an exchange."""

from gpt_trader.cli.main import main
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST
from tests.emulator.faults import Fault


def said(capsys, *words):
    assert main([*REST, *words]) == 0
    return capsys.readouterr().out


def test_a_market_order_is_filled_and_a_limit_rests(exchange, capsys):
    assert call(capsys, *HOLD)[0] == 0
    out = said(capsys, "--value", "5")
    assert ": FILLED\n" in out
    assert "rests" not in out
    bid = exchange.books.touch["BTC-USD"][0]
    limit = format(bid * 9 // 10, "f") + ".00"
    assert ": OPEN, it rests\n" in said(
        capsys, "--size", "0.0001", "--type", "limit", "--price", limit
    )


def test_an_order_that_nobody_knows_of_exits_5(exchange, capsys):
    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(Fault("/orders", method="POST", cut="before", refuses=True, times=None))
    code, found = call(capsys, *REST, "--value", "5")
    assert (code, found["error"]["code"]) == (5, "UNKNOWN_OUTCOME")
    assert found["data"]["order"]["status"] == "SUBMIT_UNKNOWN"
    assert found["data"]["order"]["client_order_id"][:8] in found["error"]["message"]
