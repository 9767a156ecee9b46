"""A digest of a value or a class: the same when it does the same, else another.

It goes by what is loaded, bytecode and values and what they call, not by a file: what is typed at
a prompt, made by a function or changed after its import is told apart too. Installed packages,
this one among them, are only named. What cannot be told so is noted (`Whole.untold`).
"""

import hashlib
import io
import pickle
import sys
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache, cached_property, lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    EllipsisType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from gpt_trader.backtest.installed import ROOT, is_installed
from gpt_trader.backtest.reaches import (
    Reached,
    follow,
    is_changed_builtin,
    is_plain_module,
    is_unseen,
    is_untold,
    reached,
    untold_names,
)
from gpt_trader.observe.provenance import SCRIPT
from gpt_trader.strategy.own import UNCOPIED

# types whose text says all of them
TEXT = (
    Enum, Decimal, Fraction, complex, range, date, time, timedelta, tzinfo, PurePath, UUID,
    EllipsisType, np.number, np.bool_, np.datetime64, np.timedelta64, np.dtype,
)  # fmt: skip
# of a class: what Python or `dataclass` adds, at the first copy or pickling of an object, too; a
# field's default is in the parameters
ADDED = frozenset(
    {
        "__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__",
        "__dataclass_fields__", "__dataclass_params__", "__slots__", "__abstractmethods__",
        "_abc_impl", "__orig_bases__", "__parameters__", "__slotnames__",
    }
)  # fmt: skip
SLOTS = (MemberDescriptorType, GetSetDescriptorType)
PATCHED = (  # what users set in installed modules
    FunctionType, ModuleType, bool, int, float, str, Mapping, list, tuple, set, np.ndarray,
)  # fmt: skip
MADE = "__create_fn__"  # where `dataclass` makes its functions
MADE_IN = ("<string>", "<dynamic-code>")  # the second once cloudpickle has carried it


def tell_class(found: type) -> str:
    """Return a digest of a class's code: its functions, attributes and what they use.

    Raises ValueError if some of it has no form that stays.
    """
    try:
        return _digest(_Teller(own=found.__module__).class_(found))
    except RecursionError as error:
        raise ValueError(f"{found.__qualname__} is too deep to be told") from error


def tell_value(value: object) -> str:
    """Return a digest of a value: of an array by all its bytes, of an object by its parts.

    Raises ValueError if it has no form that stays.
    """
    try:
        return _digest(_Teller().value(value))
    except RecursionError as error:
        raise ValueError("a value is too deep to be told") from error


class Whole(NamedTuple):
    """What strategies do. untold: what `digest` does not say of it, a few words each.

    files: of the user's code that was told.
    """

    digest: str
    untold: tuple[str, ...]
    files: tuple[Path, ...]


def tell_whole(strategies: Iterable[Any]) -> Whole:
    """Return all that strategies do by what is loaded: code, what it reaches, their values."""
    found = [_whole(one) for one in strategies]
    return Whole(
        _digest([one.digest for one in found]),
        tuple(dict.fromkeys(words for one in found for words in one.untold)),
        tuple(dict.fromkeys(file for one in found for file in one.files)),
    )


def _whole(strategy: Any) -> Whole:  # noqa: ANN401
    teller = _Teller(own=type(strategy).__module__)
    try:
        told = teller.value(strategy)
    except (ValueError, RecursionError) as error:
        return Whole("", (str(error),), ())
    packages = [[name, _version(name)] for name in sorted(teller.packages)]
    try:
        told = [told, [[name, teller.value(one)] for name, one in put_on(teller.packages)]]
    except (ValueError, RecursionError) as error:
        teller.doubt(str(error))
    files = [Path(one).resolve() for one in teller.files if one[:1] not in {"<", ""}]
    return Whole(_digest([told, packages]), tuple(teller.untold), tuple(files))


def named_only(module: str) -> bool:
    """Whether a module is Python's, an installed package's or this package's."""
    return _named_only(module) if module in sys.modules else False


@cache
def _named_only(module: str) -> bool:
    if module in SCRIPT:
        return False
    if module.partition(".")[0] in sys.stdlib_module_names:
        return True
    file = vars(sys.modules[module]).get("__file__")
    if file is None:
        return False
    return is_installed(Path(file).resolve())


class _Teller:
    """One telling. own: a module whose code is told even if it is installed.

    seen: what can hold itself, by id, and kept alive: the second time it is a number. untold: what
    this cannot tell. owners: the class of each method, by id. files, packages: whose code was told,
    and that are named.
    """

    def __init__(self, own: str = "") -> None:
        self.own = own
        self.seen: dict[int, tuple[int, object]] = {}
        self.untold: dict[str, None] = {}
        self.owners: dict[int, type] = {}
        self.files: dict[str, None] = {}
        self.packages: set[str] = set()

    def value(self, value: Any) -> Any:  # noqa: ANN401
        if value is None or type(value) in {bool, int, str, float}:
            return value
        kind = type(value)
        if not is_plain_module(kind.__module__):
            self.doubt(f"a value of type {_name(kind)}")
        for kinds, tell in () if kind in _USUAL else _FLAT:
            if isinstance(value, kinds):
                return self.with_kind(value, tell(self, value))
        if id(value) in self.seen:
            return ["again", self.seen[id(value)][0]]
        self.seen[id(value)] = (len(self.seen), value)
        for kinds, tell in _DEEP:
            if isinstance(value, kinds):
                return self.with_kind(value, tell(self, value))
        return self.object(value)

    def doubt(self, words: str) -> None:
        self.untold.setdefault(words)

    def with_kind(self, value: Any, told: Any) -> Any:  # noqa: ANN401
        """Return what was told of a number, a text, a collection; of a user, its kind as well."""
        kind = type(value)
        if self.is_named_only(kind.__module__) or isinstance(value, type):
            return told
        own = vars(value) if hasattr(value, "__dict__") and not isinstance(value, Enum) else {}
        return [told, self.value(kind), self.value(dict(own))]

    def is_named_only(self, module: str | None) -> bool:
        return module is not None and module != self.own and named_only(module)

    def named(self, module: str, name: str) -> None:
        """Note what is named alone: its package, or that its name does not say what it gives."""
        top = module.partition(".")[0]
        if not is_plain_module(module) or is_untold(name) or is_unseen(top):
            self.doubt(f"{module}.{name}")
        elif top not in sys.stdlib_module_names and top != ROOT.name:
            self.packages.add(top)

    def array(self, value: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
        if isinstance(value, np.ma.MaskedArray):
            return ["masked", *map(self.array, (np.ma.getdata(value), np.ma.getmaskarray(value)))]
        if value.dtype.hasobject:
            objects = self.values(value.ravel().tolist())
            return ["array", self.text(value.dtype), value.shape, objects]
        told = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return ["array", self.text(value.dtype), value.shape, told]

    def text(self, value: Any) -> Any:  # noqa: ANN401
        """By its text, and what that leaves out."""
        told = [_name(type(value)), str(value)]
        if isinstance(value, np.dtype) and value.metadata is not None:
            told.append(self.value(dict(value.metadata)))
        return [*told, value.fold] if hasattr(value, "fold") else told

    def enum(self, value: Enum) -> Any:  # noqa: ANN401
        return [_name(type(value)), value.name, self.value(value._value_)]

    def values(self, values: Any) -> Any:  # noqa: ANN401
        return [self.value(one) for one in values]

    def unordered(self, values: Any) -> Any:  # noqa: ANN401
        if any(not isinstance(one, (str, bytes, int, float, *TEXT)) for one in values):
            self.doubt("a set of more than numbers and texts")
        return ["set", sorted(_digest(_Teller().value(one)) for one in values)]

    def mapping(self, value: Mapping[Any, Any]) -> Any:  # noqa: ANN401
        told = ["map", [[self.value(key), self.value(one)] for key, one in value.items()]]
        if isinstance(value, defaultdict):
            told.append(self.value(value.default_factory))
        return told

    def module(self, value: ModuleType) -> Any:  # noqa: ANN401
        """By its file: which of its names are used is not known of a module that is handed on."""
        file = vars(value).get("__file__")
        if named_only(value.__name__):
            self.named(value.__name__, "")
            return ["module", value.__name__]
        self.doubt(f"the module {value.__name__}, handed on as a whole")
        if file is None or not Path(file).is_file():
            return ["module", value.__name__]
        return ["module", value.__name__, hashlib.sha256(Path(file).read_bytes()).hexdigest()]

    def partial(self, value: "partial[Any]") -> Any:  # noqa: ANN401
        return [
            "partial",
            self.value(value.func),
            self.values(value.args),
            self.value(value.keywords),
        ]

    def method(self, value: MethodType) -> Any:  # noqa: ANN401
        return ["method", self.value(value.__func__), self.value(value.__self__)]

    def builtin(self, value: BuiltinFunctionType) -> Any:  # noqa: ANN401
        owner = value.__self__
        if isinstance(owner, ModuleType):
            self.named(owner.__name__, value.__name__)
        if isinstance(owner, ModuleType) and not named_only(owner.__name__):
            self.doubt(f"compiled code of {owner.__name__}")
        return [
            "builtin",
            value.__qualname__,
            None if isinstance(owner, ModuleType) else self.value(owner),
        ]

    def function(self, value: FunctionType) -> Any:  # noqa: ANN401
        """By its code and what it reaches, wherever a decorator says that it is from."""
        module = value.__globals__.get("__name__", "")
        if self.is_named_only(module):
            self.named(module, value.__name__)
            return ["function", value.__module__, value.__qualname__, self.values(_cells(value))]
        self.files.setdefault(value.__code__.co_filename)
        used = {
            name: self.value(one)
            for name in _names(value.__code__)
            if not isinstance(one := value.__globals__.get(name, value), ModuleType)
            and name in value.__globals__
        }
        return [
            "function",
            _tell_code(value.__code__),
            self.values(x for x in _cells(value) if not isinstance(x, ModuleType)),
            self.values(value.__defaults__ or ()),
            self.value(value.__kwdefaults__ or {}),
            self.value({k: v for k, v in vars(value).items() if k != "__wrapped__"}),
            used,
            self.of_modules(value),
        ]

    def of_modules(self, value: FunctionType) -> Any:  # noqa: ANN401
        """Return what a function takes from modules, by its dotted name, as it is loaded there."""
        found = reached(value.__code__)
        closed = dict(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))
        cells = {name: one for name, cell in closed.items() for one in _contents(cell)}
        scope = ChainMap(cells, value.__globals__)
        for name in sorted(untold_names(found, scope, self.owners.get(id(value)))):
            self.doubt(f"{value.__name__} uses {name}")
        self.look(value.__name__, found, scope)
        told = {}
        for chain in found.chains:
            root = scope.get(chain[0])
            if not isinstance(root, ModuleType):
                continue
            one, path = follow(chain, scope)
            if named_only(root.__name__):
                self.named(root.__name__, path[-1])
                if not isinstance(one, PATCHED) and not _is_of_user(one):
                    continue
            told[".".join(path)] = self.value(one)
        return told

    def look(self, function: str, found: Reached, scope: Mapping[str, Any]) -> None:
        """Note what code of a function reaches that is not there to be told."""
        for name in sorted({chain[0] for chain in found.chains}):
            if name not in scope and (name == "open" or is_changed_builtin(name)):
                self.doubt(f"{function} uses {name}")
        for name in sorted(found.writes):
            self.doubt(f"{function} sets {name}")
        for name in sorted(found.imports):
            if named_only(name):
                self.named(name, "")
            else:
                self.doubt(f"{function} imports {name or 'a neighbour'} as it runs")

    def wrapper(self, value: Any) -> Any:  # noqa: ANN401
        return [_name(type(value)), self.value(_inner(value))]

    def property(self, value: property) -> Any:  # noqa: ANN401
        return ["property", self.values([value.fget, value.fset, value.fdel])]

    def class_(self, found: type) -> Any:  # noqa: ANN401
        if self.is_named_only(found.__module__):
            self.named(found.__module__, found.__name__)
            return ["class", _name(found)]
        self.seen.setdefault(id(found), (len(self.seen), found))
        self.owners |= {id(one): found for one in vars(found).values()}
        made_by = [] if named_only(type(found).__module__) else [self.value(type(found))]
        noted = {f.name: dict(f.metadata) for f in fields(found)} if is_dataclass(found) else {}
        return ["class", found.__qualname__, self.value(noted), self.values(found.__bases__), {
            name: self.value(value)
            for name, value in sorted(vars(found).items())
            if name not in ADDED and not isinstance(value, SLOTS) and not is_made(value)
        }, *made_by]  # fmt: skip

    def object(self, value: Any) -> Any:  # noqa: ANN401
        """By its parts if they are all in its fields or its `__dict__`; else as it is pickled."""
        kind = type(value)
        for inner in ("py_func", "__wrapped__"):  # compiled by numba; remembered by functools
            if named_only(kind.__module__) and hasattr(value, inner):
                options = vars(value).get("targetoptions", {}) if inner == "py_func" else {}
                return [_name(kind), self.value(getattr(value, inner)), self.value(options)]
        if (frame := _pandas(value)) is not None:
            return [_name(kind), self.values(frame)]
        told = self.class_(kind)
        if is_dataclass(kind) or _is_plain(kind):
            parts = parts_of(value)
            return ["object", told, [[name, self.value(parts[name])] for name in sorted(parts)]]
        if kind.__module__.partition(".")[0] == "numba":
            self.doubt(f"a value of type {_name(kind)}")
        return ["pickle", told, *self.pickled(value)]

    def pickled(self, value: Any) -> list[Any]:  # noqa: ANN401
        """Return a digest of a value's pickle, and the code of a user that it only names."""
        file = io.BytesIO()
        named: list[Any] = []

        class Pickler(pickle.Pickler):
            def reducer_override(self, one: Any) -> Any:  # noqa: ANN401
                if not isinstance(one, FunctionType | type) or named_only(one.__module__):
                    return NotImplemented
                named.append(one)
                return str, (one.__qualname__,)

        try:
            Pickler(file, protocol=4).dump(value)
        except UNCOPIED as error:
            raise ValueError(f"a {_name(type(value))} has no form that stays") from error
        return [hashlib.sha256(file.getvalue()).hexdigest(), self.values(named)]


_USUAL = frozenset({FunctionType, ModuleType, property, type, dict, list})  # none is flat


@lru_cache(maxsize=4096)
def _tell_code(code: CodeType) -> str:
    """Return a digest of compiled code; where it stands, its lines, does not matter."""
    return _digest(
        [
            code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
            code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags,
            code.co_exceptiontable, _Teller().values(code.co_consts),
        ]
    )  # fmt: skip


_FLAT: tuple[tuple[Any, Callable[[_Teller, Any], Any]], ...] = (
    (Enum, _Teller.enum),
    (TEXT, _Teller.text),
    ((bool, int, str, float), lambda _, value: [_name(type(value)), repr(value)]),
    ((bytes, bytearray), lambda _, value: [type(value).__name__, bytes(value)]),
    (tuple, lambda teller, value: [_name(type(value)), teller.values(value)]),
    ((set, frozenset), _Teller.unordered),
    (np.ndarray, _Teller.array),
    (CodeType, lambda _, value: _tell_code(value)),
)
_DEEP: tuple[tuple[Any, Callable[[_Teller, Any], Any]], ...] = (
    (FunctionType, _Teller.function),
    (property, _Teller.property),
    (ModuleType, _Teller.module),
    (type, _Teller.class_),
    (MethodType, _Teller.method),
    (BuiltinFunctionType, _Teller.builtin),
    ((classmethod, staticmethod, cached_property), _Teller.wrapper),
    (partial, _Teller.partial),
    (Mapping, _Teller.mapping),
    (list, lambda teller, value: [_name(type(value)), teller.values(value)]),
)


def _pandas(value: Any) -> list[Any] | None:  # noqa: ANN401
    """Return the parts of a frame, a Series or an index of pandas; None if it is none."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if isinstance(value, pandas.DataFrame):
        columns = [value.iloc[:, i] for i in range(value.shape[1])]
        told = [part for one in columns for part in (_kind(one.dtype), one.to_numpy())]
        return [value.columns, value.index, dict(value.attrs), *told]
    if isinstance(value, pandas.Series):
        return [value.name, value.index, dict(value.attrs), _kind(value.dtype), value.to_numpy()]
    if isinstance(value, pandas.Index):
        step = str(value.freq) if hasattr(value, "freq") else None
        return [list(value.names), _kind(value.dtype), step, value.to_numpy()]
    return None


def _kind(dtype: Any) -> list[Any]:  # noqa: ANN401
    """Return what a dtype of pandas is; of categories also their order."""
    if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):
        return [str(dtype), dtype.categories, dtype.ordered]
    return [str(dtype)]


def parts_of(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an object's fields and attributes; not what a cached property keeps there."""
    own = dict(vars(value)) if hasattr(value, "__dict__") else {}
    if is_dataclass(value):
        own |= {f.name: getattr(value, f.name) for f in fields(value)}
    return {name: one for name, one in own.items() if not is_kept(type(value), name)}


def is_kept(kind: type, name: str) -> bool:
    """Whether an attribute is the result of a cached property, which its code tells."""
    return any(isinstance(vars(base).get(name), cached_property) for base in kind.__mro__)


def _is_plain(kind: type) -> bool:
    """Whether objects of a class have nothing but a `__dict__`."""
    return not any(
        "__slots__" in vars(base) or named_only(base.__module__)
        for base in kind.__mro__
        if base is not object and base.__module__ not in {"abc", "typing"}
    )


def _inner(value: Any) -> Any:  # noqa: ANN401
    return value.func if isinstance(value, cached_property) else value.__func__


def is_made(value: object) -> bool:
    """Whether `dataclass` made a function."""
    while hasattr(value, "__wrapped__") and not _is_of_user(value):  # as it wraps a `__repr__`
        value = value.__wrapped__
    code = value.__code__ if isinstance(value, FunctionType) else None
    return code is not None and code.co_filename in MADE_IN and code.co_qualname.startswith(MADE)


def put_on(packages: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield what code of a user has put on classes of packages, by name: methods, accessors."""
    for top in sorted({*packages, "pandas", "polars", ROOT.name} & set(sys.modules)):
        found = [one for one in vars(sys.modules[top]).values() if isinstance(one, type)]
        kinds = dict.fromkeys(base for one in found for base in one.__mro__)
        for kind in kinds:
            if named_only(kind.__module__):
                for name, value in vars(kind).items():
                    yield from ((f"{_name(kind)}.{name}", one) for one in _code_of_user(value))


def _code_of_user(value: Any) -> list[Any]:  # noqa: ANN401
    """Return an attribute's functions and classes that are of a user, a descriptor's as well."""
    if isinstance(value, property):
        parts = [value.fget, value.fset, value.fdel]
    elif isinstance(value, classmethod | staticmethod):
        parts = [value.__func__]
    else:
        is_code = isinstance(value, FunctionType | type)
        parts = [value, *(() if is_code else _held(value))]
    return [one for one in parts if _is_of_user(one)]


def _held(value: object) -> list[Any]:
    """Return what an object holds by name, asking none of its own code: a stand-in's may refuse."""
    try:
        return list(object.__getattribute__(value, "__dict__").values())
    except AttributeError:
        return []


def _is_of_user(value: object) -> bool:
    """Whether a function, a class or an object is made by code that is not installed."""
    if isinstance(value, FunctionType):
        return not named_only(value.__globals__.get("__name__", ""))
    module = (value if isinstance(value, type) else type(value)).__module__
    is_file = (
        vars(sys.modules[module]).get("__file__") is not None if module in sys.modules else False
    )
    return module in SCRIPT or (is_file and not named_only(module))  # what has none is Cython's own


def _cells(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        yield next(_contents(cell), "empty")


def _contents(cell: CellType) -> Iterator[Any]:
    """Yield what a cell holds; nothing while it is not filled."""
    try:
        yield cell.cell_contents
    except ValueError:
        return


@lru_cache(maxsize=4096)
def _names(code: CodeType) -> tuple[str, ...]:
    """Return every name that code or a part of it asks for, sorted."""
    inner = (_names(one) for one in code.co_consts if isinstance(one, CodeType))
    return tuple(sorted(set(code.co_names).union(*inner)))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return str(vars(sys.modules[package]).get("__version__"))


def _name(kind: type) -> str:
    module = "__main__" if kind.__module__ in SCRIPT else kind.__module__
    return f"{module}.{kind.__qualname__}"


def _digest(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()
