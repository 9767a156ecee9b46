"""The settings of a session that exists: found again from where its journal says its profile is."""

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gpt_trader.app.request import check_stand_in
from gpt_trader.config.load import load_profile
from gpt_trader.config.location import ProfileError
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import VENUES
from gpt_trader.errors import ConfigError
from gpt_trader.runtime.header import Header

ANYHOW = {"alerts.required": False}  # an address that is wrong keeps nobody from the exchange


class Kept(NamedTuple):
    """Settings, and what is doubtful about them."""

    settings: Settings
    doubts: list[str]


def kept_settings(header: Header | None, named: str | None = None) -> Kept:
    """Return the settings of a session, from any folder and environment.

    Its profile is looked for where the header says it was, then as it was `named` now, then by its
    name. An emergency must not depend on any of it: without a profile that can be read the defaults
    and the environment say how the exchange is reached, and a wrong variable is left out. Nothing
    that is wrong with either raises. header: None if it cannot be read.
    """
    doubts: list[str] = []
    for ref in _places(header, named):
        try:
            settings, left_out = _load(ref, dict(os.environ))
        except (ConfigError, OSError) as error:
            where = error.where if isinstance(error, ConfigError) else None
            doubts.append(f"{where}: {error}" if where else str(error))
            continue
        doubts = left_out
        if header is not None and _differs(header, settings):
            doubts.append(f"{settings.file.path} has changed since the session began with it")
        return Kept(settings, doubts)
    doubts.append("no profile can be read: the environment alone says how the exchange is reached")
    settings, left_out = _load(None, _access(os.environ))
    return Kept(settings, doubts + left_out)


def settings_to_enter(
    header: Header, named: str | None, warn: Callable[[str], object], *, live: bool
) -> Settings:
    """Return the settings of a session of money for what may add risk to it.

    That it trades money is the journal's word, whatever became of its profile; that it may add any
    is said by `live` and by a profile that can be read, never by the environment alone. warn: is
    told what is doubtful about the settings. Raises ConfigError, or HaltError.
    """
    settings, doubts = kept_settings(header, named)
    for doubt in doubts:
        warn(doubt)
    if not live:
        raise ConfigError(
            f"session {header.profile} trades money, and --live is not given",
            hint="--profile paper trades the same prices without money",
        )
    if not settings.trades_money:
        found = f"{settings.profile} is of mode {settings.mode}" if settings.profile else "none is"
        raise ConfigError(
            f"session {header.profile} trades money, and no profile says that it may: {found}",
            hint=f"mend {header.file.path or header.profile}; what ends risk needs no profile",
        )
    check_stand_in(settings)
    return settings


def _load(ref: str | None, env: dict[str, str]) -> Kept:
    """Return a profile's settings with the variables that are right, and what of them is not.

    Raises ConfigError or OSError if the profile is wrong without any of them.
    """
    doubts: list[str] = []
    while True:
        try:
            return Kept(load_profile(ref, env=env, flags=ANYHOW).settings, doubts)
        except ProfileError as error:
            wrong = {one.origin.text.removeprefix("env "): str(one) for one in error.problems}
            if not env:
                raise
        named = {name: said for name, said in wrong.items() if name in env}
        doubts += [f"left out: {said}" for said in named.values()]
        if named:
            env = {name: value for name, value in env.items() if name not in named}
        else:  # something of it does not go with the profile
            fewer = _access(env)
            env = fewer if len(fewer) < len(env) else {}


def _places(header: Header | None, named: str | None) -> list[str]:
    """Return where a session's profile may be, the surest first, each once."""
    kept = [] if header is None else [header.file.path, header.profile]
    wanted = [*kept[:1], named or "", *kept[1:]]
    return list(dict.fromkeys(ref for ref in wanted if ref))


def _differs(header: Header, settings: Settings) -> bool:
    return header.file.path == settings.file.path and header.file.sha256 != settings.file.sha256


def _access(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say how exchange and owner are reached: no other is in the way."""
    begins = tuple(f"GPT_TRADER_{section.upper()}__" for section in ("alerts", *VENUES))
    return {name: value for name, value in env.items() if name.startswith(begins)}
