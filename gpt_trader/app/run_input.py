"""From what a user asked `run` for to the parts of a session."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gpt_trader.app.history import Period, load_files, load_store, parse_data
from gpt_trader.config.load import load_profile, overrides
from gpt_trader.config.schema import is_loopback
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import Venue
from gpt_trader.data.catalog import parse_spec
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.store.store import data_dir
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import parse_interval
from gpt_trader.errors import ConfigError, HaltError, UsageError
from gpt_trader.risk.policy import no_policy
from gpt_trader.runtime.wiring import Wired, wire


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line. flags: values by dotted profile key, None where not given."""

    profile: str | None
    flags: Mapping[str, object]
    sets: Sequence[str]
    data: Sequence[str]
    period: Period
    interval: str | None
    spec: str | None
    risk: bool
    live: bool
    data_dir: Path | None = None


def settings_of(asked: Asked) -> Settings:
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
    check_live(settings, live=asked.live)
    return settings


def prepare(asked: Asked, settings: Settings) -> tuple[Wired, list[str]]:
    """Return a simulated session's parts and notes on its data.

    Raises UsageError, ConfigError or DataError.
    """
    interval_ms = None if asked.interval is None else parse_interval(asked.interval)
    series, notes = _series(asked, settings, interval_ms)
    if asked.risk:
        return wire(settings, series), notes
    length_ms = settings.interval_ms if series is None else series[0].interval_ms
    return wire(settings, series, no_policy(length_ms)), notes


def check_live(settings: Settings, *, live: bool) -> None:
    """Raise unless money is meant by both the profile and the flag, or by neither.

    Until the whole of the risk layer exists, orders of money go to a stand-in on this machine
    only: HaltError.
    """
    if live and settings.mode != "live":
        raise ConfigError(
            f"--live needs a profile of mode live, {settings.profile} is of mode {settings.mode}",
            hint="leave out --live",
        )
    if settings.mode != "live":
        return
    if not live:
        raise ConfigError(
            f"profile {settings.profile} trades money, and --live is not given",
            hint="--profile paper trades the same prices without money",
        )
    if settings.access.rest_url is None or not is_loopback(settings.access.rest_url):
        raise HaltError(
            "this version sends orders to a stand-in on this machine only",
            hint=f"set GPT_TRADER_{settings.venue.upper()}__REST_URL to it, or use --profile paper",
        )


def _series(
    asked: Asked, settings: Settings, interval_ms: int | None
) -> tuple[list[Bars] | None, list[str]]:
    """Return the files' bars and what is to be said of them; None: the synthetic market."""
    if asked.data:
        spec = {} if asked.spec is None else parse_spec(asked.spec)
        named = parse_data(asked.data, settings.products)
        files = {product: path for product, path in named.items() if path is not None}
        loaded = load_files(files, asked.period, interval_ms=interval_ms, spec=spec)
        stored = [product for product in named if product not in files]
        return _told([*loaded, *_stored(asked, settings, stored)])
    match settings.feed:
        case "file":
            return _told(_stored(asked, settings, settings.products))
        case "synthetic":
            if asked.spec is not None or asked.period != Period(None, None):
                raise UsageError(
                    "--product-spec, --from and --to need --data",
                    hint="the synthetic market has its own products and time",
                )
            return None, []
        case venue:
            return _none_of(venue)


def _none_of(_: Venue) -> tuple[None, list[str]]:
    """Return nothing: an exchange's bars come as they close. `wire` says what to do instead."""
    return None, []


def _stored(asked: Asked, settings: Settings, products: Sequence[str]) -> list[Loaded]:
    root = data_dir(asked.data_dir, os.environ)
    return load_store(root, products, asked.period, interval_ms=settings.interval_ms)


def _told(loaded: Sequence[Loaded]) -> tuple[list[Bars], list[str]]:
    return [one.bars for one in loaded], [n for one in loaded for n in one.report.notes]
