"""Order statuses over a life."""

from itertools import product

import pytest

from gpt_trader.domain.order import OrderStatus, cancelling, next_status

FINAL = {"FILLED", "CANCELLED", "EXPIRED", "REJECTED"}


def test_four_statuses_are_final():
    assert {status for status in OrderStatus if status.is_final} == FINAL


@pytest.mark.parametrize("known, reported", list(product(OrderStatus, repeat=2)))
def test_a_life_never_runs_back(known, reported):
    after = next_status(known, reported)
    assert after in (known, reported)
    if known.is_final:
        assert after is known
    elif reported.is_final:
        assert after is reported
    assert next_status(after, known) is after
    assert next_status(after, reported) is after


def test_what_may_not_exist_is_not_being_cancelled():
    assert cancelling(OrderStatus.SUBMIT_UNKNOWN) is OrderStatus.SUBMIT_UNKNOWN
    assert cancelling(OrderStatus.OPEN) is OrderStatus.PENDING_CANCEL
    assert cancelling(OrderStatus.FILLED) is OrderStatus.FILLED
