"""What a journal says of an account before a run."""

from gpt_trader.broker.exchange.refused_key import KEY, TAKEN
from gpt_trader.engine.events import Noted, Reconciled, Started
from gpt_trader.engine.ports import Entry
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import to_stored
from gpt_trader.runtime.live.apart import APART, IN_LINE
from gpt_trader.runtime.live.told import Untold, told_apart, told_by, told_key


def test_the_newest_look_that_found_no_difference_counts(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:

        def write(event):
            journal.append([to_stored(Entry(event, (), ()))])
            return told_by(journal, None).in_line_ms

        assert write(Started(1, {})) is None
        assert write(Reconciled(2, 0, 1)) is None
        assert write(Reconciled(3, 4, 0)) == 3
        assert write(Reconciled(5, 0, 0)) == 5
        assert write(Reconciled(6, 0, 1)) == 5
        assert write(Reconciled(7, 0, 2)) == 5


def test_what_the_start_could_not_read_is_handed_on(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:
        told = told_by(journal, Untold(7, is_sure=False))
        assert (told.untold_ms, told.is_unsure) == (7, True)
        assert told_by(journal, None).unknown(["a"]) == {"a"}


def test_an_account_that_was_told_to_be_out_of_line_is_so_until_it_is_said_to_be_in_line(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:

        def write(about, text):
            journal.append([to_stored(Entry(Noted(1, about, text), (), ()))])
            return told_apart(journal), told_by(journal, None).is_told_apart

        assert write("clock", "fast") == ("", False)
        assert write(APART, "USD") == ("USD", True)
        assert write("clock", "slow") == ("USD", True)
        assert write(APART, IN_LINE) == ("", False)
        assert write(APART, "BTC") == ("BTC", True)


def test_a_key_is_refused_until_it_is_taken_again_or_a_start_has_asked_it(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:

        def write(event):
            journal.append([to_stored(Entry(event, (), ()))])
            return told_key(journal)

        assert write(Started(1, {})) == ""
        assert write(Noted(2, KEY, "403")) == "403"
        assert write(Noted(3, APART, "USD")) == "403"
        assert write(Noted(4, KEY, TAKEN)) == ""
        assert write(Noted(5, KEY, "403")) == "403"
        assert write(Started(6, {})) == ""
