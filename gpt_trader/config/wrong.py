"""What pydantic found wrong with the keys, in our words and at the key's own place."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gpt_trader.config.keys import format_value, names_at
from gpt_trader.config.location import Layer, Location, Problem
from gpt_trader.config.text import Path, did_you_mean, format_path

_SHOWN = 60  # characters of a wrong value


def schema_problems(error: ValidationError, layer: Layer, whole: Location) -> dict[Path, Problem]:
    """Return a problem for each key that is wrong; `whole` is the place of what is missing."""
    problems: dict[Path, Problem] = {}
    for detail in error.errors(include_url=False):
        path = _stated_path(detail["loc"], layer)
        origin = _place(path, layer, whole, unknown=detail["type"] == "extra_forbidden")
        problems.setdefault(path, _problem(detail, path, origin))
    return problems


def _problem(detail: ErrorDetails, path: Path, origin: Location) -> Problem:
    key = format_path(path)
    if detail["type"] == "extra_forbidden":
        return Problem(f"unknown key {key}", origin, did_you_mean(str(path[-1]), names_at(path)))
    if detail["type"] == "missing":
        return Problem(f"{format_path(detail['loc'])} is missing", origin)
    if detail["type"] == "literal_error":
        allowed = [word.strip("' ") for word in _context(detail, "expected").split(" or ")]
        choices = [part.strip("' ") for word in allowed for part in word.split(",")]
        message = f"{key}: expected one of {', '.join(choices)}, was {_shown(detail['input'])}"
        hint = did_you_mean(str(detail["input"]), choices)
        return Problem(message, origin, "" if hint.startswith("known") else hint)
    words = detail["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    words = words[:1].lower() + words[1:].partition(", unable")[0]
    if isinstance(detail["input"], Mapping) or key.endswith(("webhook_url", "heartbeat_url")):
        return Problem(f"{key}: {words}", origin)
    if words.startswith("expected a valid dictionary"):
        words = "expected keys of its own"
    return Problem(f"{key}: {words}, was {_shown(detail['input'])}", origin)


def _context(detail: ErrorDetails, name: str) -> str:
    return str(detail.get("ctx", {}).get(name, ""))


def _shown(value: Any) -> str:  # noqa: ANN401
    text = "nothing" if value is None else format_value(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _stated_path(loc: tuple[int | str, ...], layer: Layer) -> Path:
    """Return the longest part of pydantic's path that someone stated, at least one key."""
    for end in range(len(loc), 1, -1):
        path = loc[:end]
        if any(p[:end] == path for p in (*layer.values, *layer.keys)):
            return path
    return loc[:1]


def _place(path: Path, layer: Layer, whole: Location, *, unknown: bool) -> Location:
    """Return where a key stands (if it is unknown) or its value does."""
    first, second = (layer.keys, layer.origins) if unknown else (layer.origins, layer.keys)
    if path in first:
        return first[path]
    if path in second:
        return second[path]
    below = [p for p in layer.origins if p[: len(path)] == path]
    return layer.origins[below[0]] if below else whole
