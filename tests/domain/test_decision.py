"""What a decision comes to, told as an action."""

import pytest

from gpt_trader.domain.decision import Decision, Reason, Told
from gpt_trader.kernel.codes import ACT_ENTER, ACT_EXIT, HOLD_FLAT, REFUSED_CASH


@pytest.mark.parametrize(
    "code, side, action, name",
    [(HOLD_FLAT, 0, "hold", "TARGET_FLAT"), (ACT_ENTER, 1, "buy", "ENTER"),
     (ACT_EXIT, -1, "sell", "EXIT"), (REFUSED_CASH, 0, "blocked", "OF_ITS_GUARD")],
)  # fmt: skip
def test_a_decisions_action_and_name(code, side, action, name):
    told = Told((Reason("OF_ITS_GUARD", "no cash"),), ())
    decision = Decision("COIN-USD", 0, 1, code, side, 0.0, 0, told)
    assert (decision.action, decision.name) == (action, name)
