"""How compiled code reaches what it uses, and which ways lead to what cannot be told beforehand.

A name that is made as code runs, a file, a variable of the environment: what they give is not
there to be looked at before the code is asked.
"""

import builtins
import dis
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import CodeType, ModuleType
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
    "__builtins__", "__code__", "__dict__", "__getattribute__", "__globals__", "__import__",
    "__subclasses__", "attrgetter", "breakpoint", "compile", "delattr", "dir", "download",
    "environ", "environb", "eval", "evaluate", "exec", "f_back", "f_globals", "f_locals",
    "fromfile", "fromregex", "genfromtxt", "getattr", "getattr_static",
    "getclosurevars", "getenv", "getmembers", "globals", "import_module",
    "input", "load", "loadtxt", "locals", "memmap", "methodcaller", "modules", "now", "query",
    "read", "readline", "readlines", "setattr", "sql", "today", "urlopen", "utcnow", "vars",
})  # fmt: skip


class Reached(NamedTuple):
    """What compiled code, and all code within it, names.

    chains: a global's or a closed-over variable's name, and the attributes asked for at once.
    names: of globals, attributes and imports. imports: modules. writes: globals that it sets.
    """

    chains: tuple[tuple[str, ...], ...]
    names: frozenset[str]
    imports: frozenset[str]
    writes: frozenset[str]


@lru_cache(maxsize=4096)
def reached(code: CodeType) -> Reached:
    """Return what code reaches for."""
    steps = [one for one in dis.get_instructions(code) if one.opname != "EXTENDED_ARG"]
    inner = [reached(one) for one in code.co_consts if isinstance(one, CodeType)]
    chains = []
    for i, step in enumerate(steps):
        if step.opname not in LOADS:
            continue
        end = i + 1
        while end < len(steps) and steps[end].opname == "LOAD_ATTR":
            end += 1
        chains.append((step.argval, *(one.argval for one in steps[i + 1 : end])))

    def named(kinds: frozenset[str]) -> frozenset[str]:
        return frozenset(one.argval for one in steps if one.opname in kinds)

    attributes, imports, writes = map(named, (ATTRIBUTES, frozenset({"IMPORT_NAME"}), WRITES))
    return Reached(
        tuple(dict.fromkeys((*chains, *(chain for one in inner for chain in one.chains)))),
        attributes.union((chain[0] for chain in chains), *(one.names for one in inner)),
        imports.union(*(one.imports for one in inner)),
        writes.union(*(one.writes for one in inner)),
    )


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
