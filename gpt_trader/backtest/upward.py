"""A value asks what shows it: that knows the value, so the value knows it by its name only.

Which names there are stands in tests/test_layers.py: each is an import that no linter sees.
"""

from importlib import import_module
from typing import Any


def ask(function: str, *given: Any) -> Any:  # noqa: ANN401 - what the function takes and gives
    """Call a function of this package that is named as "module:function"."""
    module, _, name = function.partition(":")
    return getattr(import_module(f"gpt_trader.{module}"), name)(*given)
