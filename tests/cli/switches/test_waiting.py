"""A command that waits says so on stderr; one that does not, or is quiet, says nothing."""

import re
import threading

from gpt_trader.cli import output
from gpt_trader.cli.switches.waiting import waiting


def test_it_is_said_what_is_waited_for_again_and_again(capsys, monkeypatch):
    said, often = [], threading.Event()

    def note(words):
        said.append(words)
        if len(said) == 4:
            often.set()

    monkeypatch.setattr(output, "note", note)
    with waiting("waiting for the session", every_s=0.001) as turn_to:
        turn_to("looking at the exchange")
        assert often.wait(60)
    assert said[0].startswith(("waiting for the session (", "looking at the exchange"))
    assert re.fullmatch(r"looking at the exchange \(\d+ s\)", said[3])
    count = len(said)
    assert all(thread.name != "waiting" for thread in threading.enumerate())
    assert len(said) == count


def test_what_is_done_at_once_is_not_talked_about(capsys):
    with waiting("waiting for the session"):
        pass
    assert capsys.readouterr() == ("", "")
