"""A strategy made once more from its code, imported anew with all of the user's that it imports.

What a module keeps, such as answers to earlier questions, begins empty then.
"""

import importlib
import inspect
import sys
from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import Any

from gpt_trader.backtest.told import named_only
from gpt_trader.observe.provenance import SCRIPT
from gpt_trader.strategy.registry import import_file, is_builtin, is_file_module


def is_importable(strategy: Any) -> bool:  # noqa: ANN401
    """Whether a strategy's code is in a module's file, and not in one that just runs.

    It is not where its class was typed at a prompt, in a script, or made by a function.
    """
    kind = type(strategy)
    if kind.__module__ in SCRIPT or "<locals>" in kind.__qualname__:
        return False
    module = sys.modules.get(kind.__module__)
    spec = None if module is None else module.__spec__
    return spec is not None and spec.has_location and not vars(spec).get("_initializing", False)


def imported_anew(strategy: Any) -> Any:  # noqa: ANN401
    """Return an equal strategy of new code; itself where it is not importable, or made otherwise.

    The modules that were there before are gone from `sys.modules`: for a process of its own, or to
    be put back. Raises what the import does.
    """
    if not is_importable(strategy):
        return strategy
    kind = type(strategy)
    file = Path(inspect.getfile(kind))
    top = "" if is_builtin(kind) else kind.__module__.partition(".")[0]
    for name in list(sys.modules):
        if name not in SCRIPT and (_is_of_user(name) or name.partition(".")[0] == top):
            del sys.modules[name]
    is_file = is_file_module(kind.__module__)
    module = import_file(file) if is_file else importlib.import_module(kind.__module__)
    again: Any = reduce(getattr, kind.__qualname__.split("."), module)
    made = again(**_settings(strategy))
    return made if repr(_settings(made)) == repr(_settings(strategy)) else strategy


def _settings(strategy: Any) -> dict[str, Any]:  # noqa: ANN401
    return {f.name: getattr(strategy, f.name) for f in fields(strategy) if f.init}


def _is_of_user(name: str) -> bool:
    """Whether a module is from a file that is neither installed nor Python's or ours."""
    return vars(sys.modules[name]).get("__file__") is not None and not named_only(name)
