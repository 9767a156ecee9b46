import contextlib
import shutil
import tracemalloc

import apsw
import pytest

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.chain import GENESIS, link
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal


def entry(number, *, decisions=()):
    return NewEntry(1_000 + number, "Bar", f'{{"n":{number}}}', '["é"]', "[1]", decisions)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    with open_journal(path) as journal:
        yield journal


def numbers(journal, **arguments):
    return [stored.seq for stored in journal.read(**arguments)]


# ------------------------------------------------------------------ orders it knows


def test_an_order_is_known_once_an_entry_names_it(path):
    named = entry(1)._replace(intents=("a", "b"))
    with open_journal(path) as journal:
        assert journal.unknown(["a", "x"]) == {"a", "x"}
        journal.append([named, named], durable=False)
        assert journal.unknown(["a", "b", "x"]) == {"x"}, "also what waits"
        assert journal.unknown([]) == set()
    with open_journal(path, create=False) as journal:
        assert journal.unknown(["b", "x"]) == {"x"}
    with open_journal(path, readonly=True) as journal:
        assert journal.unknown(["b", "x"]) == {"x"}, "nothing waits to be written"


def test_an_order_stays_known_where_its_entry_was_cut_off(journal):
    journal.append([entry(1)._replace(intents=("a",)), *map(entry, range(2, 12))])
    for seq in (5, 9):
        journal.save_snapshot(seq, 1, "{}")
    assert journal.compact("{}", None).entries == 5
    assert journal.unknown(["a"]) == set()


# ------------------------------------------------------------------ append and read


def test_new_journal_is_empty(journal):
    assert journal.head() == (0, GENESIS)
    assert list(journal.read()) == []
    assert journal.verify().ok


def test_append_returns_the_last_number_and_read_gives_it_all_back(journal):
    assert journal.append([entry(1), entry(2)]) == 2
    assert journal.append([entry(3)]) == 3
    first, _, third = journal.read()
    assert first[:6] == (1, *entry(1)[:5])
    assert first.digest == link(GENESIS, *entry(1)[:5])
    assert journal.head() == (3, third.digest)


def test_append_of_nothing_changes_nothing(journal):
    assert journal.append([]) == 0
    assert numbers(journal) == []


def test_head_and_chain_go_on_after_reopening(path):
    with open_journal(path) as journal:
        journal.append([entry(1)])
        head = journal.head()
    with open_journal(path) as journal:
        assert journal.head() == head
        assert journal.append([entry(2)]) == 2
        assert journal.verify().entries == 2


def test_same_entries_give_the_same_head_in_any_grouping(tmp_path):
    with open_journal(tmp_path / "a") as one, open_journal(tmp_path / "b") as other:
        one.append([entry(n) for n in range(5)])
        for n in range(5):
            other.append([entry(n)], durable=n % 2 == 0)
        assert one.head() == other.head()


@pytest.mark.parametrize(
    "after_seq, limit, expected",
    [
        (0, None, 600),
        (0, 0, 0),
        (0, 256, 256),
        (0, 257, 257),
        (599, 5, 1),
        (600, None, 0),
        (700, None, 0),
    ],
)
def test_read_gives_a_window_across_pages(journal, after_seq, limit, expected):
    journal.append([entry(n) for n in range(600)])
    assert numbers(journal, after_seq=after_seq, limit=limit) == list(
        range(after_seq + 1, after_seq + 1 + expected)
    )


def test_read_sees_what_is_appended_meanwhile(journal):
    journal.append([entry(1)])
    reading = journal.read()
    assert next(reading).seq == 1
    journal.append([entry(2)])
    assert next(reading).seq == 2


def test_memory_stays_flat_while_reading(journal):
    text = '{"x":"' + "y" * 1_000 + '"}'
    for _ in range(20):
        journal.append([NewEntry(0, "Bar", text)] * 250)
    tracemalloc.start()
    assert sum(1 for _ in journal.read()) == 5_000
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2_000_000


def test_text_that_is_not_unicode_is_refused_before_anything_is_written(journal):
    with pytest.raises(UnicodeEncodeError):
        journal.append([entry(1), NewEntry(0, "Bar", "\ud800")])
    assert journal.append([entry(1)]) == 1
    assert journal.verify().ok


def test_entry_of_a_wrong_type_is_refused_and_leaves_no_trace(journal):
    with pytest.raises(JournalError, match="does not fit"):
        journal.append([entry(1, decisions=(("BTC-USD", "noon"),))])
    assert numbers(journal) == []
    assert journal.append([entry(1)]) == 1


# ------------------------------------------------------------------ group commit


def test_waiting_entries_are_seen_by_readers_only_after_the_next_durable_one(journal, path):
    journal.append([entry(1)], durable=False)
    assert journal.head()[0] == 1
    with open_journal(path, readonly=True) as reader:
        assert reader.head()[0] == 0
        journal.append([entry(2)])
        assert reader.head() == journal.head()
        assert numbers(reader) == [1, 2]


def test_flush_and_close_write_what_waits(path):
    with open_journal(path) as journal:
        journal.append([entry(1)], durable=False)
        journal.flush()
        assert numbers(journal) == [1]
        journal.append([entry(2)], durable=False)
    with open_journal(path) as journal:
        assert numbers(journal) == [1, 2]


def test_failed_append_keeps_what_was_waiting_and_the_journal_stays_usable(path):
    other = apsw.Connection(str(path))
    with open_journal(path, busy_timeout_ms=0) as journal:
        journal.append([entry(1)], durable=False)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another process is writing"):
            journal.append([entry(99)])
        assert journal.head()[0] == 1
        other.execute("ROLLBACK")
        assert journal.append([entry(2)]) == 2
        assert [stored.time_ms for stored in journal.read()] == [1_001, 1_002]
    other.close()


def test_second_writer_is_noticed_and_writes_nothing(path, journal):
    with open_journal(path) as other:
        other.append([entry(1)])
        with pytest.raises(JournalError, match="does not fit"):
            journal.append([entry(2)])
        assert numbers(other) == [1]


# ------------------------------------------------------------------ decisions and header


def test_decisions_are_found_newest_first_and_up_to_a_time(journal):
    btc, eth = "BTC-USD", "ETH-USD"
    journal.append([entry(1, decisions=((btc, 60), (eth, 60), (btc, 60))), entry(2)])
    journal.append([entry(3, decisions=((btc, 120),)), entry(4, decisions=((btc, 120),))])
    assert journal.decisions(btc) == [(4, 120)]
    assert journal.decisions(btc, limit=9) == [(4, 120), (3, 120), (1, 60)]
    assert journal.decisions(btc, 119, limit=9) == [(1, 60)]
    assert journal.decisions(btc, 59) == []
    assert journal.decisions(eth, limit=9) == [(1, 60)]
    assert journal.decisions("XRP-USD") == []


# ------------------------------------------------------------------ opening


def test_empty_file_becomes_a_journal(path):
    path.touch()
    with open_journal(path) as journal:
        assert journal.append([entry(1)]) == 1


@pytest.mark.parametrize("options", [{"create": False}, {"readonly": True}])
@pytest.mark.parametrize("exists", [False, True])
def test_no_journal_is_said_plainly_and_none_is_made(path, options, exists):
    if exists:
        path.touch()
    with pytest.raises(JournalError, match="the file is empty" if exists else "no journal here"):
        open_journal(path, **options)
    assert path.exists() == exists
    assert not exists or path.stat().st_size == 0


def test_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be opened"):
        open_journal(tmp_path / "no" / "journal.db")


@pytest.mark.parametrize("size", [2, 50, 99, 100, 5_000])
def test_file_that_is_not_sqlite_is_refused_and_left_alone(path, size):
    path.write_bytes(b"x" * size)
    with pytest.raises(JournalError, match="not a journal"):
        open_journal(path)
    assert path.read_bytes() == b"x" * size


@pytest.mark.parametrize(
    "mark", ["PRAGMA application_id = 7", "CREATE TABLE t (x)", "PRAGMA user_version = 1"]
)
def test_sqlite_file_of_another_program_is_refused_and_left_alone(path, mark):
    with contextlib.closing(apsw.Connection(str(path))) as other:
        other.execute(mark)
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another program"):
        open_journal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", [60, 4_096, 5_000, 12_288])
def test_truncated_journal_is_refused_or_reported(path, size):
    with open_journal(path) as journal:
        journal.append([entry(n) for n in range(500)])
    with path.open("r+b") as file:
        file.truncate(size)
    with pytest.raises(JournalError, match=r"damaged|not a journal") as caught:
        open_journal(path)
    assert not isinstance(caught.value, StorageError)
    assert caught.value.hint


def test_journal_of_a_newer_version_is_refused_with_a_hint(path):
    with open_journal(path):
        pass
    with contextlib.closing(apsw.Connection(str(path))) as other:
        other.pragma("user_version", 99)
    with pytest.raises(JournalError, match=r"schema version <= \d, was 99") as caught:
        open_journal(path)
    assert "update" in caught.value.hint


def test_reader_does_not_migrate_an_older_file(path):
    with open_journal(path):
        pass
    with contextlib.closing(apsw.Connection(str(path))) as other:
        other.pragma("user_version", 0)
    with pytest.raises(JournalError, match="the file is empty"):
        open_journal(path, readonly=True)


def test_write_ahead_log_of_a_killed_process_is_recovered(path, tmp_path, journal):
    journal.append([entry(1), entry(2)])  # still in the log: nothing was checkpointed
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    shutil.copy(f"{path}-wal", f"{copy}-wal")
    with open_journal(copy) as recovered:
        assert recovered.head() == journal.head()
        assert recovered.verify().ok


def test_reader_may_not_write(path):
    with open_journal(path) as journal:
        journal.append([entry(1)])
    with open_journal(path, readonly=True) as reader:
        for write in (
            lambda: reader.append([entry(2)]),
            lambda: reader.save_snapshot(1, 1, "{}"),
            reader.prune_snapshots,
        ):
            with pytest.raises(JournalError, match="reading only"):
                write()
        assert numbers(reader) == [1]


def test_journal_is_durable_by_its_settings(journal):
    settings = {name: journal._connection.pragma(name) for name in ("journal_mode", "synchronous")}
    assert settings == {"journal_mode": "wal", "synchronous": 2}


def test_memory_database_cannot_be_durable():
    from gpt_trader.journal.schema import prepare

    with (
        contextlib.closing(apsw.Connection(":memory:")) as connection,
        pytest.raises(StorageError, match="expected a write-ahead log"),
    ):
        prepare(connection, "memory")
