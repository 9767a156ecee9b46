"""Load a profile: flag over environment over profile over default, every value traced.

All mistakes are found in one pass, and nothing falls back to a default because of one.
Merging is done here rather than by pydantic-settings: its sources lose where a value stood
and drop variables that name no key.
"""

import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from gpt_trader.config.check import conflicts
from gpt_trader.config.find import find_covered, find_profile, is_named
from gpt_trader.config.layers import Given, env_layer, flag_layer, merge, nest, secret_problems
from gpt_trader.config.location import DEFAULT, Layer, Location, Problem, ProfileError, failure
from gpt_trader.config.settings import ProfileFile, Settings, to_settings
from gpt_trader.config.text import Path, format_path, is_secret
from gpt_trader.config.venues import ProfileKeys
from gpt_trader.config.words import VENUES
from gpt_trader.config.wrong import schema_problems
from gpt_trader.config.yaml_file import read_layer, shorten_path
from gpt_trader.errors import ConfigError, UsageError


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """Settings, with every effective value and its origin by dotted key.

    document: the same values as JSON holds them, for `restore`; who is alerted and where a key
    lies are left out. warnings: which of several profiles of a name is used.
    """

    settings: Settings
    values: Mapping[str, object]
    origins: Mapping[str, Location]
    document: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def load_profile(
    ref: str | None, *, env: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> LoadedProfile:
    """Load the profile named `ref` (a name or a path; None: defaults alone).

    env: the environment. flags: values by dotted key, such as {"costs.taker_bps": 10}; None
    is a flag that was not given. Without a profile, products and strategy may be missing.
    Raises ConfigError that holds all mistakes, each with its place; UsageError if only flags
    are wrong.
    """
    path = None if ref is None else find_profile(ref)
    profile, problems = _chain(path) if path else (Layer({}, {}, {}), [])
    from_env, env_problems = env_layer(env)
    layer = merge(merge(profile, from_env), flag_layer(flags or {}))
    problems += [*env_problems, *secret_problems(layer)]
    layer = _without(layer, [p for p in layer.values if is_secret(p) and p[0] != "params"])
    keys, found = _validate(layer, path)
    problems += found
    if problems or keys is None:
        raise failure(problems)
    values = flat(keys)
    settings = to_settings(keys, path.stem if path else "")
    return LoadedProfile(
        settings=replace(settings, file=profile_file(path)) if path else settings,
        values={format_path(p): value for p, value in values.items()},
        origins={format_path(p): _origin(layer, p) for p in values},
        document=keys.model_dump(mode="json", exclude={"alerts", *VENUES}),
        warnings=_choice(ref, path),
    )


def _choice(ref: str | None, path: pathlib.Path | None) -> tuple[str, ...]:
    """Say which of two profiles of one name is used."""
    covered = None if path is None or ref is None or not is_named(ref) else find_covered(path)
    return () if covered is None else (f"profile {ref} is {path}, not the one that ships",)


def profile_file(path: pathlib.Path) -> ProfileFile:
    """Return what a profile's file is known by; raises ConfigError if it cannot be read."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: the profile cannot be read ({error.strerror})") from error
    return ProfileFile(str(path.resolve()), digest)


def restore(document: Mapping[str, Any], profile: str) -> Settings:
    """Return settings as `LoadedProfile.document` holds them; nothing else has a say.

    profile: the name, "" for none. Raises ConfigError if this version does not know a key or
    value.
    """
    try:
        return to_settings(ProfileKeys.model_validate(document), profile)
    except ValidationError as error:
        place = format_path(error.errors()[0]["loc"])
        raise ConfigError(
            f"the stored settings are not of this version: {place}: {error.errors()[0]['msg']}"
        ) from error


def overrides(sets: Sequence[str]) -> dict[str, Given]:
    """Return `--set KEY=VALUE` options by dotted key.

    A dotted key, or the name of a top-level key, is that key; any other name is a parameter
    of the strategy: fast=20 sets params.fast. Raises UsageError on another shape.
    """
    flags: dict[str, Given] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key:
            raise UsageError(f"expected --set KEY=VALUE, was {text!r}", hint="--set fast=20")
        known = "." in key or key in ProfileKeys.model_fields
        flags[key if known else f"params.{key}"] = Given(value.strip(), f"--set {key}")
    return flags


def flat(keys: BaseModel) -> dict[Path, object]:
    """Return every value of validated keys by path; tuples of words are values."""
    return dict(_leaves(keys.model_dump(), ()))


def _chain(path: pathlib.Path) -> tuple[Layer, list[Problem]]:
    """Read a profile and those it extends, merged, the nearest on top."""
    layer, problems = _read(path)
    seen = [path.resolve()]
    extends, origin = layer.values.get(("extends",)), layer.origins.get(("extends",), DEFAULT)
    while isinstance(extends, str):
        try:
            path = find_profile(extends, beside=path.parent)
            if path.resolve() in seen:
                raise ConfigError(f"profiles extend each other: {extends} is already in the chain")
            base, found = _read(path)
        except ProfileError as error:
            return layer, [*problems, *error.problems]
        except ConfigError as error:
            return layer, [*problems, Problem(error.message, origin, error.hint)]
        seen.append(path.resolve())
        problems += found
        extends, origin = base.values.get(("extends",)), base.origins.get(("extends",), DEFAULT)
        layer = merge(_without(base, [("extends",), ("description",)]), layer)
    return layer, problems


def _read(path: pathlib.Path) -> tuple[Layer, list[Problem]]:
    """Read one file. A key's file that it names lies beside it, wherever the program is started."""
    layer, problems = read_layer(path)
    beside = {
        key: str(path.resolve().parent / pathlib.Path(value).expanduser())
        for key, value in layer.values.items()
        if key[-1:] == ("key_file",) and isinstance(value, str)
    }
    return Layer(dict(layer.values) | beside, layer.origins, layer.keys), problems


def _validate(layer: Layer, path: pathlib.Path | None) -> tuple[ProfileKeys | None, list[Problem]]:
    """Validate twice if need be: without the bad keys, the rest can still be held together."""
    whole = Location(shorten_path(path)) if path else Location("command line")
    wrong: dict[Path, Problem] = {}
    try:
        keys = ProfileKeys.model_validate(nest(layer.values))
    except ValidationError as error:
        wrong = schema_problems(error, layer, whole)
        bad = [p for p in layer.values if any(p[: len(w)] == w for w in wrong)]
        try:
            keys = ProfileKeys.model_validate(nest(_without(layer, bad).values))
        except ValidationError:
            return None, list(wrong.values())
    problems = list(wrong.values())
    for conflict in conflicts(keys, named=path is not None):
        if not any(w[: len(p)] == p or p[: len(w)] == w for p in conflict.paths for w in wrong):
            origin = _state(layer, conflict.paths) or whole
            problems.append(Problem(conflict.message, origin, conflict.hint))
    return keys, problems


def _state(layer: Layer, paths: tuple[Path, ...]) -> Location | None:
    """Return where the first of some keys was stated, None if none was."""
    for path in paths:
        for candidate in (layer.keys, layer.origins):
            if path in candidate:
                return candidate[path]
    return None


def _origin(layer: Layer, path: Path) -> Location:
    return layer.origins.get(path) or layer.keys.get(path) or DEFAULT


def _without(layer: Layer, paths: Sequence[Path]) -> Layer:
    gone = set(paths)
    return Layer(
        {p: v for p, v in layer.values.items() if p not in gone},
        {p: o for p, o in layer.origins.items() if p not in gone},
        {p: o for p, o in layer.keys.items() if p not in gone},
    )


def _leaves(value: Any, path: Path) -> list[tuple[Path, object]]:  # noqa: ANN401
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, tuple) and value and isinstance(value[0], dict):
        return [leaf for i, inner in enumerate(value) for leaf in _leaves(inner, (*path, i))]
    return [(path, value)]
