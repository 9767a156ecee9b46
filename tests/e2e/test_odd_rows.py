# ruff: noqa: F811 - a fixture that is imported
"""Rows that contradict themselves: what was filled is booked from its fills, and protected."""

import time
from decimal import Decimal

import pytest

from gpt_trader.cli.main import main
from gpt_trader.runtime.live import feed
from tests.e2e.test_delisted import data
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.e2e.test_modes import PROFILE, RUN
from tests.emulator import rest_private

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

NO_VALUE = {"filled_value": "0"}
BOOLEANS = {"filled_size": True, "filled_value": True, "total_fees": False}
NO_PRICE = NO_VALUE | {"average_filled_price": ""}


def spoil(monkeypatch, change, *, fills=True):
    """Let every row of an order with fills be told with a change."""
    plain, fill = rest_private.order_row, rest_private.fill_row
    monkeypatch.setattr(
        rest_private, "order_row", lambda order: plain(order) | (change if order.filled else {})
    )
    if not fills:
        monkeypatch.setattr(rest_private, "fill_row", lambda one: fill(one) | {"size": True})


@pytest.mark.parametrize(
    "change, fills", [(NO_VALUE, True), (BOOLEANS, True), (NO_VALUE, False), (NO_PRICE, False)]
)
def test_a_single_cycle_protects_what_a_row_does_not_price(
    change, fills, account, capsys, monkeypatch
):
    spoil(monkeypatch, change, fills=fills)
    for name in ("AGAIN_S", "PROOF_S"):
        monkeypatch.setattr(feed, name, 900.0)
    begun = time.monotonic()
    assert main(RUN) == 0, capsys.readouterr().err
    assert time.monotonic() - begun < 300, "nothing is waited for"
    books = account.books
    [entry, stop] = books.orders.values()
    assert (stop.side, stop.status, stop.size) == ("SELL", "OPEN", entry.filled)
    capsys.readouterr()
    _, status = data(capsys, "status", *PROFILE)
    [held] = status["positions"]
    price = entry.value / entry.filled
    assert abs(Decimal(held["average_price"]) / price - 1) < Decimal("0.02")
    assert data(capsys, "account", "reconcile", *PROFILE)[0] == 0
    assert Decimal(status["cash"]) <= Decimal(50) - entry.value - entry.fees + Decimal("0.00000001")
