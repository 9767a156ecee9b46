"""`account settle`: the way out of a position below zero, against the stand-in."""

from decimal import Decimal

import pytest

from gpt_trader.app.operate import open_session
from gpt_trader.cli.main import main
from gpt_trader.domain.order import Fill
from gpt_trader.engine.events import FillReceived
from gpt_trader.runtime.session import nothing
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST

SETTLE = ["account", "settle", "BTC-USD", "-p", "canary", "--by", "ann", "--reason", "odd fills"]


def test_nothing_to_settle(exchange, capsys):  # noqa: F811
    assert main(HOLD) == 0
    capsys.readouterr()
    code, found = call(capsys, *SETTLE, "--yes")
    assert (code, "nothing to settle" in found["error"]["message"]) == (2, True)


@pytest.fixture
def oversold(exchange, capsys):  # noqa: F811
    """An exchange that sold twice what was bought, and told so."""
    assert main(HOLD) == 0
    assert main([*REST, "--value", "10"]) == 0
    bought = exchange.books.totals["BTC"] - Decimal("0.5")
    sell = ["sell" if one == "buy" else one for one in REST]
    assert main([*sell, "--size", format(bought, "f")]) == 0
    worth = exchange.books.fills[-1].price * bought
    exchange.books.transfer("BTC", -bought)
    exchange.books.transfer("USD", worth)
    with open_session("canary", None, nothing, reduces=True) as session:
        sale = list(session.state.orders.values())[-1]
        twice = format(Decimal(sale.filled_value) + worth, "f")
        session.take(FillReceived(session.time_ms(), _fill(sale, twice)), nothing)
        assert session.state.frozen[0]
        assert session.state.slots["lots"][0] < 0
    capsys.readouterr()
    return exchange


def _fill(sale, value):
    return Fill(
        sale.client_order_id, "BTC-USD", -1, sale.filled, 1, 0, 1, sale.intent.reason,
        2 * sale.filled, 0, 0, value, sale.filled_fees,
    )  # fmt: skip


def test_what_was_oversold_is_written_off_once_somebody_says_so(oversold, capsys):
    before = call(capsys, "status", "-p", "canary")[1]["data"]
    assert main(SETTLE) == 2, "nobody can type here"
    said = capsys.readouterr()
    assert "sold beyond what was bought" in said.out
    orders = len(oversold.books.orders)
    code, found = call(capsys, *SETTLE, "--yes")
    assert code == 0, found
    after = call(capsys, "status", "-p", "canary")[1]["data"]
    assert list(before["frozen"]) == ["BTC-USD"]
    assert (after["frozen"], after["positions"]) == ({}, [])
    value = Decimal(str(found["data"]["value"]))
    assert abs(Decimal(before["cash"]) - Decimal(after["cash"]) - value) < Decimal("0.00000002")
    assert len(oversold.books.orders) == orders, "nothing was bought"
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 0
    assert call(capsys, *SETTLE, "--yes")[0] == 2
    assert main([*REST, "--value", "5"]) == 0, "it takes entries again"
    assert call(capsys, "journal", "verify", "-p", "canary")[0] == 0


def test_a_single_cycle_says_what_a_person_has_to_do(oversold, capsys):
    assert main(HOLD) == 6
    said = capsys.readouterr().err
    assert "more of BTC-USD was sold than was bought: see gpt-trader account settle BTC-USD" in said
    orders = len(oversold.books.orders)
    assert main(HOLD) == 6
    assert len(oversold.books.orders) == orders
    assert call(capsys, *SETTLE, "--yes")[0] == 0
    assert main(HOLD) == 0


def test_it_is_not_settled_while_the_account_differs(oversold, capsys):
    oversold.books.transfer("BTC", "0.1")
    code, found = call(capsys, *SETTLE, "--yes")
    assert (code, found["error"]["code"]) == (6, "HALTED")
