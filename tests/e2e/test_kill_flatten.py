# ruff: noqa: F811 - a fixture that is imported
"""`kill --flatten` ends flat, verified and said, whatever bot, exchange, folder and environment.

The real bot, and the stand-in; `kill` itself runs here, but for one. Eight worlds by default, each
of the places in turn; KILL_WORLDS=all plays all of them.
"""

import contextlib
import os
import signal
import subprocess
from decimal import Decimal
from functools import partial

import pytest

from gpt_trader.app.folders import session_folder
from gpt_trader.app.kill import kill
from gpt_trader.runtime.live.alive import ALIVE
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST, resting
from tests.cli.switches.test_kill_unbooked import behind, fill
from tests.emulator.faults import html
from tests.live_helpers import until
from tests.session_helpers import COMMAND, lines_of, shell

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

PROFILE = "extends: canary\ninterval: 1m\nproducts: [BTC-USD]\n"
BOTS = ("alive", "stopped", "hung", "dead")
EXCHANGES = ("up", "down for a while")
PLACES = ("by name", "by path", "from elsewhere", "without its name")
WORLDS = [(bot, now, place) for bot in BOTS for now in EXCHANGES for place in PLACES]
FEW = [
    (bot, now, PLACES[(b + 2 * n) % len(PLACES)])
    for b, bot in enumerate(BOTS)
    for n, now in enumerate(EXCHANGES)
]


@contextlib.contextmanager
def bot_that_is(state, profile, tmp_path, capsys):
    """Let a bot hold a position, in some state; yields its process, None if there is none."""
    if state == "stopped":
        yield None
        return
    run = [str(COMMAND), "run", "-p", profile, "--live", "--strategy", "hold", "--json"]
    with (tmp_path / "out").open("w") as out, subprocess.Popen(run, stdout=out) as bot:
        until((session_folder(profile, None) / ALIVE).exists)  # its loop turns
        until(lambda: call(capsys, "status", "-p", profile)[1]["data"]["reconciled"])
        if state != "alive":
            bot.send_signal(signal.SIGSTOP if state == "hung" else signal.SIGKILL)
        if state == "dead":
            bot.wait(timeout=60)  # until then it holds the lock
        try:
            yield bot
        finally:
            bot.send_signal(signal.SIGCONT)
            bot.terminate()
            bot.wait(timeout=60)


@contextlib.contextmanager
def elsewhere(tmp_path):
    """Be in another folder, with an environment that knows nothing of where the session is."""
    away = tmp_path / "away"
    away.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(away)
        patch.delenv("GPT_TRADER_STATE_DIR")
        for name in ("HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(away))
        yield


def killed(capsys, *words):
    """Kill; return the exit code and what was said."""
    code, said = call(capsys, "kill", *words)
    assert said["data"]["latched"]
    return code, said


def is_flat(exchange):
    return exchange.books.totals["BTC"] == Decimal("0.5")


@pytest.mark.parametrize(
    "state, now, place", WORLDS if os.environ.get("KILL_WORLDS") == "all" else FEW
)
def test_kill_flatten(state, now, place, exchange, capsys, tmp_path, monkeypatch):
    home = tmp_path / "mine"
    (home / "profiles").mkdir(parents=True)
    monkeypatch.chdir(home)
    file = home / ("by_path.yaml" if place == "by path" else "profiles/by_path.yaml")
    file.write_text(PROFILE)
    profile = str(file) if place == "by path" else "by_path"
    hold = [one if one != "canary" else profile for one in HOLD]
    assert call(capsys, *hold)[0] == 0
    buy = [one if one != "canary" else profile for one in REST]
    assert call(capsys, *buy, "--value", "10")[0] == 0
    assert not is_flat(exchange)
    words = [] if place == "without its name" else ["-p", profile]
    is_away = place in ("from elsewhere", "without its name")
    # one that hangs is passed over soon, and one that lives may be on a busy machine
    patient = partial(kill, silent_s=0.5 if state == "hung" else 60.0)
    monkeypatch.setattr("gpt_trader.app.kill.kill", patient)
    with bot_that_is(state, profile, tmp_path, capsys) as bot:
        if now != "up":
            exchange.faults.add(html(503, times=None))
        with elsewhere(tmp_path) if is_away else contextlib.nullcontext():
            code, said = killed(capsys, *words, "--flatten")
        if now != "up":
            assert (code, said["data"]["looked"]) == (5, False), said
            assert "the wish is kept" in said["error"]["hint"]
            who = {"alive": "the running bot", "hung": "at the exchange"}
            assert said["data"]["cancelled_by"] == who.get(state, "nobody yet")
            exchange.faults.heal()
        elif state == "hung":
            assert (code, said["data"]["cancelled_by"]) == (1, "at the exchange")
            assert [one["product"] for one in said["data"]["held"]] == ["BTC-USD"]
            assert "nothing is sold from here" in " ".join(said["warnings"])
        else:
            assert (code, said["data"]["held"]) == (0, []), said
        if state == "hung":
            assert not is_flat(exchange)
            bot.kill()
            bot.wait(timeout=60)
        if state == "alive":
            until(lambda: is_flat(exchange))
        elif now != "up" and state in ("stopped", "dead"):
            assert call(capsys, *hold)[0] == 6, "a cycle carries the wish out, and is halted"
        with elsewhere(tmp_path) if is_away else contextlib.nullcontext():
            code, said = killed(capsys, *words)
        assert (code, said["data"]["held"], said["data"]["verified"]) == (0, [], True), said
    assert is_flat(exchange), "sold, and not a coin of somebody else's"
    assert not [one for one in exchange.books.orders.values() if not one.is_final]


def test_a_bot_that_wakes_carries_the_wish_out_itself(exchange, capsys, tmp_path, monkeypatch):
    assert call(capsys, *HOLD)[0] == 0
    assert call(capsys, *REST, "--value", "10")[0] == 0
    with bot_that_is("hung", "canary", tmp_path, capsys) as bot:
        done = shell("kill", "-p", "canary", "--flatten", "--json")
        [said] = lines_of(done.stdout)
        assert (done.returncode, said["data"]["latched"], is_flat(exchange)) == (1, True, False)
        bot.send_signal(signal.SIGCONT)
        until(lambda: is_flat(exchange))
        monkeypatch.setattr("gpt_trader.app.kill.kill", partial(kill, silent_s=60.0))
        code, said = killed(capsys, "-p", "canary")
        assert (code, said["data"]["held"]) == (0, [])
        assert said["data"]["cancelled_by"] == "the running bot"
    sold = [one for one in exchange.books.orders.values() if one.side == "SELL"]
    assert len(sold) == 1, "once, whoever was asked how often"


def test_entries_that_fill_while_the_bot_hangs_are_not_called_nothing(
    exchange, capsys, tmp_path, monkeypatch
):
    """No fault of the exchange at all: they rest, the bot hangs, they fill."""
    monkeypatch.setattr("gpt_trader.app.kill.kill", partial(kill, silent_s=0.5))
    monkeypatch.setattr("gpt_trader.app.kill.VERIFY_S", 1.0)
    entry = resting(exchange, capsys)
    with bot_that_is("hung", "canary", tmp_path, capsys) as bot:
        fill(exchange, entry, "0.0002")
        for words in (["--flatten"], []):
            code, said = killed(capsys, "-p", "canary", *words)
            assert (code, said["data"]["verified"]) == (1, False), said
            [held] = said["data"]["held"]
            assert (Decimal(held["size"]), held["stop"]) == (Decimal("0.0002"), None)
            assert said["data"]["unknown_orders"] == [entry.client_order_id]
        assert not is_flat(exchange), "nothing is sold beside it"
        bot.kill()
        bot.wait(timeout=60)
    code, said = killed(capsys, "-p", "canary")
    assert (code, said["data"]["held"], is_flat(exchange)) == (0, [], True), said


def test_a_living_bot_that_waits_for_an_orders_word_is_not_called_flat(
    exchange, capsys, tmp_path, monkeypatch
):
    """The order's own answer alone is behind: the bot books nothing, and knows of nothing to sell.

    Once it is told it sells, and only then is it over.
    """
    monkeypatch.setattr("gpt_trader.app.kill.kill", partial(kill, silent_s=60.0))
    entry = resting(exchange, capsys)
    with bot_that_is("alive", "canary", tmp_path, capsys):
        until(lambda: exchange.wire.connections >= 2)
        exchange.faults.add(behind(entry))
        fill(exchange, entry, "0.0002")
        with monkeypatch.context() as patch:
            patch.setattr("gpt_trader.app.kill.SELL_S", 0.5)
            code, said = killed(capsys, "-p", "canary", "--flatten")
        assert said["data"]["cancelled_by"] == "the running bot"
        assert (code, said["data"]["verified"], is_flat(exchange)) == (1, False, False), said
        assert said["data"]["held"] != []
        exchange.faults.heal()
        code, said = killed(capsys, "-p", "canary")
        assert (code, said["data"]["held"], is_flat(exchange)) == (0, [], True), said
