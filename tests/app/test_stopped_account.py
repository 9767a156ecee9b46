# ruff: noqa: F811 - a fixture that is imported
"""A stopped session's account, for one command: asked for what the journal lacks, or not used."""

import os
import threading

import pytest

from gpt_trader.app.kill import KillRequest, kill
from gpt_trader.app.operate import open_session
from gpt_trader.journal.root import state_root
from gpt_trader.runtime.halt import HALT
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST
from tests.emulator.faults import Fault
from tests.live_helpers import until

HISTORY = "/orders/historical/batch"
ATTEMPTS = 3


def no_history(times=ATTEMPTS):
    """Answer no question about past orders, so often that it is given up once."""
    return Fault(HISTORY, status=502, refuses=True, times=times)


def carriers():
    """Return the threads that carry requests."""
    names = ("sender-", "account-", "market-")
    return {one for one in threading.enumerate() if one.name.startswith(names)}


def begun(capsys):
    assert call(capsys, *HOLD)[0] == 0


def test_nothing_is_entered_where_the_account_does_not_tell_its_history(exchange, capsys):
    begun(capsys)
    exchange.faults.add(no_history())
    code, found = call(capsys, *REST, "--value", "10")
    assert (code, found["error"]["code"]) == (5, "UNAVAILABLE")
    assert exchange.books.orders == {}
    assert call(capsys, *REST, "--value", "10")[0] == 0


def test_what_ends_risk_goes_on_and_says_what_nobody_knows(exchange, capsys):
    begun(capsys)
    exchange.faults.add(no_history(times=None))
    said = []
    with open_session("canary", None, said.append, reduces=True) as session:
        assert not session.is_whole
        assert [one for one in said if "nobody knows of orders that the journal lacks" in one]
        exchange.books.transfer("USD", "25")
        reconciled_ms = session.state.reconciled_ms
        assert session.settle(None, 1.0, lambda *_: None)
        assert session.state.reconciled_ms == reconciled_ms, "nothing is held against the account"
    exchange.faults.heal()
    with open_session("canary", None, said.append, reduces=True) as session:
        assert session.is_whole


@pytest.mark.parametrize("flatten", [False, True])
def test_a_kill_is_not_done_where_the_account_does_not_tell_its_history(exchange, capsys, flatten):
    begun(capsys)
    exchange.faults.add(no_history())
    asked = KillRequest("ann", "odd", flatten)
    killed = kill(asked, profile="canary", state_dir=None)
    assert (killed.cancelled_by, killed.left.entries) == ("this command", [])
    assert (killed.is_done, killed.latched) == (False, True)
    assert any("the journal lacks" in one for one in killed.warnings)
    assert (state_root(None, os.environ) / "canary" / HALT).exists()
    assert kill(asked, profile="canary", state_dir=None).is_done


def test_no_answer_holds_a_command_for_longer_than_it_has(exchange, capsys):
    """Requests are carried beside it: what is not answered is left as it is known."""
    begun(capsys)
    before = carriers()
    with open_session("canary", None, lambda _: None, reduces=True) as session:
        exchange.faults.add(Fault("/accounts", delay_s=1.0))
        assert not session.settle(lambda _: False, 0.2, lambda *_: None)
        ours = carriers() - before
        assert ours
    exchange.faults.heal()
    until(lambda: not carriers() & ours)
