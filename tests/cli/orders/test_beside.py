# ruff: noqa: F811 - a fixture that is imported
"""`orders place | edit | cancel` beside a running bot: it takes them in, and answers."""

import contextlib
import signal
import subprocess
from decimal import Decimal

import pytest

from gpt_trader.app.ask import ask
from gpt_trader.app.folders import session_folder
from gpt_trader.cli.main import main
from gpt_trader.engine.events import PauseRequested, Rearmed
from gpt_trader.errors import LockedError
from gpt_trader.runtime.live.alive import ALIVE
from gpt_trader.runtime.requests import INBOX, Inbox
from tests.cli.account.test_account import call, exchange  # noqa: F401 - a fixture
from tests.emulator.faults import html
from tests.live_helpers import until
from tests.session_helpers import COMMAND, be_patient

HELD = LockedError("it is in use")


@contextlib.contextmanager
def running(exchange, tmp_path, capsys, profile="canary"):
    """Let the program trade on the stand-in, until the end."""
    asked = ["run", "-p", profile, "--live", "--strategy", "hold"]
    assert call(capsys, *asked, "--once")[0] == 0
    run = [str(COMMAND), *asked, "--json"]
    with (tmp_path / "out").open("w") as out, subprocess.Popen(run, stdout=out) as bot:
        try:
            until((session_folder(profile, None) / ALIVE).exists)  # its loop turns
            until(lambda: call(capsys, "status")[1]["data"]["reconciled"])
            yield bot
        finally:
            bot.send_signal(signal.SIGTERM)
            bot.wait(timeout=60)


def test_a_running_bot_takes_orders_and_answers(exchange, tmp_path, capsys, monkeypatch):
    be_patient(monkeypatch)
    limit = format(exchange.books.touch["BTC-USD"][0] * 9 // 10, "f") + ".00"
    place = ["orders", "place", "BTC-USD", "buy", "--type", "limit", "--price", limit]
    with running(exchange, tmp_path, capsys) as bot:
        found = call(capsys, *place, "--size", "0.0002", "--dry-run")
        assert (found[0], exchange.books.orders) == (0, {}), found[1]["error"]
        assert call(capsys, *place, "--size", "0.0002")[0] == 3, "money needs --live"
        code, found = call(capsys, *place, "--size", "0.0002", "--live", "--yes")
        assert code == 0, found["error"]
        key = found["data"]["order"]["client_order_id"]
        until(lambda: key in exchange.books.by_client)
        order = exchange.books.by_client[key]
        assert bot.poll() is None
        code, found = call(capsys, "orders", "edit", key[:8], "--size", "0.0003", "--live", "-y")
        assert code == 0, found["error"]
        until(lambda: order.size == Decimal("0.0003"))
        code, found = call(capsys, *place, "--size", "5", "--live", "--yes")
        assert (code, found["error"]["code"]) == (6, "PRODUCT_CAP"), "the same limits hold"
        assert call(capsys, "orders", "cancel", key[:8])[0] == 0
        until(lambda: order.status == "CANCELLED")
        assert call(capsys, "orders", "cancel-all")[0] == 0
    assert len(exchange.books.orders) == 1


@pytest.mark.parametrize("text", ["broken: [", "extends: paper\n", None])
def test_money_moves_neither_without_the_flag_nor_without_a_profile(
    exchange, tmp_path, capsys, monkeypatch, text
):
    """The journal says that the session trades money; a profile that is gone says nothing else."""
    be_patient(monkeypatch)
    profile = tmp_path / "mine.yaml"
    profile.write_text("extends: canary\n")
    place = ["orders", "place", "BTC-USD", "buy", "--value", "11", "--yes", "-p", str(profile)]
    cancel = ["orders", "cancel-all", "-p", str(profile)]

    def refused(*flags):
        assert main([*place, *flags]) == 3
        err = capsys.readouterr().err
        assert "session mine trades money" in err
        wants = "--live is not given" if not flags else "no profile says that it may"
        assert wants in err
        assert text != "broken: [" or f"{profile}:1:10" in err, "what cannot be read is said"
        assert exchange.books.orders == {}

    with running(exchange, tmp_path, capsys, str(profile)):
        assert call(capsys, *place)[0] == 3, "the profile is there"
        profile.unlink() if text is None else profile.write_text(text)
        refused()
        refused("--live")
        assert call(capsys, *cancel)[0] == 0, "what ends risk goes on"
    refused()
    refused("--live")
    assert call(capsys, *cancel)[0] == 0


def test_a_running_bot_listens_while_the_exchange_is_away(exchange, tmp_path, capsys, monkeypatch):
    be_patient(monkeypatch)
    with running(exchange, tmp_path, capsys):
        exchange.faults.add(html(503, times=None))
        for said, field, now in (
            (["pause"], "paused", True),
            (["resume"], "paused", False),
            (["kill"], "halted", True),
            (["rearm", "--by", "ann", "--reason", "x"], "halted", False),
        ):
            code, found = call(capsys, *said)
            told = found["data"]["session"] if said == ["kill"] else found["data"]
            assert (code, told[field]) == (5 if said == ["kill"] else 0, now), found
        exchange.faults.heal()


def test_who_does_not_answer_carries_nothing_out_later(tmp_path):
    with pytest.raises(LockedError, match="it was not carried out"):
        ask(tmp_path, Rearmed(1, "ann", "x"), HELD, timeout_s=0.01)
    assert list((tmp_path / INBOX).iterdir()) == []


def test_a_command_that_was_taken_is_said_to_be(tmp_path, monkeypatch):
    def taken(inbox, name, timeout_s):
        inbox.done(name)
        return iter(())

    monkeypatch.setattr(Inbox, "answers", taken)
    with pytest.raises(LockedError, match="it was taken"):
        ask(tmp_path, PauseRequested(1, "ann", paused=True), HELD, timeout_s=0.01)


def test_an_order_of_long_ago_is_turned_away_and_a_pause_is_not(tmp_path, capsys):
    dev = ["-p", "dev", "--state-dir", str(tmp_path)]
    assert call(capsys, "run", "--once", *dev)[0] == 0
    inbox = Inbox(tmp_path / "dev")
    for event in (Rearmed(1, "ann", "x"), PauseRequested(1, "ann", paused=True)):
        name = inbox.put(event)
        before = tmp_path / "dev" / INBOX / name
        before.rename(before.with_name(f"{0:020d}-{name[21:]}"))
    assert call(capsys, "run", "--once", *dev)[0] == 0
    assert call(capsys, "status", *dev)[1]["data"]["paused"] is True
    assert inbox.waiting() == []
    answers = [path.read_text() for path in sorted((tmp_path / "dev" / "answers").iterdir())]
    assert sum("TOO_OLD" in answer for answer in answers) == 1
