"""A session without money, run from Python: what the command `run` does, its journal as frames."""

import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from gpt_trader.app.kept_settings import ANYHOW
from gpt_trader.app.opened import OpenedSession, names_of, open_session
from gpt_trader.app.request import RunRequest, settings_of
from gpt_trader.app.run import UNSEEN, View, run
from gpt_trader.brief import brief
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.domain.stated import check_whole, is_named, is_texts
from gpt_trader.door import at_the_door
from gpt_trader.errors import ConfigError
from gpt_trader.observe.cycle import DecidedCycle
from gpt_trader.paths import path_given
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.terms import LiveTerms
from gpt_trader.runtime.session import JOURNAL, Session, read_header
from gpt_trader.runtime.state_dir import state_dir as session_place
from gpt_trader.runtime.stop import Stop, stop_signals
from gpt_trader.runtime.wiring import Wired

HERE = str(Path(__file__).parents[1])  # no line of the library's is one to warn of
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
    to be known; None: another strategy than the session's is a warning of Python's. A session that
    was stopped goes on. Ctrl-C ends it with everything saved.
    Raises ConfigError where money would move, and what the command ends with.
    """
    if not isinstance(profile, str):
        raise TypeError(f"expected profile as a name or a path, was {brief(profile)}")
    if settings is not None and not is_named(settings):
        raise TypeError(f"expected settings as values by key, was {brief(settings)}")
    if not is_texts(data):
        raise TypeError(f"expected data as a list of files or products, was {brief(data)}")
    for name, told in (("on_cycle", on_cycle), ("on_warning", on_warning)):
        if told is not None and not callable(told):
            raise TypeError(f"expected {name} as a function, was {brief(told)}")
    if cycles is not None:
        check_whole("cycles", cycles, 1)
    flags = AT_ONCE | dict(settings or {})
    folder = None if state_dir is None else path_given("state_dir", state_dir)
    _check_no_money(profile, flags)
    asked = RunRequest(profile, flags=flags, data=data, cycles=cycles, state_dir=folder)
    found = settings_of(asked)
    place = session_place(found.profile, folder, os.environ)
    before = read_header(place) if (place / JOURNAL).exists() else None
    view = replace(
        _view(on_cycle, on_warning), begin=partial(_say_other, before, on_warning or _warn)
    )
    with _stop() as stop:
        run(asked, view, stop)
    return open_session(place)


def _check_no_money(profile: str, flags: Mapping[str, object]) -> None:
    """Raise ConfigError for a profile of money, whatever else it lacks."""
    found = load_profile(profile, env=os.environ, flags={**flags, **ANYHOW}).settings
    if found.trades_money:
        raise ConfigError(
            f"profile {found.profile} trades money: that is done by the command alone",
            hint='profile "paper" trades the same prices without money',
        )


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, skip_file_prefixes=(HERE,))


def _say_other(
    before: Header | None,
    tell: Callable[[str], object],
    _: Settings,
    terms: Wired | LiveTerms,
    session: Session,
) -> None:
    """Tell if a session goes on with strategies that are not those that it began with."""
    after = terms.header
    if before is not None and session.resumed and before.routes != after.routes:
        tell(
            f"this session ran {names_of(before)}, and goes on with {names_of(after)} or with "
            "other parameters: another state_dir keeps them apart"
        )


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
