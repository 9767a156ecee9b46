"""`kill`, `pause`, `resume`, `rearm`: with a bot that runs, is dead, or hangs."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gpt_trader.app.kept_session import look_at
from gpt_trader.app.kill import KillRequest, kill
from gpt_trader.cli.main import main
from gpt_trader.engine.events import HaltRequested, PauseRequested, Rearmed
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.halt import HALT, Halt, Latch
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.lock import portfolio_lock, user_lock_dir
from gpt_trader.runtime.requests import INBOX
from gpt_trader.runtime.session import JOURNAL
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.live_helpers import until
from tests.session_helpers import COMMAND, be_patient

REST = ["orders", "place", "BTC-USD", "buy", "-p", "canary", "--live", "--yes"]


def dev(tmp_path, *args):
    return [*args, "--profile", "dev", "--state-dir", str(tmp_path)]


def test_a_stopped_session_stays_halted_until_somebody_rearms(tmp_path, capsys):
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 0
    code, found = call(capsys, *dev(tmp_path, "kill", "--by", "ann", "--reason", "odd fills"))
    assert (code, found["data"]["cancelled_by"]) == (0, "this command")
    assert (tmp_path / "dev" / HALT).exists()
    assert main(dev(tmp_path, "kill")) == 0
    assert capsys.readouterr().err.startswith("setting the latch"), "said before anything is asked"
    assert call(capsys, *dev(tmp_path, "kill", "--by", "ann", "--reason", "odd fills"))[0] == 0
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 6
    halt = call(capsys, *dev(tmp_path, "status"))[1]["data"]["halts"][0]
    assert (halt["by"], halt["reason"]) == ("ann", "odd fills")
    rearm = dev(tmp_path, "rearm", "--by", "ann", "--reason", "looked")
    assert call(capsys, *rearm)[0] == 0
    assert not (tmp_path / "dev" / HALT).exists()
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 0


def killing_meanwhile(monkeypatch, folder):
    """Let somebody kill while a rearm waits for the exchange, or for the lock."""

    def look(at):
        Latch(folder).set(Halt("cyd", "not yet"), 1.0)
        return look_at(at)

    monkeypatch.setattr("gpt_trader.app.switch.look_at", look)


def test_a_rearm_that_was_asked_for_before_a_kill_changes_nothing(tmp_path, capsys, monkeypatch):
    call(capsys, *dev(tmp_path, "run", "--once"))
    assert call(capsys, *dev(tmp_path, "kill", "--by", "ann", "--reason", "odd"))[0] == 0
    killing_meanwhile(monkeypatch, tmp_path / "dev")
    code, found = call(capsys, *dev(tmp_path, "rearm", "--by", "bob", "--reason", "before"))
    assert (code, found["error"]["code"]) == (6, "HALTED")
    assert "nothing was changed: a newer kill stands" in found["error"]["message"]
    with open_journal(tmp_path / "dev" / JOURNAL, readonly=True) as journal:
        assert not [one for one in read_entries(journal) if isinstance(one.event, Rearmed)]
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 6


def test_a_rearm_asks_no_clock_whether_a_kill_is_newer(tmp_path, capsys):
    """One that was set back by two hours kept everybody from rearming for as long."""
    call(capsys, *dev(tmp_path, "run", "--once"))
    assert call(capsys, *dev(tmp_path, "kill", "--by", "ann", "--reason", "odd"))[0] == 0
    later_ns = time.time_ns() + 7_200_000_000_000
    os.utime(tmp_path / "dev" / HALT, ns=(later_ns, later_ns))
    assert call(capsys, *dev(tmp_path, "rearm", "--by", "bob", "--reason", "seen"))[0] == 0
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 0


def test_a_kill_that_somebody_takes_back_says_so(tmp_path, capsys, monkeypatch):
    call(capsys, *dev(tmp_path, "run", "--once"))
    real = look_at

    def rearm_and_look(folder):
        Latch(folder).clear(Latch(folder).mark())
        return real(folder)

    monkeypatch.setattr("gpt_trader.app.kill.look_at", rearm_and_look)
    code, found = call(capsys, *dev(tmp_path, "kill"))
    assert (code, found["data"]["latched"], found["data"]["verified"]) == (1, False, False)
    assert "somebody has rearmed" in found["warnings"][-1]


def test_the_latch_alone_halts_whoever_starts(tmp_path, capsys):
    call(capsys, *dev(tmp_path, "run", "--once"))
    (tmp_path / "dev" / HALT).write_text("torn", encoding="utf-8")
    [halt] = call(capsys, *dev(tmp_path, "status"))[1]["data"]["halts"]
    assert (halt["guard"], halt["by"]) == ("latch", "unknown")
    assert call(capsys, *dev(tmp_path, "run", "--once"))[0] == 6


def test_flatten_sells_what_is_held(tmp_path, capsys):
    call(
        capsys,
        *dev(
            tmp_path, "run", "--cycles", "3", "--strategy", "buy_and_hold", "--order-style", "taker"
        ),
    )
    held = call(capsys, *dev(tmp_path, "status"))[1]["data"]["positions"]
    assert held
    code, found = call(capsys, *dev(tmp_path, "kill", "--flatten"))
    assert (code, found["data"]["session"]["flattening"]) == (1, True), "the next bar sells"
    assert (found["data"]["held"] != [], found["data"]["verified"]) == (True, False)
    call(
        capsys,
        *dev(
            tmp_path, "run", "--cycles", "2", "--strategy", "buy_and_hold", "--order-style", "taker"
        ),
    )
    assert call(capsys, *dev(tmp_path, "status"))[1]["data"]["positions"] == []
    code, found = call(capsys, *dev(tmp_path, "kill", "--flatten"))
    assert (code, found["data"]["held"], found["data"]["verified"]) == (0, [], True)


def test_a_simulation_whose_journal_says_nothing_is_not_called_done(tmp_path, capsys):
    call(capsys, *dev(tmp_path, "run", "--once"))
    (tmp_path / "dev" / JOURNAL).write_bytes(b"this was a journal" * 1000)
    code, found = call(capsys, *dev(tmp_path, "kill"))
    data = found["data"]
    assert (code, data["latched"], data["looked"], data["verified"]) == (1, True, False, False)
    assert "which entries are open" in data["not_seen"]
    assert found["error"]["message"] == "not all of it is seen"


def test_nothing_to_kill_is_said(tmp_path, capsys):
    code, found = call(capsys, *dev(tmp_path, "kill"))
    assert (code, found["error"]["code"]) == (2, "USAGE")


def test_a_running_bot_listens(tmp_path, capsys, monkeypatch):
    be_patient(monkeypatch)
    slow = [str(COMMAND), *dev(tmp_path, "run"), "--json", "--set", "run.speed_bars_per_s=20"]
    out = tmp_path / "out"
    with out.open("w") as file, subprocess.Popen(slow, stdout=file) as bot:
        until(lambda: out.stat().st_size > 0)
        code, found = call(capsys, *dev(tmp_path, "pause"))
        assert (code, found["data"]["paused"]) == (0, True)
        assert call(capsys, *dev(tmp_path, "status"))[1]["data"]["running"]
        assert call(capsys, *dev(tmp_path, "resume"))[1]["data"]["paused"] is False
        code, found = call(capsys, *dev(tmp_path, "kill", "--reason", "stop it"))
        assert (code, found["data"]["cancelled_by"]) == (0, "the running bot")
        assert found["data"]["session"]["halted"]
        code, found = call(capsys, *dev(tmp_path, "rearm", "--by", "a", "--reason", "b"))
        assert (code, found["data"]["halted"]) == (0, False)
        assert not (tmp_path / "dev" / HALT).exists()
        assert list((tmp_path / "dev" / INBOX).iterdir()) == []
        bot.send_signal(signal.SIGTERM)
        bot.wait(timeout=60)
    assert bot.returncode == 130
    assert json.loads(out.read_text().splitlines()[-1])["type"] == "summary"


# At the exchange.


def resting(exchange, capsys):  # noqa: F811
    """Begin a session, and let an entry rest in it; return the exchange's order."""
    assert call(capsys, *HOLD)[0] == 0
    bid = exchange.books.touch["BTC-USD"][0]
    limit = format(bid * 9 // 10, "f") + ".00"
    code, found = call(capsys, *REST, "--size", "0.0002", "--type", "limit", "--price", limit)
    assert code == 0, found["error"]
    [order] = exchange.books.orders.values()
    assert order.status == "OPEN"
    return order


def test_a_dead_bots_entries_are_cancelled_and_none_follows(exchange, capsys):  # noqa: F811
    order = resting(exchange, capsys)
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["entries_left_open"]) == (0, [])
    assert order.status == "CANCELLED"
    code, found = call(capsys, *REST, "--size", "0.0002")
    assert (code, found["error"]["code"]) == (6, "HALTED")
    assert len(exchange.books.orders) == 1


def test_what_a_person_says_is_stamped_by_the_exchanges_clock(exchange, capsys):  # noqa: F811
    """This machine is months ahead here: what follows would wait, or be sought, in the future."""
    resting(exchange, capsys)
    for said in (["kill"], ["rearm", "--by", "ann", "--reason", "test"], ["pause"], ["resume"]):
        assert call(capsys, *said, "-p", "canary")[0] == 0
    path = call(capsys, "status", "-p", "canary")[1]["data"]["journal"]["path"]
    with open_journal(Path(path), readonly=True) as journal:
        said_ms = [
            entry.event.time_ms
            for entry in read_entries(journal)
            if isinstance(entry.event, HaltRequested | Rearmed | PauseRequested)
        ]
    assert len(said_ms) >= 4
    assert all(abs(time_ms - exchange.now_ms) < 60_000 for time_ms in said_ms)


def test_a_simulation_never_takes_a_live_journals_place(exchange, capsys, monkeypatch):  # noqa: F811
    resting(exchange, capsys)
    path = Path(call(capsys, "status", "-p", "canary")[1]["data"]["journal"]["path"])
    before = sorted(one.name for one in path.parent.iterdir())
    for name, word in (("MODE", "dev"), ("FEED", "synthetic"), ("BROKER", "paper")):
        monkeypatch.setenv(f"GPT_TRADER_{name}", word)
    code, found = call(capsys, "run", "-p", "canary", "--cycles", "2")
    assert (code, found["error"]["code"]) == (3, "CONFIG")
    assert "real money" in found["error"]["message"]
    assert sorted(one.name for one in path.parent.iterdir()) == before


@pytest.mark.parametrize("flatten", [False, True])
def test_a_bot_that_hangs_is_passed_over(exchange, capsys, flatten):  # noqa: F811
    order = resting(exchange, capsys)
    foreign = exchange.books.create(
        {
            "client_order_id": "by hand",
            "product_id": "BTC-USD",
            "side": "BUY",
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "0.001", "limit_price": "20000.00"}
            },
        },
        exchange.now_ms,
    )
    portfolio = call(capsys, "account", "portfolios")[1]["data"]["portfolios"][0]["uuid"]
    with portfolio_lock(user_lock_dir(os.getuid()), portfolio):
        asked = KillRequest("ann", "hangs", flatten)
        killed = kill(asked, profile="canary", state_dir=None, silent_s=0.1)
    assert (killed.cancelled_by, killed.left.entries) == ("at the exchange", [])
    assert order.status == "CANCELLED"
    assert foreign.status == "OPEN", "it is not ours"
    assert len(killed.warnings) == flatten
    assert killed.is_done, "nothing is held, so that nothing has to be sold"


def test_an_exchange_that_is_away_leaves_the_latch_set(exchange, capsys):  # noqa: F811
    from tests.emulator.faults import html

    order = resting(exchange, capsys)
    exchange.faults.add(html(503, times=None))
    code, found = call(capsys, "kill", "-p", "canary")
    assert code == 5
    assert "the latch is set" in found["error"]["hint"]
    assert (found["data"]["latched"], found["data"]["looked"]) == (True, False)
    exchange.faults.heal()
    assert call(capsys, "kill", "-p", "canary")[0] == 0
    assert order.status == "CANCELLED"


def test_a_pause_in_maintenance_is_kept_for_whoever_runs_next(exchange, capsys):  # noqa: F811
    from tests.emulator.faults import html

    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(html(503, times=None))
    code, found = call(capsys, "pause", "-p", "canary")
    assert (code, "it is kept" in found["error"]["hint"]) == (5, True)
    code, found = call(capsys, "rearm", "-p", "canary", "--by", "ann", "--reason", "x")
    assert (code, "it is kept" in found["error"]["hint"]) == (5, False)
    exchange.faults.heal()
    assert call(capsys, *HOLD)[0] == 0
    assert call(capsys, "status", "-p", "canary")[1]["data"]["paused"] is True
    assert call(capsys, "resume", "-p", "canary")[0] == 0
    assert call(capsys, "status", "-p", "canary")[1]["data"]["paused"] is False


# The watchdog, and a single cycle whose exchange goes away.


def test_the_watchdog_cancels_what_a_silent_bot_left(exchange, capsys, tmp_path):  # noqa: F811
    from gpt_trader.journal.root import state_root
    from gpt_trader.runtime.live.alive import ALIVE, Alive

    order = resting(exchange, capsys)
    watch = ["watchdog", "-p", "canary", "--once", "--silent-s", "30"]
    code, found = call(capsys, *watch)
    assert (code, found["data"]["died"], order.status) == (0, False, "OPEN")
    sign = state_root(None, os.environ) / "canary" / ALIVE
    Alive(sign.parent).touch()
    os.utime(sign, (1, 1))  # the machine's clock was set: it says nothing
    assert call(capsys, *watch)[0] == 0
    sign.write_text("another-boot 00000000.0")
    code, found = call(capsys, *watch)
    assert (code, found["data"]["entries_left_open"]) == (1, [])
    assert order.status == "CANCELLED"
    assert call(capsys, *HOLD)[0] == 0, "the bot may start again"
    assert call(capsys, *watch)[1]["data"]["silent_s"] is None, "it ended in good order"


def test_a_single_cycle_that_cannot_look_in_the_end_says_so(exchange, capsys, monkeypatch):  # noqa: F811
    from tests.emulator.faults import html

    monkeypatch.setattr("gpt_trader.runtime.live.feed.AGAIN_S", 1.0)
    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(html(503, path="/accounts", skip=2, times=None))
    code, found = call(capsys, *HOLD)
    assert code == 5, found


def test_a_single_cycle_says_which_product_it_could_not_decide_on(exchange, capsys):  # noqa: F811
    from tests.emulator.faults import html

    assert call(capsys, *HOLD)[0] == 0
    exchange.advance(exchange.now_ms + 3_600_000)
    exchange.faults.add(html(503, path="/ETH-USD/candles", times=None))
    assert main(HOLD) == 5
    said = capsys.readouterr().err
    assert "nobody told what closed of ETH-USD: it is not decided" in said
    assert "of BTC-USD" not in said


def test_a_signal_cancels_entries_leaves_the_rest_and_saves(exchange, capsys, tmp_path):  # noqa: F811
    order = resting(exchange, capsys)
    held = exchange.books.create(
        {
            "client_order_id": "by hand",
            "product_id": "BTC-USD",
            "side": "SELL",
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "0.001", "limit_price": "900000.00"}
            },
        },
        exchange.now_ms,
    )
    run = [str(COMMAND), "run", "-p", "canary", "--live", "--strategy", "hold", "--json"]
    out = tmp_path / "out"
    with out.open("w") as file, subprocess.Popen(run, stdout=file) as bot:
        until(lambda: exchange.wire.connections >= 2)
        bot.send_signal(signal.SIGTERM)
        bot.wait(timeout=60)
    assert bot.returncode == 130
    assert (order.status, held.status) == ("CANCELLED", "OPEN")
    summary = json.loads(out.read_text().splitlines()[-1])
    assert (summary["type"], summary["interrupted"]) == ("summary", True)
    assert call(capsys, "account", "reconcile", "-p", "canary")[0] == 1, "the foreign order is told"
    assert call(capsys, "journal", "verify", "-p", "canary")[0] == 0
