"""What a route does, as JSON holds it: what makes one trial another.

Code that a file brings goes by the file's text. What was loaded is told beside it where the text
does not say all: at a prompt, in a script, made by a function, changed after its import.
"""

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from gpt_trader.backtest.route import Route
from gpt_trader.backtest.sources import NOTHING, sources_of
from gpt_trader.backtest.told import TEXT, is_made, named_only, parts_of, tell_class, tell_value
from gpt_trader.data.catalog import product_for
from gpt_trader.domain.costs import CostModel, OrderStyle
from gpt_trader.domain.declared import declared
from gpt_trader.domain.product import Product
from gpt_trader.observe.provenance import SCRIPT, source_sha256
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import is_builtin


def tell_route(route: Route) -> Mapping[str, Any]:
    """Return a route's code, parameters, budget and style.

    Raises ValueError if the code or a parameter has no form that stays.
    """
    strategy = route.strategy
    held = declared(strategy)
    told: dict[str, Any] = {
        **tell_code(type(strategy)),
        "params": tell_parameters(held),
        "budget": route.budget,
        "style": plain(route.style),
    }
    sources = sources_of(strategy)
    if sources != NOTHING:
        told["sources"] = asdict(sources)
        del told["sources"]["touched"]  # it says nothing of what was found there
    more = parts_of(strategy).keys() - held.keys()
    return told | {"more": tell_value(parts_of(strategy))} if more else told


@lru_cache(maxsize=64)
def tell_grid(product: Product) -> Mapping[str, str]:
    """Return what of a product is not as its id alone says: stated, or read from the data."""
    usual = asdict(product_for(product.product_id))
    return {name: str(value) for name, value in asdict(product).items() if value != usual[name]}


@lru_cache(maxsize=64)
def plain(terms: CostModel | RiskPolicy | OrderStyle) -> Mapping[str, Any]:
    """Return terms as a mapping."""
    return asdict(terms)


@dataclass(frozen=True, slots=True)
class _Known:
    """A class as it was first seen. loaded: digest of its code, None if the text has to do."""

    text: str
    loaded: str | None


_KNOWN: WeakKeyDictionary[type, _Known] = WeakKeyDictionary()


def tell_code(strategy: type) -> dict[str, str]:
    """Return a class's code: its text, and a digest of what is loaded where that may be other.

    Raises ValueError if neither says what it does.
    """
    known = _KNOWN.get(strategy)
    if known is None:
        known = _KNOWN[strategy] = _first_seen(strategy)
    try:
        loaded = tell_class(strategy)
    except ValueError:
        if known.loaded is None:
            raise
        loaded = known.loaded
    code = {"code": known.text}
    return code if loaded == known.loaded else code | {"loaded": loaded}


def code_sha256(strategy: type) -> str | None:
    """Return the SHA-256 of the file of a class, or of what is loaded of one that has none.

    None of what is built in, and of what has no form that stays.
    """
    if is_builtin(strategy):
        return None
    try:
        return source_sha256(strategy) or tell_class(strategy)
    except ValueError:
        return None


def loaded_sha256(strategy: type) -> str | None:
    """Return a digest of what is loaded of a class, where its file's text does not say all."""
    try:
        return None if is_builtin(strategy) else tell_code(strategy).get("loaded")
    except ValueError:
        return None


def _first_seen(strategy: type) -> _Known:
    text = hashlib.sha256(_source(strategy).encode()).hexdigest()
    if not is_of_file(strategy):
        return _Known(text, None)
    try:
        return _Known(text, tell_class(strategy))
    except ValueError:  # its module holds, say, a lock: its text is enough
        return _Known(text, "")


def _source(strategy: type) -> str:
    """Return a strategy's code by its file, so that an edited one is another trial; else its name.

    Of a file of the user's it is the digest of all of it, as constants and helpers decide as well,
    and which of its classes it is. What a cell's text says is told by what is loaded.
    """
    if (whole := source_sha256(strategy)) is not None:
        return f"{whole} {strategy.__qualname__}"
    return strategy.__qualname__


def is_of_file(found: type) -> bool:
    """Whether a class is one that its module's file defines, outside of functions, as it is now.

    Not of a script: it may set what it likes before it runs.
    """
    if found.__module__ in SCRIPT or "<locals>" in found.__qualname__:
        return False
    try:
        path = Path(inspect.getfile(found))
        codes = _codes_of(path, path.stat().st_mtime_ns)
    except (OSError, TypeError, ValueError, SyntaxError):
        return False
    own = {
        value.__code__
        for value in vars(found).values()
        if isinstance(value, FunctionType) and value.__code__.co_filename == str(path)
    }
    return found.__qualname__ in {code.co_qualname for code in codes} and own <= codes


@lru_cache(maxsize=64)
def _codes_of(path: Path, _mtime_ns: int) -> frozenset[CodeType]:
    """Return all code of a file, of its classes and functions."""
    left = [compile(path.read_bytes(), str(path), "exec", dont_inherit=True)]
    found = set()
    while left:
        code = left.pop()
        found.add(code)
        left.extend(one for one in code.co_consts if isinstance(one, CodeType))
    return frozenset(found)


def tell_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON holds them: an array, a Series or a frame by all its bytes.

    Raises ValueError if one has no form that stays.
    """
    return {name: _parameter(value) for name, value in values.items()}


def say_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `tell_parameters`; of what has no form that stays its text."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        try:
            said[name] = _parameter(value)
        except ValueError:
            said[name] = str(value)
    return said


def _parameter(value: Any) -> Any:  # noqa: ANN401
    """Return a parameter as JSON holds it; what its text does not say, as a digest of all of it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_parameter(one) for one in value]
    if type(value) is dict and all(isinstance(key, str) for key in value):
        return {key: _parameter(one) for key, one in value.items()}
    return str(value) if _is_said(value) else {"digest": tell_value(value)}


def _is_said(value: Any) -> bool:  # noqa: ANN401
    """Whether a value's text says all of it."""
    if value is None or isinstance(value, (bool, int, float, str, bytes, *TEXT)):
        return True
    if type(value) in {list, tuple}:
        return all(map(_is_said, value))
    kind = type(value)
    if not is_dataclass(value) or not (named_only(kind.__module__) or is_of_file(kind)):
        return False
    return (
        "__str__" not in vars(kind)
        and is_made(vars(kind).get("__repr__"))
        and all(f.repr and _is_said(getattr(value, f.name)) for f in fields(value))
    )
