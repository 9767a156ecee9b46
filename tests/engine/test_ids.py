"""Order ids and logs are the same in every process."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from gpt_trader.domain.order_ids import BARE, MARKED, client_order_id, is_ours, order_id
from gpt_trader.engine.recover import recover
from gpt_trader.engine.written import tagged_text, tagged_texts
from tests.engine_helpers import COIN, GOLD, T0, Desk, sent
from tests.order_ids_helpers import without_marks

SCRIPT = "from tests.engine.test_ids import digest; print(digest())"


def story(bars: int = 30, marked_from: int = 0) -> Desk:
    """Trade; marked_from: the bar from which new ids are marked, before it they are bare."""
    desk = Desk(COIN, GOLD, style="maker_first")
    for i in range(bars):
        desk.plan = replace(desk.plan, id_form=MARKED if i >= marked_from else BARE)
        price = 10_000 + (i * 7919) % 400
        desk.want(0.2 if i % 7 < 4 else 0.0, i % 2, stop=0.01)
        desk.bar(price, high=price + 90, low=price - 90, j=0)
        desk.bar(price, high=price + 90, low=price - 90, j=1)
        if i == 5:
            desk.place(1, lots=3)
    return desk


def log(desk: Desk) -> list[str]:
    """The whole log: events, records and commands."""
    return [
        tagged_text(e.event) + tagged_texts(e.records) + tagged_texts(e.commands)
        for e in desk.entries
    ]


def digest() -> str:
    """Hash of the whole log."""
    return hashlib.sha256("".join(log(story())).encode()).hexdigest()


def test_lesson_15_ids_name_their_cause_and_nothing_else():
    first = client_order_id("p", "BTC-USD", "1h", T0, 0)
    assert first == "cb355794-11a4-8fd1-9de7-dcb329e06c5f"
    assert first == client_order_id("p", "BTC-USD", "1h", T0, 0)
    others = [
        client_order_id("q", "BTC-USD", "1h", T0, 0),
        client_order_id("p", "ETH-USD", "1h", T0, 0),
        client_order_id("p", "BTC-USD", "4h", T0, 0),
        client_order_id("p", "BTC-USD", "1h", T0 + 1, 0),
        client_order_id("p", "BTC-USD", "1h", T0, 1),
        order_id("p", "BTC-USD", "operator:1", 0),
    ]
    assert len({first, *others}) == 7


def test_lesson_15_the_log_is_the_same_under_any_hash_seed():
    here = digest()
    for seed in ("1", "4242"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        found = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == here


def test_a_prefix_yields_the_same_ids():
    whole, part = sent(story().entries), sent(story(17).entries)
    assert 0 < len(part) < len(whole)
    assert [o.client_order_id for o in part] == [o.client_order_id for o in whole[: len(part)]]
    assert len({o.client_order_id for o in whole}) == len(whole)


@pytest.mark.parametrize("marked_from", [*range(1, 15), 31])
def test_orders_keep_their_ids_where_later_ones_are_marked(marked_from):
    desk = story(marked_from=marked_from)
    assert [without_marks(text) for text in log(desk)] == [
        without_marks(text) for text in log(story())
    ]
    marks = [is_ours(order.client_order_id, desk.plan.portfolio) for order in sent(desk.entries)]
    assert marks == sorted(marks)
    assert any(marks) == (marked_from < 31)


def test_a_command_that_was_carried_out_is_not_again_under_a_marked_id():
    desk = Desk()
    desk.plan = replace(desk.plan, id_form=BARE)
    desk.bar(10_000)
    [placed, *_] = desk.place(1, lots=3)
    desk.plan = replace(desk.plan, id_form=MARKED)
    again = desk.send(placed.event)
    assert again[0].records[0].reason.code == "DUPLICATE"


def test_recovery_is_a_fold():
    desk = story()
    half = len(desk.entries) // 2
    middle = recover(desk.plan, desk.start, desk.entries[:half])
    end = recover(desk.plan, middle, desk.entries[half:])
    assert (end.cash, end.orders, end.marks) == (
        desk.state.cash, desk.state.orders, desk.state.marks,
    )  # fmt: skip
    assert repr(end.slots.tolist()) == repr(desk.state.slots.tolist())
