"""`gpt-trader orders`: a hand's orders pass the same checks as the bot's."""

import json

import pytest

from gpt_trader.app.folders import session_folder
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.session import JOURNAL
from tests.session_helpers import call, write_market

FLAT = ("--strategy", "hold")


@pytest.fixture
def data(tmp_path):
    return write_market(tmp_path / "SOL-USD_1h.csv", n=60)


@pytest.fixture
def session(capsys, data):
    """A stopped session that holds nothing and never trades by itself; returns a stepper."""

    def step(cycles):
        flags = ("-q", "run", "-p", "dev", *FLAT, "--data", data, "--cycles", cycles)
        assert call(capsys, *flags)[0] == 0

    step(3)
    return step


def place(capsys, *args):
    code, out, _ = call(capsys, "orders", "place", *args, "--json")
    return code, json.loads(out)


def listed(capsys):
    return json.loads(call(capsys, "orders", "list", "--json")[1])["data"]["orders"]


def test_an_order_on_a_fresh_state_knows_prices_from_history_and_fills_at_the_next_bar(capsys):
    code, document = place(capsys, "BTC-USD", "buy", "--value", "500", "-p", "dev")
    assert code == 0
    assert document["data"]["order"]["status"] == "OPEN"
    assert [g["state"] for g in document["data"]["guards"]] == ["OK"] * 11
    assert call(capsys, "-q", "run", "-p", "dev", "--once")[0] == 0
    (order,) = [one for one in listed(capsys) if one["origin"] == "operator"]
    assert order["status"] == "FILLED"
    assert float(order["filled"]) > 0
    assert call(capsys, "replay")[0] == 0


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--value", "500"), "OPEN, it fills at the next bar's open"),
        (("--type", "limit", "--size", "1", "--price", "50"), "OPEN, the next bar can fill it"),
    ],
)
def test_it_is_said_what_a_simulated_order_waits_for(session, capsys, flags, words):
    code, out, _ = call(capsys, "orders", "place", "SOL-USD", "buy", *flags)
    assert code == 0
    assert words in out


def test_a_limit_rests_is_edited_and_cancelled(session, capsys):
    flags = ("SOL-USD", "buy", "--type", "limit", "--size", "1", "--price", "50.01")
    code, document = place(capsys, *flags, "--post-only")
    assert code == 0
    order_id = document["data"]["order"]["client_order_id"]
    code, out, _ = call(capsys, "orders", "edit", order_id[:8], "--price", "51", "--size", "2")
    assert code == 0
    assert "changed: buy 2.0000" in out
    (order,) = listed(capsys)
    assert (order["side"], float(order["size"]), float(order["price"])) == ("buy", 2.0, 51.0)
    session(2)
    assert listed(capsys)[0]["status"] == "OPEN"
    assert call(capsys, "orders", "cancel", order_id[:8])[0] == 0
    assert listed(capsys)[0]["status"] == "CANCELLED"
    code, _, err = call(capsys, "orders", "cancel", order_id)
    assert code == 2
    assert f"order {order_id} has ended: CANCELLED" in err


def test_a_sell_is_cut_to_what_is_held(session, capsys):
    assert place(capsys, "SOL-USD", "buy", "--value", "500")[0] == 0
    session(1)
    code, document = place(capsys, "SOL-USD", "sell", "--size", "1000000")
    assert code == 0
    assert document["data"]["order"]["reduce_only"] is True
    assert document["data"]["cut_from"].startswith("1000000")
    session(1)
    assert json.loads(call(capsys, "status", "--json")[1])["data"]["positions"] == []


def test_stop_limit_and_bracket_protect_what_is_held(session, capsys):
    assert place(capsys, "SOL-USD", "buy", "--size", "4")[0] == 0
    session(1)
    stop = ("--type", "stop_limit", "--size", "2", "--price", "40", "--stop", "41")
    bracket = ("--type", "bracket", "--size", "2", "--price", "400", "--stop", "41")
    assert place(capsys, "SOL-USD", "sell", *stop)[0] == 0
    code, document = place(capsys, "SOL-USD", "sell", *bracket)
    assert code == 0
    assert (document["data"]["order"]["stop"], document["data"]["order"]["price"]) == (
        "41.00",
        "400.00",
    )


@pytest.mark.parametrize(
    "args, code, words",
    [
        (("buy", "--size", "100"), "PRODUCT_CAP", "0.25"),
        (("buy", "--value", "0.5"), "BELOW_MINIMUM", ""),
        (("sell", "--size", "1"), "NOTHING_TO_SELL", ""),
        (("buy", "--size", "0.000000001"), "OFF_GRID", "is not a multiple of 0.00000001"),
        (
            ("buy", "--type", "limit", "--size", "1", "--price", "50.001"),
            "OFF_GRID",
            "multiple of 0.01; the nearest below is 50.00",
        ),
    ],
)
def test_a_refusal_names_guard_value_and_limit_and_exits_6(args, code, words, session, capsys):
    exit_code, document = place(capsys, "SOL-USD", *args)
    assert exit_code == 6
    assert document["ok"] is False
    assert document["error"]["code"] == code
    assert words in document["error"]["message"]
    assert document["command"] == "orders place"
    assert (document["data"]["order"] or {"status": "REFUSED"})["status"] == "REFUSED"
    assert listed(capsys) == []
    exit_code, _, err = call(capsys, "orders", "place", "SOL-USD", *args)
    assert exit_code == 6
    assert err.startswith(f"error: refused: {code}")


def test_a_dry_run_says_the_verdict_and_sends_nothing(session, capsys):
    code, out, _ = call(capsys, "orders", "place", "SOL-USD", "buy", "--value", "100", "--dry-run")
    assert code == 0
    assert "would be taken: buy 100.00 USD SOL-USD market" in out
    assert listed(capsys) == []


def test_a_dry_run_writes_nothing_and_knows_the_latch(session, capsys):
    code, document = place(
        capsys, "SOL-USD", "buy", "--type", "limit", "--size", "1", "--price", "50.01"
    )
    key = document["data"]["order"]["client_order_id"]
    folder = session_folder("dev", None)
    Latch(folder).set(Halt("ann", "odd", flatten=True), 0.0)
    before = head(folder)
    code, document = place(capsys, "SOL-USD", "buy", "--value", "100", "--dry-run")
    assert (code, document["error"]["code"]) == (6, "HALTED")
    for words in (["cancel", key], ["edit", key, "--price", "49"], ["cancel-all"]):
        call(capsys, "orders", *words, "--dry-run")
    assert head(folder) == before
    assert call(capsys, "orders", "place", "SOL-USD", "sell", "--size", "1", "--dry-run")[0] == 6


def test_a_dry_run_begins_no_session(capsys):
    code, document = place(capsys, "BTC-USD", "buy", "--value", "100", "--dry-run", "-p", "dev")
    assert (code, document["error"]["code"]) == (2, "USAGE")
    assert not session_folder("dev", None).exists()


def head(folder):
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        return journal.head()


def test_a_dry_run_has_no_status_of_a_sent_order(session, capsys):
    code, document = place(capsys, "SOL-USD", "buy", "--value", "100", "--dry-run")
    assert (code, document["data"]["order"]["status"]) == (0, "DRY_RUN")


def test_too_much_is_called_too_much_and_the_failure_names_the_subcommand(session, capsys):
    code, document = place(capsys, "SOL-USD", "buy", "--value", "1e12")
    assert (code, document["command"]) == (2, "orders place")
    assert "expected --value below " in document["error"]["message"]


def test_an_order_that_ends_before_the_next_bar_is_refused(session, capsys):
    bar = json.loads(call(capsys, "status", "--json")[1])["data"]["next_bar"]
    flags = ("SOL-USD", "buy", "--type", "limit", "--size", "1", "--price", "50", "--tif", "GTD")
    code, document = place(capsys, *flags, "--until", bar)
    assert (code, document["error"]["code"]) == (6, "ALREADY_EXPIRED")
    after = bar.replace(":00:00.000Z", ":00:00.001Z")
    assert place(capsys, *flags, "--until", after)[0] == 0


def test_a_pause_refuses_an_entry_and_lets_an_exit_pass(session, capsys):
    assert place(capsys, "SOL-USD", "buy", "--value", "500")[0] == 0
    session(1)
    call(capsys, "pause")
    code, document = place(capsys, "SOL-USD", "buy", "--value", "100")
    assert (code, document["error"]["code"]) == (6, "PAUSED")
    assert place(capsys, "SOL-USD", "sell", "--size", "1")[0] == 0


@pytest.mark.parametrize(
    "args",
    [
        ("buy",),
        ("buy", "--size", "1", "--value", "5"),
        ("sell", "--value", "5"),
        ("buy", "--size", "-1"),
        ("buy", "--size", "NaN"),
        ("buy", "--size", "1", "--price", "5"),
        ("buy", "--size", "1", "--stop", "5"),
        ("buy", "--size", "1", "--type", "limit"),
        ("buy", "--size", "1", "--type", "stop_limit", "--price", "5"),
        ("buy", "--size", "1", "--tif", "GTC"),
        ("buy", "--size", "1", "--post-only"),
        ("buy", "--size", "1", "--type", "limit", "--price", "5", "--tif", "GTD"),
        ("buy", "--size", "1", "--type", "limit", "--price", "5", "--post-only", "--tif", "IOC"),
    ],
)
def test_what_cannot_be_an_order_is_a_usage_error(args, session, capsys):
    code, _, err = call(capsys, "orders", "place", "SOL-USD", *args)
    assert code == 2
    assert err.startswith("error: ")


def test_an_order_after_the_end_says_that_no_bar_will_meet_it(session, capsys):
    session(1000)
    _, document = place(capsys, "SOL-USD", "buy", "--value", "100")
    assert "no bar will meet this order" in document["warnings"][0]


def test_an_unknown_order_and_nothing_to_change_are_usage_errors(session, capsys):
    assert call(capsys, "orders", "cancel", "ffff")[0] == 2
    assert call(capsys, "orders", "edit", "ffff")[0] == 2
    assert call(capsys, "orders", "edit", "ffff", "--size", "1")[0] == 2
    assert call(capsys, "orders", "place", "XRP-USD", "buy", "--size", "1")[0] == 2
    assert "no orders yet" in call(capsys, "orders", "list")[1]
