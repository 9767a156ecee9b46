"""The settings of a session that exists: found again from where its journal says its profile is."""

import os
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import VENUES
from gpt_trader.errors import ConfigError
from gpt_trader.runtime.header import Header


class Kept(NamedTuple):
    """Settings, and what is doubtful about them."""

    settings: Settings
    doubts: list[str]


def kept_settings(header: Header | None, named: str | None = None) -> Kept:
    """Return the settings of a session, from any folder and environment.

    Its profile is looked for where the header says it was, then as it was `named` now, then by its
    name. An emergency must not depend on any of it: without a profile that can be read the defaults
    and the environment say how the exchange is reached, and a wrong variable keeps nobody from it.
    header: None if it cannot be read.
    """
    doubts = []
    envs = os.environ, _access(os.environ)
    for ref, env in product(_places(header, named), envs):
        try:
            settings = load_profile(ref, env=env, flags={}).settings
        except ConfigError as error:
            doubts.append(error.message)
            continue
        if header is not None and _differs(header, settings):
            doubts.append(f"{settings.file.path} has changed since the session began with it")
            return Kept(settings, doubts[-1:])
        return Kept(settings, [])
    doubts.append("no profile can be read: the environment alone says how the exchange is reached")
    return Kept(load_profile(None, env=_access(os.environ), flags={}).settings, doubts)


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
