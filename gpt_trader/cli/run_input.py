"""From what a user asked `run` for to the parts of a session."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gpt_trader.cli.history import Period, load_files, load_store, parse_data
from gpt_trader.config.load import load_profile, overrides
from gpt_trader.config.settings import Settings
from gpt_trader.data.catalog import parse_spec
from gpt_trader.data.files import Loaded
from gpt_trader.data.store import data_dir
from gpt_trader.data.times import parse_interval
from gpt_trader.domain.bars import Bars
from gpt_trader.errors import ConfigError, UsageError
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


def prepare(asked: Asked) -> tuple[Settings, Wired, list[str]]:
    """Return the settings, the wired session and notes on its data.

    Raises UsageError, ConfigError or DataError.
    """
    if asked.profile is None:
        raise UsageError(
            "which profile?",
            hint="--profile dev (a synthetic market, no account), or set GPT_TRADER_PROFILE",
        )
    interval_ms = None if asked.interval is None else parse_interval(asked.interval)
    flags = dict(asked.flags) | overrides(asked.sets)
    if asked.data:
        flags |= {"feed": "file"}
    settings = load_profile(asked.profile, env=os.environ, flags=flags).settings
    _check_live(settings, asked)
    series, notes = _series(asked, settings, interval_ms)
    if asked.risk:
        return settings, wire(settings, series), notes
    length_ms = settings.interval_ms if series is None else series[0].interval_ms
    return settings, wire(settings, series, no_policy(length_ms)), notes


def _check_live(settings: Settings, asked: Asked) -> None:
    """Money needs both the profile and the flag; this version has neither to give it to."""
    if asked.live and settings.mode != "live":
        raise ConfigError(
            f"--live needs a profile of mode live, {settings.profile} is of mode {settings.mode}",
            hint="leave out --live",
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
    if settings.feed == "file":
        return _told(_stored(asked, settings, settings.products))
    if asked.spec is not None or asked.period != Period(None, None):
        raise UsageError(
            "--product-spec, --from and --to need --data",
            hint="the synthetic market has its own products and time",
        )
    return None, []


def _stored(asked: Asked, settings: Settings, products: Sequence[str]) -> list[Loaded]:
    root = data_dir(asked.data_dir, os.environ)
    return load_store(root, products, asked.period, interval_ms=settings.interval_ms)


def _told(loaded: Sequence[Loaded]) -> tuple[list[Bars], list[str]]:
    return [one.bars for one in loaded], [n for one in loaded for n in one.report.notes]
