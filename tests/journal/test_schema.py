import contextlib
from pathlib import Path

import apsw
import pytest

from gpt_trader.errors import JournalError
from gpt_trader.journal.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    check_current,
    check_identity,
    prepare,
)


@pytest.fixture
def connection(tmp_path):
    with contextlib.closing(apsw.Connection(str(tmp_path / "j.db"))) as connection:
        yield connection


def tables(connection):
    return {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")
    }


def test_blank_file_takes_every_step(connection):
    assert check_identity(connection, "j") == 0
    prepare(connection, "j")
    assert check_identity(connection, "j") == len(MIGRATIONS)
    assert connection.pragma("application_id") == APPLICATION_ID
    assert tables(connection) == {"entry", "decision", "snapshot", "meta", "intent"}


def test_every_table_is_strict(connection):
    prepare(connection, "j")
    rows = connection.execute("SELECT strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'")
    assert {strict for (strict,) in rows} == {1}


def test_older_file_takes_only_the_missing_steps_and_keeps_its_rows(connection):
    prepare(connection, "j")
    connection.execute("INSERT INTO meta VALUES ('profile', 'dev')")
    steps = (*MIGRATIONS, "ALTER TABLE meta ADD COLUMN note TEXT;")
    prepare(connection, "j", steps=steps)
    assert check_identity(connection, "j", steps=steps) == len(steps)
    assert connection.execute("SELECT * FROM meta").fetchall() == [("profile", "dev", None)]
    prepare(connection, "j", steps=steps)
    assert check_identity(connection, "j", steps=steps) == len(steps)


def test_an_older_file_knows_the_orders_that_its_entries_sent(connection):
    prepare(connection, "j", steps=MIGRATIONS[:2])
    submit = '{"order":{"client_order_id":"%s"},"type":"SubmitOrder"}'
    texts = (
        "[]",
        f"[{submit % 'a'},{submit % 'b'}]",
        '[{"client_order_id":"c","type":"CancelOrder"}]',
        f'[1,"x",null,{submit % "a"}]',
        '[{"type":"SubmitOrder"}]',
        "no json",
    )
    for seq, commands in enumerate(texts, 1):
        row = (seq, 0, "Test", "{}", "[]", commands, bytes(32))
        connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    prepare(connection, "j")
    assert connection.execute("SELECT * FROM intent").fetchall() == [("a",), ("b",)]


def test_step_that_fails_leaves_the_file_as_it_was(connection):
    prepare(connection, "j")
    with pytest.raises(apsw.SQLError):
        prepare(connection, "j", steps=(*MIGRATIONS, "CREATE TABLE more (x); nonsense;"))
    assert check_identity(connection, "j") == len(MIGRATIONS)
    assert "more" not in tables(connection)


def test_a_file_that_lost_a_table_is_damaged(connection):
    prepare(connection, "j")
    connection.execute("DROP TABLE snapshot")
    with pytest.raises(JournalError, match="damaged"):
        check_identity(connection, "j")


def test_reader_refuses_a_file_that_misses_a_step_that_it_needs():
    check_current(1, "j")
    with pytest.raises(JournalError, match="expected schema version >= 2, was 1"):
        check_current(1, "j", needed=2)


def test_every_version_before_refuses_a_file_that_this_one_wrote(connection):
    prepare(connection, "j")
    newest = len(MIGRATIONS)
    for known in range(1, newest):
        with pytest.raises(JournalError, match=f"expected schema version <= {known}, was {newest}"):
            check_identity(connection, "j", steps=MIGRATIONS[:known])


def test_docs_show_the_tables_as_they_are():
    docs = Path(__file__).parents[2] / "docs" / "journal.md"
    assert "\n".join(MIGRATIONS) in docs.read_text(encoding="utf-8")
    assert f"0x{APPLICATION_ID:x}" in docs.read_text(encoding="utf-8")
