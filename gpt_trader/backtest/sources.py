"""All that the code of a strategy rests on: its files, what it reads, and its environment.

A helper that is imported, a table that is read and a variable decide as much as the file that
brings the strategy. What is built in rests on this package alone, whose digest is everywhere.
"""

import ast
import hashlib
import importlib.machinery
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from gpt_trader.backtest.reads import is_of_user, read_by, touched_by
from gpt_trader.observe.provenance import file_of
from gpt_trader.strategy.registry import is_builtin

# packages whose compiled code opens files, of which Python tells nothing
UNSEEN = frozenset({
    "apsw", "dbm", "duckdb", "h5py", "lmdb", "netCDF4", "polars", "pyarrow", "shelve", "tables",
})  # fmt: skip
WORDY = 256  # characters of a variable, of which it may be a table of signals
DIGITS = 16  # of the digest of a variable: its value may be a secret


@dataclass(frozen=True, slots=True)
class Sources:
    """What a strategy's code rests on, besides the file of its class.

    helpers: SHA-256 by name of each module of the user that it imports; read: of each file that
    it opened while it was asked, None of one that is gone. touched: what else it reached for, a few
    words each. environment: a digest of each variable that its code names, None
    where it is not set. computed: whether it asks for variables by names that no code has.
    """

    helpers: Mapping[str, str | None]
    read: Mapping[str, str | None]
    environment: Mapping[str, str | None]
    computed: bool
    touched: tuple[str, ...] = ()

    @property
    def unreached(self) -> tuple[str, ...]:
        """What it reaches for of which nobody cuts off what is later."""
        return (*self.read, *self.touched)


NOTHING = Sources({}, {}, {}, computed=False)


def sources_of(strategy: Any) -> Sources:  # noqa: ANN401
    """Return what a strategy rests on now: files as they are, variables as they are set."""
    voters = strategy.voters if hasattr(strategy, "voters") else ()
    kinds = [type(one) for one in (strategy, *voters) if not is_builtin(type(one))]
    code = list(dict.fromkeys(file for kind in kinds for file in code_files(kind)))
    if not code:
        return NOTHING
    folder = code[0].parent
    own = _file_of(type(strategy))
    parts = [_code(file, "", file.stat().st_mtime_ns) for file in code]
    names = sorted({name for part in parts for name in part.names})
    unseen = sorted({name for part in parts for name in part.imports} & UNSEEN)
    return Sources(
        helpers=_digests([file for file in code if file != own], folder),
        read=_digests([file for file in read_by(code) if file not in code], folder),
        environment={name: _hidden(os.environ.get(name)) for name in names},
        computed=any(part.computed for part in parts),
        touched=(
            *touched_by(code),
            *(f"{name} (may read files unseen)" for name in unseen),
            *(f"the variable {x} (long)" for x in names if len(os.environ.get(x, "")) > WORDY),
        ),
    )


def code_files(kind: type) -> list[Path]:
    """Return the file of a class, and those of all modules of the user that it imports."""
    top = kind.__module__.partition(".")[0]
    first = _file_of(kind)
    left = [] if first is None else [(first, kind.__module__)]
    found: list[Path] = []
    while left:
        file, module = left.pop()
        if file in found:
            continue
        found.append(file)
        for name in _code(file, module, file.stat().st_mtime_ns).imports:
            other = _module_file(name)
            if other is None:
                continue
            if is_of_user(str(other)) or name.partition(".")[0] == top:
                left.append((other, name))
    return found


def _file_of(kind: type) -> Path | None:
    return None if is_builtin(kind) else file_of(kind)


def _module_file(name: str) -> Path | None:
    """Return a module's file; of one that nobody has imported yet, where it would be found."""
    if name in sys.modules:
        file = vars(sys.modules[name]).get("__file__")
    else:
        file = None if "." in name else _found(name, tuple(sys.path))
    path = None if file is None or not file.endswith(".py") else Path(file).resolve()
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=256)
def _found(name: str, _path: tuple[str, ...]) -> str | None:
    spec = importlib.machinery.PathFinder.find_spec(name)
    return None if spec is None or not spec.has_location else spec.origin


class _Code(NamedTuple):
    """What the text of a file says. imports: modules that it may import."""

    imports: tuple[str, ...]
    names: frozenset[str]
    computed: bool


@lru_cache(maxsize=256)
def _code(file: Path, module: str, _mtime_ns: int) -> _Code:
    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (SyntaxError, ValueError):  # it is no text of Python
        return _Code((), frozenset(), computed=False)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    keys = [key for node in nodes if (key := _asked_for(node)) is not None]
    known = [key.value for key in keys if isinstance(key, ast.Constant)]
    return _Code(
        tuple(dict.fromkeys(name for node in nodes for name in _imports(node, package))),
        frozenset(name for name in known if isinstance(name, str)),
        computed=len(known) < len(keys),
    )


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the name of each module that a statement may import, packages first."""
    if isinstance(node, ast.Import):
        yield from (name for alias in node.names for name in _with_packages(alias.name))
    elif isinstance(node, ast.ImportFrom):
        parents = package.split(".")
        above = parents[: len(parents) - (node.level - 1)] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        yield from _with_packages(base)
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)))


def _asked_for(node: ast.AST) -> ast.expr | None:
    """Return by what an expression asks for a variable of the environment, None: it does not.

    `os.environ[NAME]`, `os.environ.get(NAME)`, `os.getenv(NAME)`, `NAME in os.environ`; of what
    asks for all of it, the expression itself.
    """
    match node:
        case ast.Subscript(value=value, slice=key) if _is_environ(value):
            return key
        case ast.Call(func=ast.Attribute(attr="getenv") | ast.Name(id="getenv"), args=[key, *_]):
            return key
        case ast.Call(func=ast.Attribute(value=value), args=[key, *_]) if _is_environ(value):
            return key
        case ast.Compare(left=key, comparators=[value]) if _is_environ(value):
            return key
        case ast.Call(func=ast.Attribute(value=value)) if _is_environ(value):
            return node
        case ast.Call(args=[value, *_]) if _is_environ(value):
            return node
    return None


def _is_environ(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(attr="environ") | ast.Name(id="environ"):
            return True
    return False


def _digests(files: Sequence[Path], folder: Path) -> dict[str, str | None]:
    """Return digests by name, None of a file that is gone; where a file lies decides nothing."""
    found = {}
    for path in files:
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        found[name] = _digest_now(path)
    return found


def _digest_now(path: Path) -> str | None:
    try:
        now = path.stat()
        return _digest(path, now.st_mtime_ns, now.st_size)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hidden(value: str | None) -> str | None:
    return None if value is None else hashlib.sha256(value.encode()).hexdigest()[:DIGITS]
