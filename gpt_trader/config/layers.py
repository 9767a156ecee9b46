"""Layers of keys: the environment's, the flags', and how a higher one covers a lower one."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from gpt_trader.config.keys import all_keys
from gpt_trader.config.location import Layer, Location, Problem
from gpt_trader.config.text import Path, is_secret, nearest
from gpt_trader.config.venues import ProfileKeys

PREFIX = "GPT_TRADER_"
# Variables of this prefix that are no keys of a profile; the last two are the tests'.
RESERVED = frozenset(
    {"PROFILE", "STATE_DIR", "CACHE_DIR", "DATA_DIR", "DEBUG", "TEST_DATA", "REAL_DATA"}
)
FILE_ONLY = frozenset({"extends", "routes"})
# Keys that have a flag of their own; any other key is set with --set.
FLAGS = {
    "products": "--product",
    "strategy": "--strategy",
    "interval": "--interval",
    "cash": "--cash",
    "costs.taker_bps": "--taker-bps",
    "costs.maker_bps": "--maker-bps",
    "costs.spread_bps": "--spread-bps",
    "costs.slippage_bps": "--slippage-bps",
    "costs.participation": "--participation",
    "costs.touch_fills": "--touch-fills",
    "costs.impact": "--impact",
    "costs.latency_ms": "--latency-ms",
    "costs.latency_bars": "--latency-bars",
    "costs.fee_tier": "--fee-tier",
    "costs.region": "--region",
    "order_style.entry.style": "--order-style",
    "order_style.exit.style": "--order-style",
    "run.speed_bars_per_s": "--speed",
    "feed": "--data",
    "synthetic.seed": "--seed",
}


class Given(NamedTuple):
    """A value from the command line and the flag that gave it, e.g. "--set fast"."""

    value: object
    flag: str


def flag_layer(flags: Mapping[str, object]) -> Layer:
    """Return flags by dotted key as a layer; None means that the user did not give the flag."""
    layer = Layer({}, {}, {})
    for key, value in flags.items():
        if isinstance(value, Given):
            given = value
        elif value is not None:
            given = Given(value, FLAGS.get(key, f"--set {key}"))
        else:
            continue
        _put(layer, tuple(key.split(".")), given.value, Location(f"flag {given.flag}"))
    return layer


def env_layer(env: Mapping[str, str]) -> tuple[Layer, list[Problem]]:
    """Return GPT_TRADER_SECTION__KEY variables as a layer; empty ones count as not set.

    Whatever begins with the prefix, in any case, must be a key or reserved: a limit that its owner
    has set and that does not hold is worse than none.
    """
    layer, problems = Layer({}, {}, {}), []
    known = set(ProfileKeys.model_fields) - FILE_ONLY
    for name in sorted(env):
        word = name[len(PREFIX) :]
        is_exact = name.startswith(PREFIX) and word == word.upper()
        is_reserved = is_exact and word in RESERVED
        if not name.upper().startswith(PREFIX) or is_reserved or not env[name]:
            continue
        origin = Location(f"env {name}")
        path: Path = tuple(word.lower().split("__"))
        if is_exact and (len(path) > 1 or path[0] in known):
            _put(layer, path, env[name], origin)
        elif path[0] in FILE_ONLY:
            problems.append(Problem(f"{path[0]} can be stated in a profile only", origin))
        else:
            problems.append(Problem(f"{name} is no key", origin, _spelling(word.upper())))
    return layer, problems


def _spelling(word: str) -> str:
    """Say how a variable was probably meant: without its underscores, by its end, or nearly so."""
    names = {key.name.replace(".", "__").upper() for key in all_keys() if "[" not in key.name}
    names |= RESERVED

    def is_same(one: str) -> bool:
        return one.replace("_", "") == word.replace("_", "")

    found = sorted(filter(is_same, names))
    found = found or sorted(name for name in names if is_same(name.split("__")[-1]))
    if not found and (match := nearest(word, {name.lower() for name in names})):
        found = [match.upper()]
    if not found:
        return f"names are {PREFIX}SECTION__KEY, in capitals, two underscores between levels"
    return f"did you mean {' or '.join(PREFIX + name for name in found)}?"


def secret_problems(layer: Layer) -> list[Problem]:
    """Report keys that would hold a secret; their values are shown nowhere."""
    hint = (
        "state secrets in COINBASE_API_KEY and COINBASE_API_SECRET, or in the file that "
        "coinbase.key_file names"
    )
    return [
        Problem(f"{path[-1]} looks like a secret: none may stand here", origin, hint)
        for path, origin in layer.keys.items()
        if is_secret(path) and path[0] not in ("params", "routes")
    ]


def merge(low: Layer, high: Layer) -> Layer:
    """Return `low` covered by `high`: key by key, lists as a whole.

    A layer that names another strategy starts from that strategy's own parameters, and a
    layer's strategy and routes each replace the other of a lower layer.
    """
    covered = {_root(path) for path in high.values}
    strategy = high.values.get(("strategy",))
    if strategy is not None:
        covered.add(("routes",))
        if strategy != low.values.get(("strategy",)):
            covered.add(("params",))
    elif ("routes",) in covered:
        covered |= {("strategy",), ("params",)}

    def survives(path: Path) -> bool:
        above = any(path[: len(c)] == c for c in covered)
        below = path in low.values and any(c[: len(path)] == path for c in covered)
        return not above and not below

    return Layer(
        {p: v for p, v in low.values.items() if survives(p)} | high.values,
        {p: o for p, o in low.origins.items() if survives(p)} | high.origins,
        {p: o for p, o in low.keys.items() if survives(p)} | high.keys,
    )


def nest(values: Mapping[Path, object]) -> dict[str, Any]:
    """Return flat values as mappings and lists; a key below a scalar is left out."""
    root: dict[str, Any] = {}
    for path in sorted(values, key=lambda p: [str(part).zfill(6) for part in p]):
        at: Any = root
        for part, below in pairwise(path):
            at = _step(at, part, [] if isinstance(below, int) else {})
        _step(at, path[-1], values[path])
    return root


def _step(at: Any, part: str | int, new: object) -> Any:  # noqa: ANN401
    """Return the item of a mapping or list, made if it is missing; None below a scalar."""
    if isinstance(at, dict):
        return at.setdefault(part, new)
    if not isinstance(at, list) or not isinstance(part, int):
        return None
    if part == len(at):
        at.append(new)
    return at[part] if part < len(at) else None


def _root(path: Path) -> Path:
    """Return a path up to the first list in it."""
    first = next((i for i, part in enumerate(path) if isinstance(part, int)), len(path))
    return path[:first]


def _put(layer: Layer, path: Path, value: object, origin: Location) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _put(layer, (*path, str(key)), inner, origin)
        return
    layer.values[path] = value
    layer.origins[path] = layer.keys[path] = origin
