"""A session without money, run from Python: what the command `run` does, its journal as frames."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from gpt_trader.app.opened import OpenedSession, open_session
from gpt_trader.app.request import RunRequest, settings_of
from gpt_trader.app.run import UNSEEN, View, run
from gpt_trader.domain.stated import check_whole
from gpt_trader.door import at_the_door
from gpt_trader.observe.cycle import DecidedCycle
from gpt_trader.runtime.state_dir import state_dir as session_place
from gpt_trader.runtime.stop import Stop, stop_signals

AT_ONCE = {"run.speed_bars_per_s": "none"}  # a market of the past goes as fast as it can


@at_the_door
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
    if not isinstance(profile, str):
        raise TypeError(f"expected profile as a name or a path, was {profile!r:.80}")
    if settings is not None and not isinstance(settings, Mapping):
        raise TypeError(f"expected settings as values by key, was {settings!r:.80}")
    if isinstance(data, str):
        raise TypeError(f"expected data as a list of files or products, was {data!r:.80}")
    if cycles is not None:
        check_whole("cycles", cycles, 1)
    flags = AT_ONCE | dict(settings or {})
    folder = None if state_dir is None else Path(state_dir)
    asked = RunRequest(profile, flags=flags, data=data, cycles=cycles, state_dir=folder)
    found = settings_of(asked)  # never of money: that needs `live`, which nobody asks for here
    with _stop() as stop:
        run(asked, _view(on_cycle, on_warning), stop)
    return open_session(session_place(found.profile, folder, os.environ))


def _view(
    on_cycle: Callable[[DecidedCycle], object] | None, on_warning: Callable[[str], object] | None
) -> View:
    """Return who is told of a run: two functions, and nobody else."""
    view = UNSEEN if on_warning is None else replace(UNSEEN, warn=_without_answer(on_warning))
    if on_cycle is None:
        return view
    return replace(view, cycles=lambda _record, _expected: nullcontext(_without_answer(on_cycle)))


def _without_answer[T](tell: Callable[[T], object]) -> Callable[[T], None]:
    def told(what: T) -> None:
        tell(what)

    return told


def _stop() -> AbstractContextManager[Stop]:
    """Return what ends a run: Ctrl-C, but in a thread, of which no signal takes notice."""
    if threading.current_thread() is threading.main_thread():
        return stop_signals()
    return nullcontext(Stop())
