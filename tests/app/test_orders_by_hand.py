"""Orders by hand: what a hand may not touch is a mistake of the command, no verdict on an order."""

import pytest

from gpt_trader.app.hand import Hand
from gpt_trader.app.orders import cancel, edit
from gpt_trader.domain.order import OrderStatus
from gpt_trader.errors import UsageError
from tests.engine_helpers import sent
from tests.exchange_desk import Protected


def never(request):
    raise AssertionError(f"{request} is asked of nobody")


def refused(desk, key, words):
    hand = Hand(desk.plan, desk.state, desk.now(), 0, lambda: "1", never)
    for dry_run in (False, True):
        with pytest.raises(UsageError, match=words):
            cancel(hand, key, dry_run=dry_run)
        with pytest.raises(UsageError, match=words):
            edit(hand, key, size="1", price=None, dry_run=dry_run)


def test_a_hand_cancels_and_changes_only_what_it_placed():
    desk = Protected()
    desk.open()
    refused(desk, desk.resting.client_order_id, "rests for a position: only what was placed")
    refused(desk, desk.entry.client_order_id, "has ended: FILLED")
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [exit_order] = sent(desk.told(stop, OrderStatus.CANCELLED))
    refused(desk, exit_order.client_order_id, "is the bot's: only what was placed")
