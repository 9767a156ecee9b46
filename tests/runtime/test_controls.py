"""What people say to a running bot: taken once, in order, and never against a newer word."""

import pytest

from gpt_trader.config.load import load_profile
from gpt_trader.engine.events import Rearmed
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.halt import Halt
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import start
from gpt_trader.runtime.wiring import wire

KILL = Halt("ann", "too fast")
REARM = Rearmed(0, "bob", "looked")


@pytest.fixture
def session(tmp_path):
    wired = wire(load_profile("dev", env={}, flags={"synthetic.bars": 180}).settings, None)
    with start(wired, tmp_path, lambda _: False) as session:
        yield session


def hear(session, before=lambda _: None):
    """Take what was said, as a bot does; before: happens once each was read."""
    controls = Controls(
        session.latch,
        Inbox(session.latch.folder),
        lambda: session.state,
        session.said_ms,
        lambda: 0,
    )
    for event in controls.events():
        before(event)
        session.take(event, controls.watch)


@pytest.mark.parametrize("flatten", [False, True])
def test_a_kill_after_a_rearm_was_asked_for_stands_and_the_rearm_does_nothing(session, flatten):
    inbox = Inbox(session.latch.folder)
    session.latch.set(KILL, 1.0)
    hear(session)
    name = inbox.put(REARM._replace(latch=session.latch.mark()))
    session.latch.set(Halt("cyd", "not yet", flatten=flatten), 1.0)
    heard = []
    hear(session, heard.append)
    assert not any(isinstance(event, Rearmed) for event in heard)
    [answer] = inbox.answers(name, 1.0)
    assert answer["refused"] == "a newer kill stands: look again before you rearm"
    assert (answer["reason"]["code"], answer["halted"]) == ("LATCHED", True)
    assert answer["flattening"] is flatten
    assert session.state.halted
    assert session.latch.read().by == "cyd"


@pytest.mark.parametrize("flatten", [False, True])
def test_a_kill_while_a_rearm_is_taken_halts_again(session, flatten):
    inbox = Inbox(session.latch.folder)
    session.latch.set(KILL, 1.0)
    hear(session)
    name = inbox.put(REARM._replace(latch=session.latch.mark()))

    def kill(event):
        if isinstance(event, Rearmed):  # before it is taken
            assert not session.latch.set(Halt("cyd", "not yet", flatten=flatten), 0.0)

    hear(session, kill)
    [answer] = inbox.answers(name, 1.0)
    assert (answer["refused"], answer["halted"]) == (None, True)
    assert answer["flattening"] is flatten
    assert (session.state.halted, session.state.switched_by) == (True, "cyd")


def test_a_rearm_after_a_kill_clears_it(session):
    inbox = Inbox(session.latch.folder)
    session.latch.set(KILL, 1.0)
    name = inbox.put(REARM._replace(latch=session.latch.mark()))
    hear(session)
    [answer] = inbox.answers(name, 1.0)
    assert (answer["refused"], answer["halted"]) == (None, False)
    assert session.latch.read() is None
