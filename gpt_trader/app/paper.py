"""A session without money, run from Python: what the command `run` does, its journal as frames."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from gpt_trader.app.opened import OpenedSession, open_session
from gpt_trader.app.request import RunRequest, settings_of
from gpt_trader.app.run import OnCycle, View, run
from gpt_trader.observe.cycle import DecidedCycle
from gpt_trader.runtime.live.record import LiveRecord
from gpt_trader.runtime.state_dir import state_dir as session_place
from gpt_trader.runtime.stop import Stop, stop_signals
from gpt_trader.runtime.summary import Record

AT_ONCE = {"run.speed_bars_per_s": "none"}  # a market of the past goes as fast as it can


def run_paper(
    profile: str = "dev",
    *,
    settings: Mapping[str, object] | None = None,
    data: Sequence[str] = (),
    cycles: int | None = None,
    state_dir: str | os.PathLike[str] | None = None,
    on_cycle: Callable[[DecidedCycle], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> OpenedSession:
    """Run a session that trades no money, and return it as `open_session` does.

    profile: a name or a path, of mode dev, paper or observe. settings: values by dotted key of the
    profile, such as {"strategy": "sma_cross", "risk.max_product_pct": 50}. data: files or stored
    products instead of the profile's feed, as the command's --data. cycles: ends after so many;
    None: with the market's data, or when it is interrupted. state_dir: None: GPT_TRADER_STATE_DIR,
    else the user's state folder. on_cycle: told of each decided cycle; on_warning: of what else is
    to be known. A session that was stopped goes on. Ctrl-C ends it with everything saved.
    Raises ConfigError where money would move, and what the command ends with.
    """
    flags = AT_ONCE | dict(settings or {})
    folder = None if state_dir is None else Path(state_dir)
    asked = RunRequest(profile, flags=flags, data=data, cycles=cycles, state_dir=folder)
    found = settings_of(asked)  # never of money: that needs `live`, which nobody asks for here
    with _stop() as stop:
        run(asked, _view(on_cycle or _silent, on_warning or _silent), stop)
    return open_session(session_place(found.profile, folder, os.environ))


def _silent(_: object) -> None:
    """Tell nobody."""


def _view(on_cycle: Callable[[DecidedCycle], object], warn: Callable[[str], object]) -> View:
    """Return who is told of a run: two functions, and nobody else."""

    def tell(cycle: DecidedCycle) -> None:
        on_cycle(cycle)

    @contextmanager
    def cycles(_record: Record | LiveRecord, _expected: int | None) -> Iterator[OnCycle]:
        yield tell

    def say(text: str) -> None:
        warn(text)

    return View(note=_silent, warn=say, begin=lambda *_: None, cycles=cycles)


def _stop() -> AbstractContextManager[Stop]:
    """Return what ends a run: Ctrl-C, but in a thread, of which no signal takes notice."""
    if threading.current_thread() is threading.main_thread():
        return stop_signals()
    return nullcontext(Stop())
