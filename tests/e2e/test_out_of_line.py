# ruff: noqa: F811 - a fixture that is imported
"""An account that is not in line is never silent: exit code, page and `status` say so."""

import pytest

from gpt_trader.cli.main import main
from gpt_trader.runtime.live import feed
from tests.e2e.test_delisted import data
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.e2e.test_modes import PROFILE, RUN, books  # noqa: F401 - a fixture
from tests.e2e.test_single_cycle import FLAGS
from tests.emulator import rest_private
from tests.live_helpers import BUSY, HOUR, MINUTE, live

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have


def test_a_single_cycle_that_ends_out_of_line_says_so_and_so_does_status(
    books, account, capsys, monkeypatch
):
    """No time passes at the exchange while a command runs: nothing has stayed for long enough."""
    for name in ("SEEN_S", "AGAIN_S", "PROOF_S"):
        monkeypatch.setattr(feed, name, 1.0)
    books.transfer("USD", "5")
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 5
    said = capsys.readouterr().err
    assert "the account is out of line since" in said, said
    assert "USD holds" in said
    assert "gpt-trader account reconcile" in said
    assert "USD holds" in data(capsys, "status", *PROFILE)[1]["out_of_line"]
    assert main(["status", *PROFILE]) == 0
    assert "DIFFERS" in capsys.readouterr().out
    assert data(capsys, "account", "reconcile", *PROFILE)[0] == 1
    books.transfer("USD", "-5")
    account.advance(account.now_ms + HOUR)
    assert main(RUN) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert data(capsys, "status", *PROFILE)[1]["out_of_line"] is None


def test_what_two_single_cycles_show_alike_is_adopted_by_the_second(
    books, account, capsys, monkeypatch
):
    """What the first looked at is not forgotten: else no cycle would ever come to adopt it."""
    for name in ("SEEN_S", "AGAIN_S", "PROOF_S"):
        monkeypatch.setattr(feed, name, 1.0)
    books.transfer("USD", "5")
    for code in (5, 0, 0):  # the third sees that it is in line
        account.advance(account.now_ms + HOUR)
        assert main(RUN) == code, capsys.readouterr().err
    capsys.readouterr()
    assert data(capsys, "status", *PROFILE)[1]["out_of_line"] is None
    assert data(capsys, "account", "reconcile", *PROFILE)[0] == 0


def test_a_single_cycle_waits_until_what_no_order_tells_is_adopted(tmp_path, monkeypatch):
    """A row of a correction stands beside its fill for ever; each cycle would count anew."""
    plain = rest_private._fills
    extra = []

    def fills(books, query):
        answer = plain(books, query)
        rows = [
            one for one in extra if one["order_id"] in query.get("order_ids", [one["order_id"]])
        ]
        return answer._replace(
            document=answer.document | {"fills": rows + answer.document["fills"]}
        )

    monkeypatch.setattr(rest_private, "_fills", fills)
    with live(tmp_path, BUSY, **FLAGS) as desk:
        exchange = desk.exchange
        while not exchange.books.fills:
            exchange.advance((exchange.now_ms // MINUTE + 1) * MINUTE + 5_000)
            desk.run(exchange.now_ms + 10 * MINUTE, once=True)
        row = rest_private.fill_row(exchange.books.fills[0])
        extra.append(row | {"entry_id": "corrected", "trade_type": "CORRECTION"})
        exchange.books.transfer("USD", "-0.001")
        for _ in range(2):
            begun_ms = exchange.now_ms
            session = desk.run(begun_ms + 10 * MINUTE, once=True)
        assert session.state.reconciled_ms > begun_ms
        assert session.state.frozen == ("", ""), "less than a cent"
