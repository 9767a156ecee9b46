"""A package that is also the function it is named for.

`gpt_trader.backtest` has to be a package, since modules are in it, and is what a user calls.
"""

import inspect
import sys
from importlib import import_module
from textwrap import fill
from types import ModuleType
from typing import Any

WIDTH = 92  # of help, which indents it
LONGEST = 16  # characters of a default


class Called(ModuleType):
    """A package that runs the function of its own name in its module `front` when it is called.

    Whoever asks sees that function's signature and documentation, and it is pickled by its name.
    The function is imported when it is first asked for: importing the package stays fast.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401, D102
        return _function_of(self)(*args, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(_function_of(self))

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        function = _function_of(self)
        first, _, rest = (inspect.getdoc(function) or "").partition("\n\n")
        return f"{first}\n\n{_how_called(function)}\n\n{rest}"  # `help` shows none of a package

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)


def make_callable(package: str) -> None:
    """Let an imported package be called."""
    sys.modules[package].__class__ = Called


def _how_called(function: Any) -> str:  # noqa: ANN401
    """Return a function's arguments as they are written, long defaults left out."""
    bare = [
        one.replace(annotation=one.empty, default=_shortened(one.default))
        for one in inspect.signature(function).parameters.values()
    ]
    call = f"{function.__name__}{inspect.Signature(bare)}"
    return fill(call, WIDTH, subsequent_indent=" " * (len(function.__name__) + 1))


def _shortened(default: object) -> object:
    if default is inspect.Parameter.empty or len(repr(default)) <= LONGEST:
        return default
    return _Text(f"{type(default).__name__}(...)")


class _Text(str):
    """Text that is shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _function_of(package: ModuleType) -> Any:  # noqa: ANN401
    name = package.__name__
    return getattr(import_module(f"{name}.front"), name.rpartition(".")[2])
