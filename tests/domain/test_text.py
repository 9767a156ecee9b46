"""Text that a terminal may be shown."""

from gpt_trader.domain.text import printable


def test_signs_that_move_a_cursor_are_told():
    assert printable("a\x1b[2Jb\r\x9b") == "a\\x1b[2Jb\\r\\x9b"
    assert printable("ä weight=0.5") == "ä weight=0.5"
