"""A command goes on for as long as it has, by the clock that nobody sets."""

import pytest

from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.runtime.live.carry_on import TURN_S, carry_on
from gpt_trader.runtime.live.upkeep import Upkeep
from tests.engine_helpers import Desk


class Waits:
    """A clock that only waiting moves, each wait by so many seconds."""

    def __init__(self, takes_s):
        self.takes_s, self.now_s, self.count = takes_s, 100.0, 0

    def wait(self, seconds):
        assert seconds == TURN_S
        self.count += 1
        self.now_s += self.takes_s


@pytest.mark.parametrize(
    "takes_s, waits",
    [(5.0, 3), (TURN_S / 10, 3_000)],
    ids=["each takes long", "answers come at once"],
)
def test_it_ends_after_its_seconds_whatever_a_turn_takes(takes_s, waits):
    desk, clock = Desk(), Waits(takes_s)
    upkeep = Upkeep(desk.plan, lambda: desk.state, ObserveBroker(), (), None, None, lambda: 0)
    done = carry_on(
        None,
        upkeep,
        lambda: False,
        longest_s=15.0,
        wait=clock.wait,
        monotonic_s=lambda: clock.now_s,
    )
    assert not done
    assert clock.count == pytest.approx(waits, abs=1)


def test_it_ends_once_it_is_so():
    desk, clock = Desk(), Waits(1.0)
    upkeep = Upkeep(desk.plan, lambda: desk.state, ObserveBroker(), (), None, None, lambda: 0)
    assert carry_on(
        None,
        upkeep,
        lambda: clock.count == 2,
        longest_s=15.0,
        wait=clock.wait,
        monotonic_s=lambda: clock.now_s,
    )
