"""Lines are added whole, and one that a crash cut short spoils no other."""

from gpt_trader.data.store.durable import append_line


def test_a_torn_line_stays_alone(tmp_path):
    path = tmp_path / "folder" / "log"
    append_line(path, "one")
    append_line(path, "two")
    assert path.read_bytes() == b"one\ntwo\n"
    path.write_bytes(b"one\ntw")
    append_line(path, "three")
    assert path.read_bytes() == b"one\ntw\nthree\n"
    path.write_bytes(b"")
    append_line(path, "four")
    assert path.read_bytes() == b"four\n"
