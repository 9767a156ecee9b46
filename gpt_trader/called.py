"""A package that is also the function it is named for.

`gpt_trader.backtest` has to be a package, since modules are in it, and is what a user calls.
"""

import inspect
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


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
        said: str | None = _function_of(self).__doc__
        return said

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)


def make_callable(package: str) -> None:
    """Let an imported package be called."""
    sys.modules[package].__class__ = Called


def _function_of(package: ModuleType) -> Any:  # noqa: ANN401
    name = package.__name__
    return getattr(import_module(f"{name}.front"), name.rpartition(".")[2])
