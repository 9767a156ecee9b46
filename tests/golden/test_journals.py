"""Journals of an older version open, verify, recover, replay and go on. See journals/README.md."""

import hashlib
import json
import lzma
from decimal import Decimal
from pathlib import Path

import pytest

from gpt_trader.domain.order import Origin
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.engine.codec import state_text
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.journal.compact import line
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.header import plan_of
from gpt_trader.runtime.journaling import read_entries, recover_state
from gpt_trader.runtime.session import JOURNAL, read_header
from tests.emulator import serve
from tests.emulator.books import Order
from tests.live_helpers import BUSY, MINUTE, Live, keep_time_of
from tests.order_ids_helpers import hashed
from tests.session_helpers import call

FOLDER = Path(__file__).parent / "journals"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
EXCHANGE = EXPECTED.pop("live-exchange")
NAMES = tuple(EXPECTED)
NUMBERS = {"size", "budget", "limit", "stop", "taker_rate", "maker_rate", "filled", "value", "fees"}


def profile_of(name):
    return {"plain": "dev", "live": "canary", "paper": "paper"}[name.partition("-")[0]]


def unpack(name, root):
    """Put a journal where its profile's session is looked for; return the session's folder."""
    folder = root / profile_of(name)
    folder.mkdir(parents=True)
    packed = (FOLDER / f"{name}.db.xz").read_bytes()
    (folder / JOURNAL).write_bytes(lzma.decompress(packed))
    return folder


def told(capsys, root, name, *words):
    """Return the data that a command says of a session."""
    where = ("-p", profile_of(name), "--state-dir", root)
    code, out, _ = call(capsys, *words, *where, "--json")
    assert code == 0
    return json.loads(out)["data"]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def state_digest(folder):
    header = read_header(folder)
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        return sha256(state_text(recover_state(journal, plan_of(header), header.cash)))


def as_told_before(told, before):
    """Return what is told without the keys that the older version did not know."""
    if isinstance(told, dict) and isinstance(before, dict):
        return {key: as_told_before(one, before[key]) for key, one in told.items() if key in before}
    if isinstance(told, list) and isinstance(before, list) and len(told) == len(before):
        return [as_told_before(one, other) for one, other in zip(told, before, strict=True)]
    return told


def sent(folder, after=0):
    """Return the ids of the orders that a journal's entries sent."""
    return [order.client_order_id for order in orders_sent(folder, after)]


def orders_sent(folder, after=0):
    """Return the orders that a journal's entries sent."""
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        return [
            command.order
            for entry in read_entries(journal, after)
            for command in entry.commands
            if isinstance(command, SubmitOrder)
        ]


def decided(folder, after=0):
    """Return one digest of all records and commands, whatever the starts state."""
    digest = hashlib.sha256()
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        for entry in journal.read(after):
            if entry.kind != "Started":
                digest.update((entry.records + entry.commands).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_journal_holds_and_reads_as_it_did(name, tmp_path):
    folder, expected = unpack(name, tmp_path), EXPECTED[name]
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        report = journal.verify()
        assert report.problem == ""
        assert journal.anchor()[0] == expected["anchor"]
        assert (journal.head()[0], report.head.hex()) == (expected["entries"], expected["head"])
        assert sha256("".join(map(line, journal.read()))) == expected["lines_sha256"]
    assert sent(folder) == expected["sent"]
    assert decided(folder) == expected["decisions_sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_an_old_journal_recovers_to_the_same_state(name, tmp_path):
    assert state_digest(unpack(name, tmp_path)) == EXPECTED[name]["state_sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_an_old_session_is_shown_as_it_was(name, tmp_path, capsys):
    unpack(name, tmp_path)
    status = told(capsys, tmp_path, name, "status")
    status["journal"] = {key: status["journal"][key] for key in ("entries", "head")}
    assert as_told_before(status, EXPECTED[name]["status"]) == EXPECTED[name]["status"]
    orders = told(capsys, tmp_path, name, "orders", "list")
    assert sha256(json.dumps(orders, sort_keys=True)) == EXPECTED[name]["orders_sha256"]


@pytest.mark.parametrize("name", ["plain", "paper"])
def test_an_old_session_is_decided_again_to_the_same_bytes(name, tmp_path, capsys):
    unpack(name, tmp_path)
    assert told(capsys, tmp_path, name, "replay") == EXPECTED[name]["replay"]


@pytest.mark.parametrize("name", ["live", "live-2"])
def test_an_old_live_session_is_decided_again_up_to_its_first_position(name, tmp_path, capsys):
    """Since, orders wait for coins that others hold, and how long there is no stop is noted."""
    unpack(name, tmp_path)
    code, out, _ = call(capsys, "replay", "-p", "canary", "--state-dir", tmp_path, "--json")
    found = json.loads(out)["data"]["difference"]
    assert code == 1
    assert (found["event"], found["recorded"]) == ("FillReceived", "nothing")
    assert found["now"]["type"] == "ExposureNoted"


@pytest.mark.parametrize("name", ["plain", "plain-compacted"])
def test_an_old_simulated_session_goes_on_to_the_same_bytes(name, tmp_path, capsys):
    folder, expected = unpack(name, tmp_path), EXPECTED[name]
    drawn = read_header(folder).data
    code, _, _ = call(capsys, *expected["run"], "--cycles", 60, "--state-dir", tmp_path)
    assert code == 0
    if read_header(folder).data != drawn:
        pytest.skip("numpy draws the synthetic market otherwise in its last bits on this processor")
    assert not (folder / "journal-0001.db").exists()
    on = expected["on"]
    assert sent(folder, expected["entries"]) == on["sent"]
    assert decided(folder, expected["entries"]) == on["decisions_sha256"]
    assert state_digest(folder) == on["state_sha256"]
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        assert (journal.head()[0], journal.head()[1].hex()) == (on["entries"], on["head"])


@pytest.mark.parametrize("name", ["live", "live-compacted", "live-2"])
def test_an_old_live_session_goes_on_with_the_same_orders(name, tmp_path):
    folder, expected = unpack(name, tmp_path), EXPECTED[name]
    there = expected.get("exchange", EXCHANGE)
    with serve(BUSY, now_ms=there["now_ms"]) as exchange:
        as_it_was(exchange.books, there)
        desk = Live(exchange, folder, expected["flags"], secret=exchange.new_key())
        for _ in range(2):
            session = desk.run(exchange.now_ms + 4 * MINUTE)
        assert session.resumed
        new = orders_sent(folder, expected["entries"])
        routed = [hashed(o.client_order_id) for o in new if o.intent.origin is Origin.ROUTE]
        if "on" in expected:
            pinned = [hashed(key) for key in expected["on"]["sent"]]
            assert routed[:2] == pinned[:2], "up to the first exit, which then is tried more often"
        assert len(routed) >= 4
        assert all(is_ours(o.client_order_id, read_header(folder).portfolio) for o in new)
        assert exchange.books.violations == exchange.denied == exchange.books.replays == []
        assert exchange.books.fills


def test_an_old_paper_session_goes_on_with_the_same_decisions(tmp_path, capsys, monkeypatch):
    folder, expected = unpack("paper", tmp_path), EXPECTED["paper"]
    with serve(now_ms=expected["now_ms"]) as exchange:
        monkeypatch.setenv("GPT_TRADER_COINBASE__REST_URL", exchange.rest_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__PUBLIC_REQUESTS_PER_S", "1000")
        keep_time_of(exchange, monkeypatch)
        for _ in range(3):
            code, _, _ = call(capsys, *expected["run"], "--once", "--state-dir", tmp_path)
            assert code == 0
            exchange.advance(exchange.now_ms + 60 * MINUTE)
    on = expected["on"]
    assert sent(folder, expected["entries"]) == on["sent"]
    assert decided(folder, expected["entries"]) == on["decisions_sha256"]


def as_it_was(books, there):
    """Let an exchange hold what it held when the live journals were written."""
    books.totals = {asset: Decimal(total) for asset, total in there["totals"].items()}
    books.moved = dict(books.totals)
    books._asked = there["asked"]
    for row in there["open_orders"]:
        known = {k: Decimal(v) if k in NUMBERS and v is not None else v for k, v in row.items()}
        order = Order(**known)
        for table, key in (
            (books.orders, order.order_id),
            (books.by_client, order.client_order_id),
            (books._live, order.order_id),
        ):
            table[key] = order
