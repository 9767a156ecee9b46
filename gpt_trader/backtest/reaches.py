"""How compiled code reaches what it uses, and which ways lead to what cannot be told beforehand.

A name that is made as code runs, a file, a variable of the environment: what they give is not
there to be looked at before the code is asked.
"""

import builtins
import dis
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from gpt_trader.backtest.sources import UNSEEN

LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_FROM_DICT_OR_GLOBALS"})
ATTRIBUTES = frozenset({"LOAD_ATTR", "IMPORT_FROM", "LOAD_SUPER_ATTR"})
WRITES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
# of Python's own library, what gives the same for the same arguments, and keeps nothing
PLAIN_MODULES = frozenset({
    "abc", "array", "bisect", "builtins", "calendar", "cmath", "collections", "contextlib", "copy",
    "copyreg", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq",
    "inspect", "itertools", "json", "logging", "math", "numbers", "operator", "pydatetime", "re",
    "sre", "statistics", "string", "struct", "types", "typing", "warnings", "weakref", "zoneinfo",
})  # fmt: skip
BUILTINS = dict(vars(builtins))  # as they were, before anybody put something there
READING = ("read_", "scan_", "load_")  # how methods begin that read files
UNTOLD = frozenset({
    "__annotations__", "__builtins__", "__code__", "__dict__", "__doc__", "__getattribute__",
    "__globals__", "__import__", "__qualname__", "__subclasses__", "attrgetter", "breakpoint",
    "compile", "delattr", "dir", "download", "environ", "environb", "eval", "evaluate", "exec",
    "f_back", "f_globals", "f_locals", "fromfile", "fromregex", "genfromtxt", "get_annotations",
    "get_option", "get_type_hints", "getattr", "getattr_static", "getclosurevars", "getenv",
    "getmembers", "globals", "import_module", "input", "load", "loadtxt", "locals", "memmap",
    "methodcaller", "modules", "now", "query", "read", "readline", "readlines", "setattr", "sql",
    "today", "urlopen", "utcnow", "vars",
})  # fmt: skip


class Reached(NamedTuple):
    """What compiled code, and all code within it, names.

    chains: a global's or a closed-over variable's name, and the attributes asked for at once.
    own: attributes asked of its first argument, `self` in a method. names: all other attributes,
    and imports. imports: modules. writes: globals that it sets.
    """

    chains: tuple[tuple[str, ...], ...]
    own: frozenset[str]
    names: frozenset[str]
    imports: frozenset[str]
    writes: frozenset[str]


@lru_cache(maxsize=4096)
def reached(code: CodeType) -> Reached:
    """Return what code reaches for."""
    steps = [one for one in dis.get_instructions(code) if one.opname != "EXTENDED_ARG"]
    inner = [reached(one) for one in code.co_consts if isinstance(one, CodeType)]
    chains, led = [], set[int]()
    for i, step in enumerate(steps):
        if step.opname not in LOADS:
            continue
        end = i + 1
        while end < len(steps) and steps[end].opname == "LOAD_ATTR":
            end += 1
        led.update(range(i + 1, end))
        chains.append((step.argval, *(one.argval for one in steps[i + 1 : end])))
    of_first = _asked_of_first(code, steps)
    rest = [one for i, one in enumerate(steps) if i not in led | of_first]

    def named(kinds: frozenset[str]) -> frozenset[str]:
        return frozenset(one.argval for one in rest if one.opname in kinds)

    attributes, imports, writes = map(named, (ATTRIBUTES, frozenset({"IMPORT_NAME"}), WRITES))
    return Reached(
        tuple(dict.fromkeys((*chains, *(chain for one in inner for chain in one.chains)))),
        frozenset(steps[i].argval for i in of_first),
        attributes.union(*(one.own | one.names for one in inner)),
        imports.union(*(one.imports for one in inner)),
        writes.union(*(one.writes for one in inner)),
    )


def _asked_of_first(code: CodeType, steps: Sequence[dis.Instruction]) -> set[int]:
    """Return which steps ask the first argument for an attribute; none if it is set anew."""
    if not code.co_argcount:
        return set()
    name = code.co_varnames[0]
    first = [i for i, one in enumerate(steps) if one.argval == name or _holds(one.argval, name)]
    if any("STORE" in steps[i].opname or "DELETE" in steps[i].opname for i in first):
        return set()
    asked = (i + 1 for i in first if steps[i].opname == "LOAD_FAST" and i + 1 < len(steps))
    return {i for i in asked if steps[i].opname == "LOAD_ATTR"}


def _holds(argval: object, name: str) -> bool:
    """Whether a step is of two variables, as from Python 3.13 on, one of this name."""
    return isinstance(argval, tuple) and name in argval


def untold_names(found: Reached, scope: Mapping[str, Any], owner: type | None) -> set[str]:
    """Return under which names code reaches what nobody can tell beforehand.

    Not a function or a class that is found there: that is told by its own code, whatever it is
    called. owner: the class that the code is a method of, None of a function.
    """
    names = set(found.names)
    names.update(name for name in found.own if not _is_code(_member(owner, name)))
    for chain in found.chains:
        if chain[0] not in scope:
            names.update(chain)
            continue
        value, path = follow(chain, scope)
        names.update(chain[len(path) :] if _is_code(value) else chain)
    return {name for name in names if is_untold(name)}


def _member(owner: type | None, name: str) -> Any:  # noqa: ANN401
    kinds = () if owner is None else owner.__mro__
    return next((vars(one)[name] for one in kinds if name in vars(one)), None)


def _is_code(value: object) -> bool:
    return isinstance(value, FunctionType | type)


def is_untold(name: str) -> bool:
    """Whether what stands under a name, anywhere, may give what nobody can tell beforehand."""
    return name in UNTOLD or name.startswith(READING)


def is_unseen(package: str) -> bool:
    """Whether a package's compiled code reads files; of polars the names of what reads say it."""
    return package in UNSEEN - {"polars"}


def is_plain_module(name: str | None) -> bool:
    """Whether a module is not of Python's library, or of what is plain there."""
    top = (name or "builtins").partition(".")[0]
    return top not in sys.stdlib_module_names or top.lstrip("_") in PLAIN_MODULES


def is_changed_builtin(name: str) -> bool:
    """Whether a name is in Python's builtins, and there is not what was there at first."""
    now = vars(builtins)
    return name in now and (name not in BUILTINS or now[name] is not BUILTINS[name])


def follow(chain: tuple[str, ...], scope: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Return what a chain's attributes of modules lead to, and the names of the way there.

    A module if it is one that the chain ends at, or that has not what is asked for. Raises KeyError
    if the first name is not there.
    """
    value = scope[chain[0]]
    for i, name in enumerate(chain[1:], start=1):
        if not isinstance(value, ModuleType) or name not in vars(value):
            return value, chain[:i]
        value = vars(value)[name]
    return value, chain
