"""`gpt-trader validate-config`: check a profile; show every value and where it came from."""

import os
from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.output import Json, ProfileName, Sets
from gpt_trader.config.keys import all_keys, format_value
from gpt_trader.config.load import LoadedProfile, load_profile, overrides
from gpt_trader.config.location import Location, Problem, ProfileError
from gpt_trader.config.secrets import credential_source
from gpt_trader.config.text import nearest
from gpt_trader.errors import TraderError, UsageError

COMMAND = "validate-config"
MASKED = ("alerts.webhook_url", "alerts.heartbeat_url")  # all but the host is a key


def command(
    profile: ProfileName = None,
    sets: Sets = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="KEY", help="Explain one key.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a profile (default: dev) and show every effective value with its origin.

    Exits 3 and names every mistake with its file, line and column. Secrets are never shown.
    """
    loaded = load_profile(
        "dev" if profile is None else profile, env=os.environ, flags=overrides(sets or [])
    )
    problems = [*_strategy_problems(loaded), *_credential_problems(loaded)]
    if problems:
        raise ProfileError(problems)
    if explain is not None:
        _explain(loaded, explain, json=json)
        return
    warnings, settings = _warnings(loaded), loaded.settings
    output.emit(COMMAND, _data(loaded), warnings, json=json)
    if not json:
        rows = [(key, text, loaded.origins[key]) for key, text in _texts(loaded).items()]
        title = f"{settings.profile}: {settings.description}"
        output.table(("key", "value", "origin"), rows, title=title)
        print(f"ok: the profile is valid ({settings.file.path})")


def _strategy_problems(loaded: LoadedProfile) -> list[Problem]:
    """Create every route's strategy; what it refuses is a mistake of the profile."""
    from gpt_trader.strategy.registry import create

    problems = []
    for index, route in enumerate(loaded.settings.routes):
        long_form = f"routes[{index}]."
        prefix = long_form if f"{long_form}strategy" in loaded.values else ""
        try:
            create(route.strategy, route.params)
        except UsageError as error:
            origin = loaded.origins[f"{prefix}strategy"]
            for name in route.params:
                if name in error.message.replace("'", " ").split():
                    origin = loaded.origins[f"{prefix}params.{name}"]
            problems.append(Problem(error.message, origin, error.hint))
    return problems


def _credential_problems(loaded: LoadedProfile) -> list[Problem]:
    if not loaded.settings.needs_venue:
        return []
    try:
        credential_source(os.environ, loaded.settings.access)
    except TraderError as error:
        return [
            Problem(error.message, loaded.origins[f"{loaded.settings.venue}.key_file"], error.hint)
        ]
    return []


def _warnings(loaded: LoadedProfile) -> list[str]:
    settings = loaded.settings
    warnings = list(loaded.warnings)
    if settings.needs_venue:
        source = credential_source(os.environ, settings.access)
        if source is None and settings.sends:
            from gpt_trader.runtime.venues import title  # it imports what speaks to exchanges

            key, secret = settings.access.secrets
            warnings.append(f"no {title(settings)} key found: set {key} and {secret}")
        if settings.trades_money:
            warnings.append(
                f"profile {settings.profile} trades money: this version sends orders to a "
                "stand-in on this machine only"
            )
    if settings.costs.below_default():
        warnings.append("costs are below the exchange's worst tier: results are flattered")
    return warnings


def _data(loaded: LoadedProfile) -> dict[str, Any]:
    settings = loaded.settings
    needed = settings.needs_venue
    texts = _texts(loaded)
    return {
        "profile": settings.profile,
        "file": settings.file.path,
        "needs_coinbase": needed,
        "credentials": credential_source(os.environ, settings.access) if needed else None,
        "values": {k: texts[k] if k in MASKED and v else v for k, v in loaded.values.items()},
        "origins": {key: str(origin) for key, origin in loaded.origins.items()},
    }


def _texts(loaded: LoadedProfile) -> dict[str, str]:
    """Every value as text; of an alert address only the host, since the rest is its key."""
    texts = {key: format_value(value) for key, value in loaded.values.items()}
    for key in MASKED:
        url = loaded.values[key]
        if url:
            texts[key] = "/".join(str(url).split("/")[:3]) + "/..."
    return texts


def _explain(loaded: LoadedProfile, name: str, *, json: bool) -> None:
    described = {key.name: key for key in all_keys()}
    texts = _texts(loaded)
    if name not in texts:
        match = nearest(name, {*texts, *described})
        hint = f"did you mean {match}?" if match else "without --explain all keys are listed"
        raise UsageError(f"no key {name!r}", hint=hint)
    key = described.get(_general(name))
    origin: Location = loaded.origins[name]
    data = {
        "key": name,
        "meaning": key.meaning if key else "a parameter of the strategy",
        "allowed": key.allowed if key else "see gpt-trader strategies",
        "default": key.default if key else None,
        "value": texts[name],
        "origin": origin.place,
    }
    output.emit(COMMAND, data, json=json)
    if not json:
        output.table(("", name), [(k, v) for k, v in data.items() if k != "key" and v is not None])


def _general(name: str) -> str:
    """Return routes[1].budget_pct as routes[].budget_pct."""
    import re

    return re.sub(r"\[\d+\]", "[]", name)
