"""What the code of a strategy refers to, besides its parameters, as it stands in memory.

Globals that its functions load, what they close over, defaults, tables in their text, attributes
of its classes; through helpers of the user, too. Installed packages are not looked into. What
Python's own caches hold cannot be told; they can be emptied.
"""

import dis
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import EnumType
from functools import WRAPPER_ASSIGNMENTS, cached_property, lru_cache, partial
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any, NamedTuple

from gpt_trader.backtest.told import ADDED, SLOTS, is_kept, is_made, named_only, parts_of
from gpt_trader.strategy.registry import is_builtin

LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
CONSTS = frozenset({"LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT"})
ALL_OF_THEM = frozenset({"globals", "vars", "locals", "eval", "exec"})  # by names made as it runs
PLAIN = (int, float, complex, str, bytes)
TEXT_OF = "text of "
OF_MODULE = frozenset({"LOAD_ATTR", "IMPORT_FROM"})
USUAL_SIGNS = 64  # of an annotation that is a text
STATED = frozenset({"low", "high", "doc"})  # of a parameter (`strategy.base.param`)
FEW = 16  # members of a collection that are looked through for code of their own

OF_CACHED = frozenset(WRAPPER_ASSIGNMENTS) | {"__wrapped__", "cache_parameters"}
CACHED: type[Any] = type(lru_cache(dict))  # what `functools.lru_cache` and `cache` make

Placed = tuple[str, Any] | tuple[str, Any, bool]  # as in `Referred`


class Referred(NamedTuple):
    """Data that code refers to. is_part: of a collection that is told as a whole before it."""

    place: str
    value: Any
    is_part: bool = False


def referred(strategy: Any, parameters: Iterable[Any]) -> Iterator[Referred]:  # noqa: ANN401
    """Yield the data that a strategy's code refers to, each with the words for where it is.

    parameters: values whose code, if they have any, is its code, too. Numbers and texts come as
    often as they stand in a text, and once for each other place.
    """
    return (
        one
        for one, is_code in _walk(strategy, parameters)
        if isinstance(one.value, PLAIN) or (one.place and not is_code)
    )


def empty_caches(strategies: Sequence[Any]) -> None:
    """Empty the caches that strategies' code refers to: lru_cache, cache, cached_property.

    What they were filled with before, a file's signals, say, is then read where it is noted. Of
    installed packages none is emptied. strategies: or their classes.
    """
    for strategy in strategies:
        is_class = isinstance(strategy, type)
        empty_caches(strategy.voters if hasattr(strategy, "voters") and not is_class else ())
        kind = strategy if is_class else type(strategy)
        if is_builtin(kind):
            continue
        _empty_properties(strategy)
        for one, _ in _walk(strategy, () if is_class else parts_of(strategy).values()):
            if isinstance(one.value, CACHED) and not _is_of_others(one.value, kind):
                one.value.cache_clear()
            else:
                _empty_properties(one.value)


def _empty_properties(value: Any) -> None:  # noqa: ANN401
    if isinstance(value, type | ModuleType) or named_only(type(value).__module__):
        return
    for name in [k for k in held_by(value) if is_kept(type(value), k)]:
        vars(value).pop(name)


def _is_of_others(cached: Any, strategy: type) -> bool:  # noqa: ANN401
    """Whether a cache is an installed module's own, and no strategy's of what is installed."""
    module, name = (vars(cached).get(key, "") for key in ("__module__", "__qualname__"))
    if not _is_foreign(module, strategy.__module__.partition(".")[0]):
        return False
    return vars(sys.modules[module]).get(name) is cached


def _walk(strategy: Any, parameters: Iterable[Any]) -> Iterator[tuple[Referred, bool]]:  # noqa: ANN401
    """Yield all that a strategy's code refers to, as `referred`; whether that is code, too."""
    kind = strategy if isinstance(strategy, type) else type(strategy)
    own = kind.__module__.partition(".")[0]
    known = {f.name for f in fields(kind)} if is_dataclass(kind) else set()
    left = [Referred("", kind)]
    if kind is not strategy:
        held = held_by(strategy).items()
        left += [Referred(f"attribute {name}", value) for name, value in held if name not in known]
    left += [Referred("", one) for one in parameters]
    seen: dict[int | tuple[str, int], object] = {}  # kept alive, for no other object gets its id
    while left:
        one = left.pop(0)
        place, value, _ = one
        if isinstance(value, PLAIN):  # Python has one 0 for all
            if place.startswith(TEXT_OF) or (place, id(value)) not in seen:
                seen[place, id(value)] = value
                yield one, False
            continue
        if id(value) in seen:
            continue
        seen[id(value)] = value
        parts = _of_code(value, own)
        yield one, parts is not None
        if parts is not None:
            left += [Referred(*part) for part in parts]
        else:
            left += [Referred(place, part, is_part=True) for part in _members(value)]


def held_by(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an object's fields and attributes, what a cached property keeps there among them."""
    return parts_of(value) | (dict(vars(value)) if hasattr(value, "__dict__") else {})


def _of_code(value: Any, own: str) -> list[Placed] | None:  # noqa: ANN401
    """Return what code refers to, None of what is no code. own: the strategy's package."""
    match value:
        case ModuleType():
            return []
        case FunctionType():
            closed: list[Placed] = [*closed_over(value)]
            module = value.__globals__.get("__name__", "")
            return closed if _is_foreign(module, own) else [*closed, *_of_function(value)]
        case type():
            return [] if _is_foreign(value.__module__, own) else _of_class(value)
        case MethodType():
            return [("", value.__func__), ("bound object", value.__self__)]
        case BuiltinMethodType() | MethodWrapperType():
            return [("bound object", value.__self__)]
        case property():
            return [("", one) for one in (value.fget, value.fset, value.fdel)]
        case classmethod() | staticmethod():
            return [("", value.__func__)]
        case cached_property():
            return [("", value.func)]
        case partial():
            given = [*value.args, *value.keywords.values()]
            return [("", value.func), *(("argument of a partial", one) for one in given)]
        case CACHED():
            also = [one for name, one in vars(value).items() if name not in OF_CACHED]
            return [("", value.__wrapped__), *(("attribute of a cache", one) for one in also)]
    if not named_only(type(value).__module__):  # whatever it wraps, it is data itself
        return None
    for inner in ("py_func", "__wrapped__"):  # compiled by numba, say
        if hasattr(value, inner) and isinstance(getattr(value, inner), FunctionType):
            return [("", getattr(value, inner))]
    return None


def _is_foreign(module: str, own: str) -> bool:
    return named_only(module) and module.partition(".")[0] != own


def closed_over(function: FunctionType) -> list[tuple[str, Any]]:
    """Return what a function closes over, with the words for where that is."""
    found = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found.append((f"closure variable {name}", cell.cell_contents))
        except ValueError:  # not filled yet
            continue
    return found


def _of_function(function: FunctionType) -> list[Placed]:
    used = _used(function.__code__)
    scope = function.__globals__
    made = () if ALL_OF_THEM.isdisjoint(used.names) else _data(scope)
    loaded = [(name, scope[name]) for name in (*used.names, *made) if name in scope]
    imported = [sys.modules[name] for name in used.imports if name in sys.modules]
    modules = [*imported, *(one for _, one in loaded if isinstance(one, ModuleType))]
    texts = [one for one in used.constants if isinstance(one, str)]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return [
        *((f"global {name}", one) for name, one in loaded),
        *(
            (f"global {name}", vars(module)[name])
            for module in modules
            if not named_only(module.__name__)
            for name in used.attributes
            if name in vars(module)
        ),
        *_of_annotations(function.__annotations__),
        *(_docs(loaded) if "__doc__" in {*used.attributes, *texts} else ()),
        *((f"default of {function.__name__}", one) for one in defaults),
        *((f"attribute of {function.__name__}", one) for one in vars(function).values()),
        *((f"{TEXT_OF}{function.__name__}", one) for one in used.constants),
    ]


def _docs(loaded: Iterable[tuple[str, Any]]) -> list[Placed]:
    return [(f"docstring of {name}", one.__doc__) for name, one in loaded if one.__doc__]


def _data(scope: Mapping[str, Any]) -> list[str]:
    """Return the names of a module's data: any may be asked for by a name made as it runs."""
    kinds = (*PLAIN, dict, list, tuple, set, frozenset)
    return [k for k, one in scope.items() if isinstance(one, kinds) and not k.startswith("__")]


def _of_class(found: type) -> list[Placed]:
    own = vars(found)
    known = {f.name for f in fields(found)} if is_dataclass(found) else set()
    return [
        *_of_annotations(own.get("__annotations__", {})),
        *_of_fields(found),
        *(("", base) for base in found.__bases__),
        *(
            (f"class attribute {name}", one)
            for name, one in own.items()
            if name not in ADDED | known and not isinstance(one, SLOTS) and not is_made(one)
            if not _is_of_python(found, name) or callable(one)
        ),
    ]


def _of_annotations(said: Mapping[str, Any]) -> list[Placed]:
    """Return what annotations hold besides types, and the types that they are."""
    kinds: list[Placed] = [("", one) for one in said.values() if isinstance(one, type)]
    return kinds + [
        (f"annotation {name}", one)
        for name, one in said.items()
        if not (isinstance(one, str) and len(one) <= USUAL_SIGNS) and not _is_of_types(one)
    ]


def _is_of_types(annotation: Any) -> bool:  # noqa: ANN401
    """Whether an annotation is a type, or made of types alone."""
    if annotation is None or isinstance(annotation, type):
        return True
    if type(annotation).__module__ not in {"typing", "types"}:
        return False
    args = annotation.__args__ if hasattr(annotation, "__args__") else ()
    if hasattr(annotation, "__metadata__") or len(args) > FEW:
        return False
    return all(one is ... or _is_of_types(one) for one in args)


def _of_fields(found: type) -> list[Placed]:
    """Return what the fields of a dataclass carry along; what all parameters state counts once."""
    if not is_dataclass(found):
        return []
    return [
        (f"metadata of {f.name}", one, key in STATED)
        for f in fields(found)
        for key, one in f.metadata.items()
    ]


def _is_of_python(found: type, name: str) -> bool:
    """Whether Python itself keeps something under a name, in a class or in one of an Enum."""
    return name.startswith("__") or (isinstance(found, EnumType) and name.startswith("_"))


def _members(value: Any) -> list[Any]:  # noqa: ANN401
    """Return what data may hold of code: its class, and the members of a small collection."""
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    elif not named_only(type(value).__module__):
        inner = list(held_by(value).values())
    return [type(value), *(inner if len(inner) <= FEW else ())]


class _Used(NamedTuple):
    """What compiled code names. attributes: of anything, to be looked up in modules."""

    names: tuple[str, ...]
    attributes: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[Any, ...]


@lru_cache(maxsize=4096)
def _used(code: CodeType) -> _Used:
    steps = list(dis.get_instructions(code))
    inner = [_used(one) for one in code.co_consts if isinstance(one, CodeType)]
    constants = [
        one.argval for one in steps if one.opname in CONSTS and not isinstance(one.argval, CodeType)
    ]

    def named(kinds: frozenset[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.argval for one in steps if one.opname in kinds))

    return _Used(
        (*named(LOADS), *(x for one in inner for x in one.names)),
        (*named(OF_MODULE), *(x for one in inner for x in one.attributes)),
        (*named(frozenset({"IMPORT_NAME"})), *(x for one in inner for x in one.imports)),
        (*constants, *(x for one in inner for x in one.constants)),
    )
