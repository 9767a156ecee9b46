"""A loop's sign of life: counted by a clock that nobody sets."""

import os
import time

import pytest

from gpt_trader.runtime.live import alive
from gpt_trader.runtime.live.alive import ALIVE, Alive


@pytest.fixture
def now(monkeypatch):
    """Return the machine's monotonic clock, to be set."""
    at = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def test_silence_is_counted_until_the_run_ends(tmp_path, now):
    mine = Alive(tmp_path)
    assert mine.silent_s() is None
    mine.touch()
    now[0] += 0.5
    mine.touch()
    assert mine.silent_s() == 0.5, "once a second is enough"
    now[0] += 41.5
    assert Alive(tmp_path).silent_s() == 42.0
    mine.touch()
    assert mine.silent_s() == 0.0
    mine.end()
    mine.end()
    assert mine.silent_s() is None


def test_what_ended_a_run_is_kept_until_the_next_one_lives(tmp_path):
    mine = Alive(tmp_path)
    mine.touch()
    mine.fail("the key is refused")
    mine.touch()
    assert Alive(tmp_path).failed() == "the key is refused"
    Alive(tmp_path).touch()
    assert Alive(tmp_path).failed() == ""
    mine.fail("x")
    mine.end()
    assert mine.failed() == ""
    Alive(tmp_path / "gone").fail("x")
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("time_s", [1, 4_000_000_000])
def test_a_wall_clock_that_was_set_says_nothing(tmp_path, now, time_s):
    mine = Alive(tmp_path)
    mine.touch()
    os.utime(tmp_path / ALIVE, (time_s, time_s))
    now[0] += 60.0
    assert mine.silent_s() == 60.0


@pytest.mark.parametrize("text", ["", "torn", "another-boot 000000000000999.000", "\xff"])
def test_what_is_of_another_boot_or_unreadable_is_silence(tmp_path, now, text):
    (tmp_path / ALIVE).write_text(text, encoding="latin-1")
    assert Alive(tmp_path).silent_s() == now[0]


def test_a_disk_that_takes_nothing_does_not_end_the_loop(tmp_path, now, monkeypatch):
    mine = Alive(tmp_path)
    mine.touch()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    now[0] += 5.0
    mine.touch()
    assert mine.silent_s() == 5.0


def test_a_machine_that_does_not_name_its_boots(tmp_path, now, monkeypatch):
    monkeypatch.setattr(alive, "BOOT", tmp_path / "none")
    Alive(tmp_path).touch()
    now[0] += 3.0
    assert Alive(tmp_path).silent_s() == 3.0
