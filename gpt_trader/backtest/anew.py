"""Asking a strategy again in a way that it cannot remember what it was asked before.

Code that somebody brings may keep what it has seen: in its module, in one that it imports, in
Python's own. So a process is forked before the first question, and answers none itself: each
group's questions are asked in a fork of it, with the code imported anew there, about rising rows.
What was kept of one product, whose bars end later, is gone when the next is asked. Built-in
strategies keep nothing.

A fork has one thread, and whatever waits there for another waits for ever. So none is made where a
pool of threads is up, and one that stands still is ended; a second copy of the code is asked in
this process then.
"""

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from gpt_trader.backtest.descriptors import SWAPPING, empty, left_open
from gpt_trader.backtest.imported import imported_anew, is_importable
from gpt_trader.backtest.pools import is_at_work, is_pool_up
from gpt_trader.backtest.reads import all_noted, note_all
from gpt_trader.door import users_place
from gpt_trader.errors import StrategyError, TraderError, UsageError
from gpt_trader.kernel.compiled import COMPILING
from gpt_trader.measure.checks import Ask, Windows
from gpt_trader.strategy.aside import PUTTING
from gpt_trader.strategy.asked import Ends, ask_ends
from gpt_trader.strategy.registry import brings_code, is_array_strategy, place_in_strategy
from gpt_trader.strategy.sight import Group, Seen

FAULT = "this is a fault of the strategy"
FORKS = sys.platform == "linux"  # elsewhere the system's own libraries may not survive a fork
PATIENCE_S = 10  # without an answer, nor a moment's work on one: it waits for what never comes
STOOD_STILL = threading.Event()  # set once a fork did: so would the next


@contextlib.contextmanager
def asked_anew(groups: Sequence[Group]) -> Iterator[list[Ask]]:
    """Yield how each group's strategy is asked again; to be entered before it is asked.

    Asking raises StrategyError where one fails, UsageError where it ends
    the process that asks it.
    """
    pairs = [(one.strategy, one.seen) for one in groups]
    brought = [j for j, (one, _) in enumerate(pairs) if _is_to_be_held_apart(one)]
    asks = [Ask(partial(ask_ends, strategy, seen), lambda: "built in") for strategy, seen in pairs]
    if not brought or not FORKS or STOOD_STILL.is_set() or is_pool_up():
        for j in brought:
            asks[j] = _beside(*pairs[j])
        yield asks
        return
    with _forked(pairs) as child:
        for j in brought:
            asks[j] = _there(child, j, *pairs[j])
        yield asks


def _is_to_be_held_apart(strategy: Any) -> bool:  # noqa: ANN401
    return is_array_strategy(type(strategy)) and brings_code(strategy)


def _beside(strategy: Any, seen: Seen) -> Ask:  # noqa: ANN401
    """Return how a second copy of its code is asked, in this process."""
    known = dict(sys.modules)
    made = imported_anew(strategy)
    sys.modules.update(known)
    asked_in = "same" if made is strategy else "module"
    return Ask(partial(ask_ends, made, seen), lambda: asked_in)


@dataclass(frozen=True, slots=True)
class _Child:
    """The other process, and the pipe to it."""

    pid: int
    pipe: Connection


@dataclass(frozen=True, slots=True)
class _Failed:
    """An error of the other process."""

    message: str
    hint: str
    where: str | None


class _StoodStillError(Exception):
    """The other process answers nothing, and does nothing."""


def _there(child: _Child, j: int, strategy: Any, seen: Seen) -> Ask:  # noqa: ANN401
    """Return how the other process is asked; this one, from when that one stands still."""
    beside: list[Ask] = []

    def ends(windows: Windows) -> Ends:
        if not beside and not STOOD_STILL.is_set():
            try:
                return _ends_there(child, j, strategy, seen, windows)
            except _StoodStillError:
                STOOD_STILL.set()
        if not beside:
            beside.append(_beside(strategy, seen))
        return beside[0].ends(windows)

    def asked_in() -> str:
        if beside:
            return beside[0].asked_in()
        return "process" if is_importable(strategy) else "fork"

    return Ask(ends, asked_in)


def _ends_there(
    child: _Child,
    j: int,
    strategy: Any,  # noqa: ANN401
    seen: Seen,
    windows: Windows,
) -> Ends:
    """Return what the other process answers. Raises _StoodStillError, too."""
    try:
        child.pipe.send((j, windows))
        _await(child)
        answer: Ends | _Failed
        answer, notes = child.pipe.recv()
    except (EOFError, OSError) as error:
        raise UsageError(  # no failing point of a search: the next one would end this process
            f"strategy {strategy.name} ended the process that asked it",
            hint="a strategy answers, and ends nothing",
        ) from error
    note_all(notes)
    if isinstance(answer, _Failed):
        cause = _failure_here(strategy, seen, windows)
        raise StrategyError(answer.message, hint=answer.hint, where=answer.where) from cause
    return answer


def _await(child: _Child) -> None:
    """Wait for an answer, as long as somebody works on it."""
    spent_ticks = still_s = 0
    while not child.pipe.poll(1):
        spent_ticks, is_working = is_at_work(child.pid, spent_ticks)
        still_s = 0 if is_working else still_s + 1
        if still_s >= PATIENCE_S:
            raise _StoodStillError


def _failure_here(strategy: Any, seen: Seen, windows: Windows) -> Exception | None:  # noqa: ANN401
    """Return what the strategy fails with in this process, with its frames; None: nothing.

    It fails in any case: of what it keeps of this question nothing comes.
    """
    try:
        ask_ends(strategy, seen, windows)
    except Exception as error:  # noqa: BLE001 - it is the cause of what is raised
        return error
    return None


@contextlib.contextmanager
def _forked(pairs: Sequence[tuple[Any, Seen]]) -> Iterator[_Child]:
    # What another thread holds at a fork is never let go there: this one holds all that an answer
    # needs, and its own end of the pipe is in no other fork.
    with COMPILING, PUTTING, SWAPPING:
        here, there = Pipe()
        pid = _fork()
        if pid != 0:
            there.close()
    if pid == 0:
        here.close()
        _serve(there, pairs)
    _lead(pid)
    try:
        yield _Child(pid, here)
    finally:
        here.close()
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _lead(pid: int) -> None:
    """Let a process have a group of its own, to be ended with the one that answers for it.

    Either side does so, whichever comes first.
    """
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        os.setpgid(pid, pid)


def _fork() -> int:
    with warnings.catch_warnings():  # what other threads hold is seen to
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _serve(pipe: Connection, pairs: Sequence[tuple[Any, Seen]]) -> NoReturn:
    """Have questions answered until nobody asks any more, or whoever answers one ends.

    Ends without what this process inherited to do.
    """
    try:
        _lead(os.getpid())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        empty(left_open())
        while True:
            j, windows = pipe.recv()
            strategy, seen = pairs[j]
            pipe.send_bytes(_answer_apart(pipe, strategy, seen, windows))
    finally:  # whatever it was: what comes after a fork is the other process's
        os._exit(0)


def _answer_apart(
    pipe: Connection,
    strategy: Any,  # noqa: ANN401
    seen: Seen,
    windows: Windows,
) -> bytes:
    """Return what a fork of this process answers, and what it reached for meanwhile, as sent.

    Raises EOFError if it ends before. Ends with it where nobody is left at the other end of `pipe`.
    """
    here, there = Pipe()
    pid = os.fork()
    if pid == 0:
        try:
            there.send((_answer(strategy, seen, windows), all_noted()))
        finally:
            os._exit(0)
    there.close()
    try:
        if pipe in wait([here, pipe]):  # asked nothing more before this is answered: it is gone
            os.killpg(0, signal.SIGKILL)
        return here.recv_bytes()
    finally:
        here.close()
        os.waitpid(pid, 0)


def _answer(strategy: Any, seen: Seen, windows: Windows) -> Ends | _Failed:  # noqa: ANN401
    try:
        return ask_ends(imported_anew(strategy), seen, windows)
    except TraderError as error:
        return _Failed(error.message, error.hint, error.where)
    except Exception as error:  # noqa: BLE001 - told in the process that asks
        said = f"strategy {strategy.name} failed: {type(error).__name__}: {error}"
        return _Failed(said, FAULT, place_in_strategy(error) or users_place(error))
