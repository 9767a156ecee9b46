"""What a user asked `run` for, and the settings that it comes to."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gpt_trader.app.history import ALL_OF_IT, Period
from gpt_trader.config.load import load_profile, overrides
from gpt_trader.config.schema import is_loopback
from gpt_trader.config.settings import Settings
from gpt_trader.errors import ConfigError, HaltError, UsageError


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. flags: values by dotted profile key, None where not given.

    data: files or stored products instead of the profile's feed, within a period. reads: the same
    of what is read and not traded; an exchange tells its own. specs: their grids. risk: whether the
    profile's limits hold. live: money may move. once: one cycle; cycles: so many, None: until the
    end. fills: a file for the session's fills.
    """

    profile: str | None
    flags: Mapping[str, object] = field(default_factory=dict)
    sets: Sequence[str] = ()
    data: Sequence[str] = ()
    reads: Sequence[str] = ()
    period: Period = ALL_OF_IT
    interval: str | None = None
    specs: Sequence[str] = ()
    risk: bool = True
    live: bool = False
    data_dir: Path | None = None
    once: bool = False
    cycles: int | None = None
    state_dir: Path | None = None
    fills: Path | None = None


def settings_of(asked: RunRequest) -> Settings:
    """Return the settings that were asked for. Raises UsageError or ConfigError."""
    if asked.profile is None:
        raise UsageError(
            "which profile?",
            hint="--profile dev (a synthetic market, no account), or set GPT_TRADER_PROFILE",
        )
    flags = dict(asked.flags) | overrides(asked.sets)
    if asked.data:
        flags |= {"feed": "file"}
    settings = load_profile(asked.profile, env=os.environ, flags=flags).settings
    if settings.trades_money and not asked.risk:
        raise ConfigError(
            f"profile {settings.profile} trades money: it does not start without its limits",
            hint="leave out --risk none; --profile paper takes it",
        )
    check_live(settings, live=asked.live)
    return settings


def check_live(settings: Settings, *, live: bool) -> None:
    """Raise ConfigError unless money is meant by both the profile and the flag, or by neither."""
    if live and not settings.trades_money:
        raise ConfigError(
            f"--live needs a profile of mode live, {settings.profile} is of mode {settings.mode}",
            hint="leave out --live",
        )
    if not settings.trades_money:
        return
    if not live:
        raise ConfigError(
            f"profile {settings.profile} trades money, and --live is not given",
            hint="--profile paper trades the same prices without money",
        )
    check_stand_in(settings)


def check_stand_in(settings: Settings) -> None:
    """Raise HaltError unless orders of money go to a stand-in on this machine.

    Until the whole of the risk layer exists they go nowhere else.
    """
    if settings.access.rest_url is None or not is_loopback(settings.access.rest_url):
        raise HaltError(
            "this version sends orders to a stand-in on this machine only",
            hint=f"set GPT_TRADER_{settings.venue.upper()}__REST_URL to it, or use --profile paper",
        )
