# ruff: noqa: F811 - a fixture that is imported
"""SIGTERM ends a bot at once if nothing is under way, else in bounded time, and says what rests."""

import json
import signal
import subprocess
import sys
import time

import pytest

from gpt_trader.app.folders import session_folder
from gpt_trader.runtime.live.alive import ALIVE
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST
from tests.emulator.faults import Fault, html, is_stop
from tests.flip import FLIP
from tests.live_helpers import until
from tests.observe.test_notify import service
from tests.session_helpers import COMMAND

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

RUN = ["run", "-p", "canary", "--live", "--strategy", "hold", "--json"]
# The program, with another time for answers to cancels before a run ends: a limit that was waited
# for is then told from one that was not, however busy the machine is.
PROGRAM = (
    "import sys; from gpt_trader.app import run; run.END_S = float(sys.argv.pop(1)); "
    "from gpt_trader.cli.main import main; sys.exit(main())"
)
SHORT_S, NEVER_S = 1.0, 600.0


FLIPS = ["--strategy", FLIP, "--interval", "1m", "--order-style", "taker"]
FLIPS += ["--set", "bars=100", "--set", "stop=0.2"]


def with_end(seconds, words=RUN):
    """Return a command that waits for so long before it ends."""
    return [sys.executable, "-c", PROGRAM, str(seconds), *words]


def ended(bot, by=signal.SIGTERM):
    """Ask a process to end, and wait until it has; return how long that took, s."""
    begun_s = time.monotonic()
    bot.send_signal(by)
    bot.wait(timeout=60)
    return time.monotonic() - begun_s


def running(tmp_path, capsys, words):
    """Begin the program, and wait until it has looked at the account."""
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        bot = subprocess.Popen(words, stdout=out, stderr=err)
    until((session_folder("canary", None) / ALIVE).exists)
    until(lambda: call(capsys, "status", "-p", "canary")[1]["data"]["reconciled"])
    return bot


def test_sigterm_ends_a_bot_that_holds_and_what_rests_is_said(exchange, tmp_path, capsys):
    assert call(capsys, *HOLD)[0] == 0
    assert call(capsys, *REST, "--value", "10")[0] == 0
    bid = exchange.books.touch["BTC-USD"][0]
    levels = ["--price", f"{bid * 8 // 10}.00", "--stop", f"{bid * 9 // 10}.00"]
    sell = ["sell" if one == "buy" else one for one in REST]
    code, found = call(capsys, *sell, "--type", "stop_limit", *levels, "--size", "0.0002")
    assert code == 0, found["error"]
    [stop] = [one for one in exchange.books.orders.values() if one.status == "OPEN"]
    bot = running(tmp_path, capsys, with_end(NEVER_S))
    try:
        ended(bot)
    finally:
        bot.kill()
    assert bot.returncode == 130
    said = (tmp_path / "err").read_text()
    assert "left at the exchange, OPEN: sell" in said
    assert stop.status == "OPEN"


def test_what_is_under_way_is_waited_for_no_longer_than_it_may_take(exchange, tmp_path, capsys):
    assert call(capsys, *HOLD)[0] == 0
    limit = format(exchange.books.touch["BTC-USD"][0] * 9 // 10, "f") + ".00"
    rest = [*REST, "--type", "limit", "--price", limit, "--size", "0.0002"]
    assert call(capsys, *rest)[0] == 0
    bot = running(tmp_path, capsys, with_end(SHORT_S))
    try:
        exchange.faults.add(html(503, times=None))
        took_s = ended(bot)
    finally:
        bot.kill()
    assert bot.returncode == 130
    assert took_s >= SHORT_S
    assert "left at the exchange, PENDING_CANCEL: buy" in (tmp_path / "err").read_text()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_position_that_is_left_without_its_stop_is_said_and_paged(
    exchange, tmp_path, capsys, monkeypatch, by
):
    exchange.advance(exchange.now_ms + 100 * 60_000 * (1 - exchange.now_ms // 6_000_000 % 2))
    run = ["-q", "run", "-p", "canary", "--live", "--once", *FLIPS]
    for _ in range(3):
        assert call(capsys, *run)[0] == 0
        exchange.advance(exchange.now_ms + 60_000)
    refused = '{"success": false, "error_response": {"error": "UNKNOWN_FAILURE_REASON"}}'
    exchange.faults.add(
        Fault("/orders", method="POST", of=is_stop, times=None, refuses=True, body=refused)
    )
    with service() as (address, asked):
        monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", address)
        words = [str(COMMAND), "run", "-p", "canary", "--live", *FLIPS, "--json"]
        bot = running(tmp_path, capsys, words)
        try:
            for stop in exchange.books.live():
                exchange.books.cancel(stop.order_id, exchange.now_ms)
            until(lambda: all(one["bare_since"] for one in held(capsys)))
            names = [one["product"] for one in held(capsys)]
            ended(bot, by)
        finally:
            bot.kill()
    assert bot.returncode == 130
    summary = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert (summary["type"], summary["interrupted"], bool(names)) == ("summary", True, True)
    without = "is held without a stop that rests at the exchange"
    assert [one for one in summary["left"] if without in one] == [f"{n} {without}" for n in names]
    said = (tmp_path / "err").read_text()
    assert all(one in said for one in summary["left"])
    pages = [document for _, document in asked if document["event"] == "left"]
    assert [(one["level"], without in one["text"]) for one in pages] == [("page", True)]


def held(capsys):
    """Return the positions as `status` shows them."""
    return call(capsys, "status", "-p", "canary")[1]["data"]["positions"]
