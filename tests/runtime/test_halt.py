"""The kill latch: durable, read before each entry, and nothing passes once it is set."""

import fcntl
import threading
from types import SimpleNamespace

import pytest

from gpt_trader.data.store.durable import replace_file
from gpt_trader.engine.events import FlattenRequested, HaltRequested
from gpt_trader.errors import StorageError
from gpt_trader.runtime.halt import GATE, HALT, NEWER, Halt, Latch, latched_event

ANN = Halt("ann", "too fast")


def test_it_stays_until_it_is_cleared(tmp_path):
    latch = Latch(tmp_path)
    assert latch.read() is None
    with latch.entering() as may_begin:
        assert may_begin
    assert latch.set(ANN, 1.0)
    assert Latch(tmp_path).read() == ANN
    with latch.entering() as may_begin:
        assert not may_begin
    latch.clear(latch.mark())
    assert latch.read() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"by": 1}', "\xff"])
def test_a_latch_that_cannot_be_read_is_set(tmp_path, text):
    (tmp_path / HALT).write_text(text, encoding="latin-1")
    assert Latch(tmp_path).read() is not None
    with Latch(tmp_path).entering() as may_begin:
        assert not may_begin


def test_setting_it_waits_for_a_send_that_is_under_way(tmp_path, monkeypatch):
    latch = Latch(tmp_path)
    inside, go_on = threading.Event(), threading.Event()

    def send():
        with latch.entering() as may_begin:
            assert may_begin
            inside.set()
            go_on.wait(60)

    sender = threading.Thread(target=send)
    sender.start()
    inside.wait(60)
    assert not latch.set(ANN, 0.05), "one is on its way"
    real = fcntl.flock

    def flock(descriptor, operation):
        try:
            real(descriptor, operation)
        except BlockingIOError:  # it was held: now let it go
            go_on.set()
            raise

    monkeypatch.setattr(fcntl, "flock", flock)
    assert latch.set(ANN, 60.0), "the send is over"
    sender.join()


def test_without_the_gate_nothing_is_sent(tmp_path):
    (tmp_path / GATE).mkdir()
    with pytest.raises(StorageError, match="kill latch"), Latch(tmp_path).entering():
        pass


def test_a_wish_to_sell_stays_until_it_is_cleared(tmp_path):
    latch = Latch(tmp_path)
    assert not latch.wants_flat()
    latch.set(ANN._replace(flatten=True), 1.0)
    latch.set(Halt("bob", "again"), 1.0)
    assert latch.read() == Halt("bob", "again", flatten=True)
    latch.clear(latch.mark())
    assert (latch.wants_flat(), latch.read()) == (False, None)


@pytest.mark.parametrize("before", [None, Halt("bob", "slow"), ANN._replace(flatten=True)])
@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("is_full", [False, True])
def test_what_is_set_after_a_rearm_was_asked_for_stands(
    tmp_path, monkeypatch, before, flatten, is_full
):
    latch = Latch(tmp_path)
    if before is not None:
        latch.set(before, 1.0)
    asked = latch.mark()
    if is_full:
        fill_up(monkeypatch)
    latch.set(ANN._replace(flatten=flatten), 1.0)
    with latch.lifting(asked) as refused:
        assert refused == NEWER
    latch.clear(asked)
    assert latch.read() is not None
    assert latch.wants_flat() is (flatten or (before is not None and before.flatten))
    with latch.lifting(latch.mark()) as refused:
        assert refused == ""


def test_a_rearm_where_nothing_is_latched_needs_no_gate(tmp_path):
    with Latch(tmp_path).lifting("") as refused:
        assert refused == ""
    with Latch(tmp_path).lifting("another") as refused:
        assert refused == NEWER
    assert list(tmp_path.iterdir()) == []


def fill_up(monkeypatch):
    def replace_file(path, _):
        raise StorageError(f"{path}: no space left")

    monkeypatch.setattr("gpt_trader.runtime.halt.replace_file", replace_file)


def test_on_a_full_disk_an_empty_file_latches_and_says_why_it_is_empty(tmp_path, monkeypatch):
    fill_up(monkeypatch)
    assert Latch(tmp_path).set(ANN._replace(flatten=True), 1.0)
    halt = Latch(tmp_path).read()
    assert (halt.by, halt.flatten) == ("unknown", True)
    assert "is empty: the disk was full" in halt.reason
    with Latch(tmp_path).entering() as may_begin:
        assert not may_begin


def test_nobody_sees_a_latch_that_is_not_written_yet(tmp_path, monkeypatch):
    """A bot that looked in between was halted by nobody, for no reason."""
    seen = []
    real = replace_file

    def replace(path, content):
        seen.append((tmp_path / HALT).exists())
        real(path, content)

    monkeypatch.setattr("gpt_trader.runtime.halt.replace_file", replace)
    Latch(tmp_path).set(ANN, 1.0)
    assert seen == [False]
    assert Latch(tmp_path).read() == ANN


def test_a_rearm_does_not_begin_beside_an_entry_that_is_sent(tmp_path):
    """Until that is over a kill may wait for it: both have not returned yet."""
    latch = Latch(tmp_path)
    with latch.entering():
        latch.set(ANN, 0.0)
        with latch.lifting(latch.mark()) as refused:
            assert "under way" in refused
    assert latch.read() == ANN


def test_a_kill_looks_last_whether_its_latch_is_there(tmp_path, monkeypatch):
    latch, real = Latch(tmp_path), fcntl.flock
    halt = ANN._replace(flatten=True)

    def flock(descriptor, operation):
        monkeypatch.undo()
        latch.clear(latch.mark())  # a rearm of before, on its way
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert latch.set(halt, 1.0)
    assert latch.read() == halt


def test_a_folder_that_takes_no_file_is_said(tmp_path):
    with pytest.raises(StorageError, match="HALT: cannot be written"):
        Latch(tmp_path / "none").set(ANN, 1.0)


@pytest.mark.parametrize(
    "halt, halted, flattening, asked",
    [
        (None, False, False, None),
        (ANN, False, False, HaltRequested),
        (ANN, True, False, None),
        (ANN._replace(flatten=True), False, False, FlattenRequested),
        (ANN._replace(flatten=True), True, False, FlattenRequested),
        (ANN._replace(flatten=True), True, True, None),
    ],
)
def test_what_the_latch_asks_for_is_asked_once(tmp_path, halt, halted, flattening, asked):
    latch, state = Latch(tmp_path), SimpleNamespace(halted=halted, flattening=flattening)
    if halt is not None:
        latch.set(halt, 1.0)
    found = latched_event(latch, state, 7)
    assert found == (None if asked is None else asked(7, "ann", "too fast"))
