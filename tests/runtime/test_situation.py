"""What `status` shows of a session at an exchange: what waits, what is stuck, and since when."""

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.runtime.session import view
from gpt_trader.runtime.situation import situation
from tests.engine_helpers import sent
from tests.exchange_desk import Protected
from tests.session_helpers import call


@pytest.fixture
def shown(tmp_path, capsys):
    """Show a desk's state as that of a session, at a time of this machine's clock."""
    call(capsys, "-q", "run", "-p", "dev", "--cycles", 1, "--state-dir", tmp_path)
    folder = tmp_path / "dev"

    def show(desk, after_ms=0):
        with view(folder) as (header, _, journal):
            clock_ms = desk.now() + after_ms
            return situation(folder, header, desk.plan, journal, desk.state, clock_ms)

    return show


def test_a_wait_is_shown_with_what_it_waits_for(shown):
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = shown(desk, 3_000)["waiting_orders"]
    assert (waits["status"], waits["age_s"]) == ("WAITING", 3.0)
    assert waits["waits_for"] == [stop.client_order_id]


@pytest.mark.parametrize("after_ms, age_s", [(90_000, 90.0), (0, 0.0), (-1_000, None)])
def test_the_age_of_an_unknown_order_is_never_silently_0(shown, after_ms, age_s):
    desk = Protected()
    desk.told(desk.resting, OrderStatus.SUBMIT_UNKNOWN)
    [unknown] = shown(desk, after_ms)["unknown_orders"]
    assert unknown["age_s"] == age_s


def test_a_position_that_cannot_be_left_says_why_and_since_when(shown):
    desk = Protected(rests=False)
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    since_ms = desk.now()
    desk.told(exit_order, OrderStatus.REJECTED, "INSUFFICIENT_FUND: not enough")
    [position] = shown(desk)["positions"]
    assert position["cannot_leave"] is None
    [again] = sent(desk.wake(5_000))
    desk.told(again, OrderStatus.REJECTED, "INSUFFICIENT_FUND: not enough")
    [position] = shown(desk)["positions"]
    stuck = position["cannot_leave"]
    assert (stuck["reason"], stuck["tries"]) == ("INSUFFICIENT_FUND: not enough", 2)
    assert stuck["since"].endswith("Z")
    assert desk.state.leaving[0].refused_ms == since_ms


def test_a_position_without_a_stop_says_since_when(shown):
    desk = Protected()
    [position] = shown(desk, 7_000)["positions"]
    assert position["stopless_since"]["age_s"] == position["bare_since"]["age_s"] == 7.0
    desk.open()
    [position] = shown(desk)["positions"]
    assert position["stopless_since"] is position["bare_since"] is None
