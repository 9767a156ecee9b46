"""Find a strategy: built in, in a file, or installed by another package.

A reference is a built-in name (`sma_cross`), a class in a file (`my.py:MyStrategy`) or the name
of an entry point in the group `gpt_trader.strategies`. Importing this module imports none of
them: a strategy's module, and with it the compiler, is imported when it is asked for.
"""

import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Mapping
from dataclasses import is_dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from gpt_trader.errors import UsageError
from gpt_trader.strategy.aside import apart
from gpt_trader.strategy.params import Value, check_ranges, coerce, nearest

GROUP = "gpt_trader.strategies"
_FILE_MODULE = "gpt_trader_file_"

_BUILTIN = {
    "sma_cross": ("gpt_trader.strategy.sma_cross", "SmaCross"),
    "ema_trend": ("gpt_trader.strategy.ema_trend", "EmaTrend"),
    "mean_reversion": ("gpt_trader.strategy.mean_reversion", "MeanReversion"),
    "breakout": ("gpt_trader.strategy.breakout", "Breakout"),
    "momentum": ("gpt_trader.strategy.momentum", "Momentum"),
    "rank_momentum": ("gpt_trader.strategy.rank_momentum", "RankMomentum"),
    "regime_trend": ("gpt_trader.strategy.regime_trend", "RegimeTrend"),
    "rebalance": ("gpt_trader.strategy.rebalance", "Rebalance"),
    "risk_parity": ("gpt_trader.strategy.risk_parity", "RiskParity"),
    "pair_reversion": ("gpt_trader.strategy.pair_reversion", "PairReversion"),
    "accumulate": ("gpt_trader.strategy.accumulate", "Accumulate"),
    "grid": ("gpt_trader.strategy.grid", "Grid"),
    "ensemble": ("gpt_trader.strategy.ensemble", "Ensemble"),
    "hold": ("gpt_trader.strategy.baselines", "Hold"),
    "buy_and_hold": ("gpt_trader.strategy.baselines", "BuyAndHold"),
}

_BESIDE: list[str] = []  # folders of strategies' files, the newest first

# What the code of a strategy's file may fail with while it is imported.
_IMPORT_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SystemExit,
    TypeError,
    ValueError,
)


class ListedStrategy(NamedTuple):
    """A strategy as `gpt-trader strategies` shows it; source: "built-in" or the package."""

    name: str
    strategy: type[Any]
    source: str


def builtin_names() -> tuple[str, ...]:
    """Return the names of the built-in strategies, importing nothing."""
    return tuple(_BUILTIN)


def builtin() -> dict[str, type[Any]]:
    """Return the built-in strategies by name, importing all of them."""
    return {name: _load_builtin(name) for name in _BUILTIN}


def all_strategies() -> list[ListedStrategy]:
    """List built-in strategies, then those of installed packages by name."""
    listed = [ListedStrategy(name, strategy, "built-in") for name, strategy in builtin().items()]
    for name, point in sorted(_plugins().items()):
        listed.append(
            ListedStrategy(name, _load_plugin(point), point.dist.name if point.dist else "?")
        )
    return listed


def resolve(ref: str) -> type[Any]:
    """Return the strategy class that a reference names.

    Raises UsageError: unknown name (with the nearest), missing or broken file, a class that is
    missing or is not a strategy.
    """
    if ref in _BUILTIN:
        return _load_builtin(ref)
    path, colon, class_name = ref.rpartition(":")
    if colon and path.endswith(".py"):
        return _load_file(Path(path), class_name)
    if ref.endswith(".py"):
        raise UsageError(f"expected a class after {ref}", hint=f"for example {ref}:MyStrategy")
    plugins = _plugins()
    if ref in plugins:
        return _load_plugin(plugins[ref])
    known = [*_BUILTIN, *plugins]
    raise UsageError(
        f"unknown strategy {ref!r}",
        hint=nearest(ref, known, f"known: {', '.join(known)}; or file.py:Class"),
    )


def create(ref: str, settings: Mapping[str, Value]) -> Any:  # noqa: ANN401
    """Return the referenced strategy with its parameters set.

    settings: values as typed by hand or in a profile; text becomes the parameter's type.
    Raises UsageError as `resolve`, and on an unknown parameter, a wrong type, a value outside
    its range or an impossible combination.
    """
    strategy = resolve(ref)
    typed = coerce(strategy, settings)
    with apart():
        made = strategy(**typed)
    check_ranges(made)
    return made


def findable(ref: str) -> str:
    """Return a reference that holds in any folder: file.py:Class with an absolute path."""
    file, colon, name = ref.rpartition(":")
    return f"{Path(file).absolute()}{colon}{name}" if colon else ref


def is_array_strategy(strategy: type[Any]) -> bool:
    """Whether a class computes whole columns (targets), not bar by bar (on_bar)."""
    return hasattr(strategy, "targets")


def is_builtin(strategy: type[Any]) -> bool:
    """Whether a class is one of the built-in strategies itself."""
    return any(
        module in sys.modules and vars(sys.modules[module]).get(name) is strategy
        for module, name in _BUILTIN.values()
    )


def brings_code(strategy: Any) -> bool:  # noqa: ANN401
    """Whether a strategy, or one that has a vote in it, is not built in.

    Of a class: whether one made of it may be so.
    """
    if isinstance(strategy, type):
        return not is_builtin(strategy) or hasattr(strategy, "voters")
    if not is_builtin(type(strategy)):
        return True
    return hasattr(strategy, "voters") and any(map(brings_code, strategy.voters))


def place_in_strategy(error: BaseException) -> str | None:
    """Return file:line of the innermost code of a strategy that is not built in; None: none."""
    packages = {point.module.partition(".")[0] for point in _plugins().values()}
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _is_brought(frame.f_globals["__name__"], packages)
    ]
    return places[-1] if places else None


def _is_brought(module: str, packages: set[str]) -> bool:
    return is_file_module(module) or module.partition(".")[0] in packages


def is_file_module(module: str) -> bool:
    """Whether a module is the one of a strategy's file, which no import finds by its name."""
    return module.startswith(_FILE_MODULE)


def _load_builtin(name: str) -> type[Any]:
    module, class_name = _BUILTIN[name]
    found: type[Any] = getattr(importlib.import_module(module), class_name)
    return found


def _plugins() -> dict[str, EntryPoint]:
    """Entry points by name; a built-in name cannot be taken over."""
    return {p.name: p for p in entry_points(group=GROUP) if p.name not in _BUILTIN}


def _load_plugin(point: EntryPoint) -> type[Any]:
    try:
        with apart():
            found = point.load()
    except _IMPORT_FAILURES as error:
        raise UsageError(
            f"strategy {point.name} ({point.value}) cannot be imported: {_say(error)}",
            hint="reinstall or remove the package that brings it",
        ) from error
    return _check(found, f"entry point {point.name}")


def _load_file(path: Path, class_name: str) -> type[Any]:
    module = import_file(path)
    found = vars(module).get(class_name)
    if found is None:
        own = [n for n, v in vars(module).items() if _defined_in(v, module)]
        raise UsageError(
            f"{path} has no class {class_name!r}",
            hint=nearest(class_name, own, f"its classes: {', '.join(own) or 'none'}"),
        )
    return _check(found, f"{path}:{class_name}")


def import_file(path: Path) -> ModuleType:
    """Run a file as a module of its own, under a name no other import can meet.

    It may import what lies beside it, unless Python or an installed package has that name.
    Raises UsageError if there is none, or it fails.
    """
    if not path.is_file():
        raise UsageError(f"strategy file {path} does not exist", hint="give path/file.py:Class")
    _find_beside(path.resolve().parent)
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"{_FILE_MODULE}{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # the path ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        with apart():
            spec.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        raise UsageError(
            f"strategy file {path} is not valid Python: {error.msg}",
            where=f"{path}:{error.lineno}:{error.offset}",
        ) from error
    except _IMPORT_FAILURES as error:
        del sys.modules[name]
        raise UsageError(f"strategy file {path} cannot be imported: {_say(error)}") from error
    return module


def _find_beside(folder: Path) -> None:
    """Let imports find the files of a folder, after all others but before those of other folders.

    A module of that name from beside another strategy is imported anew, from here.
    """
    other = {top for top in _tops() if _home(top) not in {None, str(folder)}}
    here = {top for top in other if (folder / f"{top}.py").exists() or (folder / top).is_dir()}
    for name in [name for name in sys.modules if name.partition(".")[0] in here]:
        del sys.modules[name]
    _BESIDE[:] = [str(folder), *(other for other in _BESIDE if other != str(folder))]
    sys.path[:] = [*(one for one in sys.path if one not in _BESIDE), *_BESIDE]


def _tops() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules} & sys.modules.keys()


def _home(top: str) -> str | None:
    """Return the folder beside a strategy in which a module or package was found, None: no such."""
    file = vars(sys.modules[top]).get("__file__")
    if file is None:
        return None
    found = Path(file).parent.parent if Path(file).name == "__init__.py" else Path(file).parent
    return str(found) if str(found) in _BESIDE else None


def _defined_in(value: object, module: ModuleType) -> bool:
    return inspect.isclass(value) and value.__module__ == module.__name__


def _check(found: object, where: str) -> type[Any]:
    """Return `found` if it is a strategy class, else say what it lacks."""
    if not inspect.isclass(found) or not is_dataclass(found):
        raise UsageError(
            f"expected {where} to be a dataclass of parameters, was {found!r}",
            hint="write one with gpt-trader new-strategy NAME",
        )
    if not hasattr(found, "targets") and not hasattr(found, "on_bar"):
        raise UsageError(
            f"expected {where} to have targets(bars) or on_bar(view, memory), was neither",
            hint="write one with gpt-trader new-strategy NAME",
        )
    lacks = [word for word in ("name", "min_bars", "warmup") if not hasattr(found, word)]
    if lacks:
        raise UsageError(
            f"expected {where} to have {' and '.join(lacks)}",
            hint="write one with gpt-trader new-strategy NAME",
        )
    return found


def _say(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
