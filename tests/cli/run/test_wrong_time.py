# ruff: noqa: F811 - a fixture that is imported
"""An exchange that tells a wrong time refuses every token: that says nothing of the key."""

import pytest

from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import resting
from tests.emulator.faults import Fault

TEN_MINUTES_MS = 600_000
COMMANDS = {
    "run": HOLD,
    "pause": ["pause", "-p", "canary"],
    "account": ["account", "permissions", "-p", "canary"],
}


def wrong_time(off_ms, **more):
    def change(told):
        now_ms = int(told["epochMillis"]) + off_ms
        return {"epochMillis": str(now_ms), "epochSeconds": str(now_ms // 1000)}

    return Fault("/time", changes=change, **more)


@pytest.mark.parametrize("off_ms", [-TEN_MINUTES_MS, TEN_MINUTES_MS], ids=["behind", "ahead"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_time_is_no_wrong_key(exchange, capsys, command, off_ms):
    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(wrong_time(off_ms, times=None))
    code, found = call(capsys, *COMMANDS[command])
    assert (code, found["error"]["code"]) == (5, "UNAVAILABLE"), "it is tried again"
    assert "two times, 600 s apart" in found["error"]["message"]
    exchange.faults.heal()
    assert call(capsys, *COMMANDS[command])[0] == 0


@pytest.mark.parametrize("off_ms", [-TEN_MINUTES_MS, TEN_MINUTES_MS], ids=["behind", "ahead"])
def test_one_wrong_answer_keeps_nobody_from_starting(exchange, capsys, off_ms):
    exchange.faults.add(wrong_time(off_ms))
    assert call(capsys, *HOLD)[0] == 0


def test_a_kill_at_a_wrong_time_is_latched_and_not_called_a_wrong_key(exchange, capsys):
    order = resting(exchange, capsys)
    exchange.faults.add(wrong_time(TEN_MINUTES_MS, times=None))
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["latched"], order.status) == (5, True, "OPEN")
    exchange.faults.heal()
    assert call(capsys, "kill", "-p", "canary")[0] == 0


@pytest.mark.parametrize("off_ms", [None, TEN_MINUTES_MS], ids=["right", "wrong"])
def test_a_key_that_is_refused_where_no_book_tells_a_time_is_a_wrong_key(exchange, capsys, off_ms):
    exchange.faults.add(Fault("/key_permissions", status=401, body="Unauthorized", times=None))
    if off_ms is not None:
        exchange.faults.add(wrong_time(off_ms, times=None))
        exchange.faults.add(Fault("/product_book", status=404, body="{}", times=None))
    code, found = call(capsys, *HOLD)
    assert (code, found["error"]["code"]) == (4, "AUTH")
