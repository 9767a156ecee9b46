# ruff: noqa: F811 - a fixture that is imported
"""`kill` sets the latch and cancels, whatever journal, disk, profile and strategy are like."""

import json
import os
import resource
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from gpt_trader.app.kill import KillRequest, kill
from gpt_trader.cli.main import main
from gpt_trader.errors import StorageError
from gpt_trader.journal.compact import backup
from gpt_trader.journal.root import state_root
from gpt_trader.observe.notify import Notifier
from gpt_trader.runtime.halt import FLATTEN, HALT, Latch
from gpt_trader.runtime.live.alive import ALIVE, Alive
from gpt_trader.runtime.lock import user_lock_dir
from gpt_trader.runtime.session import JOURNAL, hold, locks_of, read_header
from gpt_trader.runtime.stop import Stop
from tests.cli.account.test_account import HOLD, RUN, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST, resting
from tests.emulator.faults import Fault, html, too_many
from tests.flip import FLIP
from tests.session_helpers import shell


def folder():
    return (state_root(None, os.environ) / "canary").resolve()


def hold_some(exchange, capsys):
    """Begin a session, and buy something by hand."""
    assert call(capsys, *HOLD)[0] == 0
    code, found = call(capsys, *REST, "--value", "10")
    assert code == 0, found["error"]


def lose(journal):
    journal.unlink()


def empty(journal):
    journal.write_bytes(b"")


def spoil(journal):
    journal.write_bytes(b"this was a journal" * 1000)


def tear(journal):
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])


def move_on(journal):
    with sqlite3.connect(journal) as there:
        there.execute("PRAGMA user_version = 99")


def rename_kinds(journal):
    with sqlite3.connect(journal) as there:
        there.execute("""UPDATE entry SET event = replace(event, '"version":', '"version":9')""")


DAMAGES = [lose, empty, spoil, tear, move_on, rename_kinds]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("flatten", [False, True])
def test_a_journal_that_says_nothing(exchange, capsys, damage, flatten):
    order = resting(exchange, capsys)
    foreign = exchange.books.create(
        {
            "client_order_id": "7d0b4f3e-8c1d-4f5a-9b51-2f6f3a1c9e55",
            "product_id": "BTC-USD",
            "side": "BUY",
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "0.001", "limit_price": "20000.00"}
            },
        },
        exchange.now_ms,
    )
    for name in ("-wal", "-shm"):
        (folder() / f"{JOURNAL}{name}").unlink(missing_ok=True)
    damage(folder() / JOURNAL)
    words = ["kill", "-p", "canary", *(["--flatten"] if flatten else [])]
    code, found = call(capsys, *words)
    assert code == 1, "an order of unknown outcome is nowhere known"
    data = found["data"]
    assert (data["latched"], data["looked"], data["held"]) == (True, True, None)
    assert (data["verified"], data["unknown_orders"]) == (False, None)
    assert data["entries_left_open"] == []
    assert data["not_seen"] == [
        "what is held, and which orders may still turn up: no journal says it"
    ]
    assert any("cannot be read" in one for one in found["warnings"])
    assert (order.status, foreign.status) == ("CANCELLED", "OPEN")
    assert (folder() / FLATTEN).exists() == flatten


def on_a_full_disk(*words):
    """Run a command where no byte can be written; return its code and document."""

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = shell(*words, "-p", "canary", "--json", preexec_fn=full, env=env)
    return done.returncode, json.loads(done.stdout)


def test_a_disk_that_takes_nothing_but_names(exchange, capsys):
    order = resting(exchange, capsys)
    assert call(capsys, *REST, "--value", "4")[0] == 0
    for name in ("-wal", "-shm"):
        assert not (folder() / f"{JOURNAL}{name}").exists(), "nobody has it open"
    code, found = on_a_full_disk("kill", "--flatten")
    assert order.status == "CANCELLED", found
    assert (folder() / HALT).read_bytes() == b""
    assert Latch(folder()).read().flatten
    data, said = found["data"], " ".join(found["warnings"])
    assert (code, data["latched"], data["cancelled_by"]) == (1, True, "at the exchange")
    assert [one["product"] for one in data["held"]] == ["BTC-USD"], "the journal is read"
    assert "the disk is full" in said
    assert "nothing is sold from here, the wish is kept: free the journal" in said
    code, found = on_a_full_disk("status")
    assert (code, len(found["data"]["positions"])) == (0, 1)
    assert "the disk is full" in " ".join(found["warnings"])
    assert call(capsys, "kill", "-p", "canary")[1]["data"]["held"] == [], "there is room again"


def test_a_full_disk_is_said_also_where_the_journal_can_be_locked(exchange, capsys, monkeypatch):
    hold_some(exchange, capsys)
    monkeypatch.setattr("gpt_trader.app.inspect.is_full", lambda _: True)
    code, found = call(capsys, "status", "-p", "canary")
    assert (code, len(found["data"]["positions"])) == (0, 1)
    assert "is full" in " ".join(found["warnings"])


def test_a_folder_in_which_nothing_can_be_made(exchange, capsys, monkeypatch):
    order = resting(exchange, capsys)
    real = os.open

    def refuse(path, flags, *more, **named):
        if flags & os.O_CREAT and str(path).endswith(HALT):
            raise OSError(30, "Read-only file system")
        return real(path, flags, *more, **named)

    def full(path, _):
        raise StorageError(f"{path}: cannot be written")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("gpt_trader.runtime.halt.replace_file", full)
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["latched"], order.status) == (1, False, "CANCELLED")
    assert found["error"]["hint"] == "the latch is not set"
    code, found = call(capsys, "kill", "--flatten", "-p", "canary")
    assert (code, found["data"]["latched"]) == (1, False)
    assert "nor is the wish to sell kept" in found["error"]["hint"]
    assert "the wish is kept" not in json.dumps(found)


def test_it_says_what_it_cancelled_and_sold(exchange, capsys):
    order = resting(exchange, capsys)
    assert call(capsys, *REST, "--value", "4")[0] == 0
    [size] = [one["size"] for one in call(capsys, "status")[1]["data"]["positions"]]
    data = call(capsys, "kill", "-p", "canary")[1]["data"]
    assert [one["client_order_id"] for one in data["cancelled"]] == [order.client_order_id]
    assert data["sold"] == []
    data = call(capsys, "kill", "--flatten", "-p", "canary")[1]["data"]
    assert data["sold"] == [{"product": "BTC-USD", "size": size}]
    assert main(["kill", "--flatten", "-p", "canary"]) == 0
    assert "nothing was cancelled, and nothing was sold" in capsys.readouterr().out


def test_what_was_sold_under_a_journal_that_is_not_here_is_no_kills_work(
    exchange, capsys, tmp_path
):
    hold_some(exchange, capsys)
    [size] = [one["size"] for one in call(capsys, "status")[1]["data"]["positions"]]
    backup(folder() / JOURNAL, tmp_path / "copy.db")
    sell = [one if one != "buy" else "sell" for one in REST]
    assert call(capsys, *sell, "--size", size)[0] == 0
    (folder() / JOURNAL).write_bytes((tmp_path / "copy.db").read_bytes())
    data = call(capsys, "kill", "-p", "canary")[1]["data"]
    assert (data["held"], data["sold"], data["cancelled"]) == ([], [], [])


def test_a_strategy_whose_file_is_gone(exchange, capsys, tmp_path, monkeypatch):
    from gpt_trader.strategy.template import render

    for name, text in render("mine").items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    hold = [one if one != "hold" else "mine.py:Mine" for one in HOLD]
    assert call(capsys, *hold)[0] == 0
    (tmp_path / "mine.py").unlink()
    for command in (["kill"], ["rearm", "--by", "ann", "--reason", "x"], ["pause"]):
        code, found = call(capsys, *command, "-p", "canary")
        assert code == 0, (command, found)


def test_a_place_for_locks_that_cannot_be_used(exchange, capsys):
    order = resting(exchange, capsys)
    place = user_lock_dir(os.getuid())
    place.rename(place.with_name("before"))
    place.write_text("in the way")
    code, found = call(capsys, *RUN)
    assert (code, found["error"]["code"]) == (1, "STORAGE"), "without the lock nothing trades"
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["cancelled_by"], order.status) == (
        0,
        "at the exchange",
        "CANCELLED",
    )


def test_a_position_is_sold_and_seen_to_be(exchange, capsys):
    hold_some(exchange, capsys)
    code, found = call(capsys, "kill", "-p", "canary")
    [held] = found["data"]["held"]
    assert (code, held["product"]) == (0, "BTC-USD")
    code, found = call(capsys, "kill", "--flatten", "-p", "canary")
    assert (code, found["data"]["held"], found["data"]["verified"]) == (0, [], True), found
    assert Path(folder() / FLATTEN).exists()
    assert call(capsys, "rearm", "-p", "canary", "--by", "ann", "--reason", "x")[0] == 0
    assert not Path(folder() / FLATTEN).exists()


def test_dust_is_named_and_is_no_failure(exchange, capsys):
    """A sale in whole lots may leave what no order could sell."""
    hold_some(exchange, capsys)
    size = Decimal(call(capsys, "status")[1]["data"]["positions"][0]["size"])
    left = Decimal("0.00000001")
    sell = ["sell" if one == "buy" else one for one in REST]
    assert call(capsys, *sell, "--size", format(size - left, "f"))[0] == 0
    code, found = call(capsys, "kill", "--flatten", "-p", "canary")
    [held] = found["data"]["held"]
    assert (code, found["data"]["verified"]) == (0, True), found
    assert (held["product"], Decimal(held["size"]), held["dust"]) == ("BTC-USD", left, True)
    assert "dust" in held["why"]
    assert main(["kill", "-p", "canary"]) == 0
    out = capsys.readouterr().out
    assert "held: 0.00000001 BTC-USD, without a stop; it is not sold: it is dust" in out


def test_a_wish_of_before_is_carried_out_by_whoever_runs_next(exchange, capsys):
    hold_some(exchange, capsys)
    exchange.faults.add(html(503, times=None))
    code, found = call(capsys, "kill", "--flatten", "-p", "canary")
    assert (code, found["data"]["latched"], found["data"]["cancelled_by"]) == (
        5,
        True,
        "nobody yet",
    )
    exchange.faults.heal()
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["flatten"], found["data"]["held"]) == (0, True, []), found


BY_JOURNAL = "what is held, and which stops rest: that is what the journal says"


def go_away(exchange, monkeypatch):
    exchange.faults.add(html(503, times=None))
    return 5, "UNAVAILABLE"


def refuse_the_key(exchange, monkeypatch):
    _, another = exchange.new_key()
    monkeypatch.setenv("COINBASE_API_SECRET", another)
    return 4, "AUTH"


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("keep_out", [go_away, refuse_the_key])
def test_where_nobody_can_look_the_journal_says_what_is_held(
    exchange, capsys, monkeypatch, keep_out, flatten
):
    hold_some(exchange, capsys)
    size = call(capsys, "status")[1]["data"]["positions"][0]["size"]
    expected = keep_out(exchange, monkeypatch)
    words = ["kill", "-p", "canary", *(["--flatten"] if flatten else [])]
    code, found = call(capsys, *words)
    data = found["data"]
    assert (code, found["error"]["code"]) == expected, found
    assert (data["latched"], data["looked"], data["verified"]) == (True, False, False)
    assert [(one["product"], one["size"], one["stop"]) for one in data["held"]] == [
        ("BTC-USD", size, None)
    ]
    assert (data["entries_left_open"], data["unknown_orders"]) == (None, [])
    assert data["not_seen"][:2] == ["which entries are open", BY_JOURNAL]
    assert "the latch is set and the wish is kept" in found["error"]["hint"]
    assert (folder() / FLATTEN).exists() == flatten


def test_what_the_journal_alone_says_is_shown_as_such(exchange, capsys, monkeypatch):
    hold_some(exchange, capsys)
    size = call(capsys, "status")[1]["data"]["positions"][0]["size"]
    refuse_the_key(exchange, monkeypatch)
    assert main(["kill", "-p", "canary"]) == 4
    out = capsys.readouterr().out
    assert f"held, the journal says: {size} BTC-USD, without a stop" in out
    assert f"not seen: {BY_JOURNAL}" in out


def test_what_is_held_is_said_with_its_stop_as_it_rests_there(exchange, capsys):
    run = ["-q", "run", "-p", "canary", "--live", "--once", "--strategy", FLIP, "--interval", "1m"]
    cross = ["--order-style", "taker", "--set", "bars=100", "--set", "stop=0.2"]
    exchange.advance(exchange.now_ms + 100 * 60_000 * (1 - exchange.now_ms // 6_000_000 % 2))
    for _ in range(3):
        assert call(capsys, *run, *cross)[0] == 0
        exchange.advance(exchange.now_ms + 60_000)
    [stop] = [one for one in exchange.books.live() if one.product_id == "BTC-USD"]
    code, found = call(capsys, "kill", "-p", "canary")
    assert code == 0
    held = {one["product"]: one["stop"] for one in found["data"]["held"]}
    assert Decimal(held["BTC-USD"]) == stop.stop
    assert main(["kill", "-p", "canary"]) == 0
    out = capsys.readouterr().out
    assert f"BTC-USD, with a stop at {held['BTC-USD']}" in out
    exchange.books.cancel(stop.order_id, exchange.now_ms)
    held = call(capsys, "kill", "-p", "canary")[1]["data"]["held"]
    assert all(one["stop"] for one in held), "one that went is put back before it is said"
    exchange.books.cancel(exchange.books.live()[-1].order_id, exchange.now_ms)
    spoil(folder() / JOURNAL)
    assert main(["kill", "-p", "canary"]) == 1
    assert "not seen: what is held" in capsys.readouterr().out


def test_a_sale_that_was_refused_is_tried_again(exchange, capsys):
    hold_some(exchange, capsys)
    refused = too_many(method="POST", path="/orders", times=1, refuses=True)
    exchange.faults.add(refused)
    code, found = call(capsys, "kill", "--flatten", "-p", "canary")
    assert (code, found["data"]["held"]) == (0, []), found


def test_an_order_of_unknown_outcome_is_not_called_gone(exchange, capsys, monkeypatch):
    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(Fault(method="POST", path="/orders", cut="before", refuses=True))
    monkeypatch.setattr("gpt_trader.app.operate.SETTLE_S", 0.5)
    call(capsys, *REST, "--size", "0.0002")
    exchange.faults.add(html(503, method="GET", path="/orders/historical/batch", times=None))
    with hold(locks_of(read_header(folder()), folder()), folder()):
        exchange.faults.heal()
        asked = KillRequest("ann", "hangs", flatten=False)
        monkeypatch.setattr("gpt_trader.app.kill.VERIFY_S", 0.0)
        killed = kill(asked, profile="canary", state_dir=None, silent_s=0.05)
    assert (killed.left.entries, len(killed.left.unknown), killed.is_done) == ([], 1, False)


def test_an_entry_that_is_under_way_is_not_called_stopped(exchange, capsys, monkeypatch):
    assert call(capsys, *HOLD)[0] == 0
    monkeypatch.setattr("gpt_trader.app.kill.SENDING_S", 0.05)
    with Latch(folder()).entering() as may_begin:
        assert may_begin
        code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["data"]["latched"], found["data"]["verified"]) == (1, True, False)
    assert call(capsys, "kill", "-p", "canary")[0] == 0


@pytest.mark.parametrize("damage", [None, spoil])
def test_a_key_of_another_portfolio_cancels_nothing(exchange, capsys, monkeypatch, damage):
    order = resting(exchange, capsys)
    name, secret = exchange.new_key(portfolio="99999999-2222-4333-8444-555555555555")
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    if damage is not None:
        damage(folder() / JOURNAL)
    code, found = call(capsys, "kill", "-p", "canary")
    assert (code, found["error"]["code"], found["data"]["latched"]) == (4, "AUTH", True)
    assert "of portfolio 99999999" in found["error"]["message"]
    assert order.status == "OPEN"


def test_a_key_that_may_do_more_keeps_nobody_from_killing(exchange, capsys, monkeypatch):
    order = resting(exchange, capsys)
    name, secret = exchange.new_key(can_transfer=True)
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)
    assert call(capsys, *REST, "--size", "0.0002")[0] == 4, "it may not place any"
    assert call(capsys, "kill", "-p", "canary")[0] == 0
    assert order.status == "CANCELLED"


def test_status_says_that_all_is_to_be_sold(exchange, capsys):
    hold_some(exchange, capsys)
    assert call(capsys, "status")[1]["data"]["flattening"] is False
    (folder() / FLATTEN).touch()
    assert call(capsys, "status")[1]["data"]["flattening"] is True
    assert main(["status"]) == 0
    assert "FLATTEN" in capsys.readouterr().out


# The watchdog.


def die():
    """Leave a sign of life of another boot."""
    (folder() / ALIVE).write_text("another-boot 00000000.0", encoding="ascii")


def idle(times, then):
    """Return a wait that takes no time; the last one of some does something."""
    waited = []

    def wait(_, seconds):
        waited.append(seconds)
        if len(waited) == times:
            then()
        return False

    return wait


@pytest.mark.parametrize("damage", [None, spoil])
def test_the_watchdog_cancels_before_it_pages(exchange, capsys, monkeypatch, damage):
    order, seen = resting(exchange, capsys), []
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setattr(
        Notifier, "tell", lambda _, alert, at: seen.append((order.status, alert.level, alert.text))
    )
    die()
    if damage is not None:
        damage(folder() / JOURNAL)
    code, found = call(capsys, "watchdog", "--once", "-p", "canary")
    assert (code, found["data"]["entries_left_open"]) == (1, []), found
    assert (found["ok"], found["error"]["code"]) == (False, "FAILURE")
    [(status, level, text)] = seen
    assert (status, level) == ("CANCELLED", "page")
    assert text.endswith("0 of its entries are left open")


def test_the_watchdog_goes_on_until_the_exchange_has_answered(exchange, capsys, monkeypatch):
    order, seen = resting(exchange, capsys), []
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setattr(Notifier, "tell", lambda _, alert, at: seen.append(alert.text))
    monkeypatch.setattr("gpt_trader.app.watchdog.VERIFY_S", 0.0)
    monkeypatch.setattr(Stop, "wait", idle(3, exchange.faults.heal))
    die()
    exchange.faults.add(html(503, times=None))
    code, found = call(capsys, "watchdog", "-p", "canary")
    assert (code, found["data"]["died"], order.status) == (1, True, "CANCELLED")
    assert ["not cancelled" in text for text in seen] == [True, False], "each is said once"


NOT_DONE = Fault("batch_cancel", status=200, body='{"results": []}', refuses=True)


def test_what_is_still_open_is_asked_to_be_cancelled_again(exchange, capsys):
    order = resting(exchange, capsys)
    die()
    exchange.faults.add(NOT_DONE)
    code, found = call(capsys, "watchdog", "--once", "-p", "canary")
    assert (code, found["data"]["entries_left_open"], order.status) == (1, [], "CANCELLED")


def test_the_watchdog_goes_on_while_an_entry_is_open(exchange, capsys, monkeypatch):
    order = resting(exchange, capsys)
    die()
    monkeypatch.setattr("gpt_trader.app.watchdog.VERIFY_S", 0.0)
    monkeypatch.setattr("gpt_trader.app.watchdog.UNSEEN_S", 0.0)
    monkeypatch.setattr(Stop, "wait", idle(3, exchange.faults.heal))
    exchange.faults.add(replace(NOT_DONE, times=None))
    code, found = call(capsys, "watchdog", "-p", "canary")
    assert (code, found["data"]["entries_left_open"], order.status) == (1, [], "CANCELLED")


def test_the_watchdog_leaves_a_bot_that_is_back_alone(exchange, capsys, monkeypatch):
    order = resting(exchange, capsys)
    die()
    monkeypatch.setattr("gpt_trader.app.watchdog.VERIFY_S", 0.0)
    monkeypatch.setattr(Stop, "wait", idle(2, Alive(folder()).touch))
    exchange.faults.add(replace(NOT_DONE, times=None))
    found = call(capsys, "watchdog", "-p", "canary")[1]
    assert (len(found["data"]["entries_left_open"]), order.status) == (1, "OPEN")


def test_the_watchdog_waits_for_what_may_still_turn_up(exchange, capsys, monkeypatch):
    assert call(capsys, *HOLD)[0] == 0
    exchange.faults.add(Fault(method="POST", path="/orders", cut="before"))
    exchange.books.hidden_ms = 3_600_000  # it is there, and nobody can see it
    monkeypatch.setattr("gpt_trader.app.operate.SETTLE_S", 0.5)
    limit = format(exchange.books.touch["BTC-USD"][0] * 9 // 10, "f") + ".00"
    call(capsys, *REST, "--size", "0.0002", "--type", "limit", "--price", limit)
    [order] = exchange.books.orders.values()
    die()
    monkeypatch.setattr("gpt_trader.app.watchdog.VERIFY_S", 0.0)
    data = call(capsys, "watchdog", "--once", "-p", "canary")[1]["data"]
    assert (data["entries_left_open"], len(data["unknown_orders"])) == ([], 1)
    assert main(["watchdog", "--once", "-p", "canary"]) == 1
    assert "orders of which not all is booked: 1" in capsys.readouterr().out
    monkeypatch.setattr(Stop, "wait", idle(2, lambda: setattr(order, "visible_ms", 0)))
    data = call(capsys, "watchdog", "-p", "canary")[1]["data"]
    assert (order.status, data["unknown_orders"]) == ("CANCELLED", [])


def test_a_key_that_may_not_trade_any_more_is_named(exchange, capsys):
    assert call(capsys, *HOLD)[0] == 0
    [(name, key)] = exchange.keys.known.items()
    exchange.keys.known[name] = replace(key, can_trade=False)
    _, found = call(capsys, "kill", "-p", "canary")
    assert any("the key may not trade" in one for one in found["warnings"])


@pytest.mark.parametrize("spoil", [lose, empty, lambda journal: journal.write_bytes(b"x" * 9000)])
def test_without_its_journal_status_tells_of_the_latch_that_lies_there(exchange, capsys, spoil):
    hold_some(exchange, capsys)
    assert call(capsys, "kill", "-p", "canary", "--by", "ann", "--reason", "odd")[0] == 0
    spoil(folder() / JOURNAL)
    code, found = call(capsys, "status", "-p", "canary")
    assert code in (1, 2)
    assert "HALT lies there: halted by ann: odd" in found["error"]["message"]
    assert "--profile dev" not in found["error"]["hint"]


@pytest.mark.parametrize("words", [["status"], ["status", "-p", "canary"], ["kill"]])
def test_a_folder_of_money_that_is_gone_is_named(exchange, capsys, words):
    hold_some(exchange, capsys)
    place = folder()
    place.rename(place.with_name("away"))
    (place.with_name("away") / JOURNAL).unlink()
    code, found = call(capsys, *words)
    assert code == 2
    assert f"{place} is gone, where money was traded" in found["error"]["message"]
    assert "takes over what the exchange shows" in found["error"]["hint"]


def test_a_mistyped_profile_is_told_which_there_are(exchange, capsys):
    hold_some(exchange, capsys)
    code, found = call(capsys, "kill", "-p", "canari")
    assert code == 2
    assert folder().name in found["error"]["hint"]
