"""The types of `gpt_trader.indicators`, written from its functions: an overload a library.

`python scripts/gen_docs.py` writes `__init__.pyi`; a test holds it in step.
"""

import inspect
from collections.abc import Callable
from typing import Any, get_args

from gpt_trader import indicators
from gpt_trader.indicators.columns import Column

WIDTH = 100

# What each overload takes as a column and gives back. Those of plain columns come first: the
# others take them too, beside a Series.
LIKE = (("_Plain", "_Floats"), ("_Pandas", "pd.Series[float]"), ("_Polars", "pl.Series"))

_HEAD = """\
# Written by: python scripts/gen_docs.py

# The first that fits is right: plain columns beside a Series come back as the Series does.
# mypy: disable-error-code="overload-overlap"

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

type _Floats = NDArray[np.float64]
type _Plain = NDArray[Any] | Sequence[float | None]
type _Pandas = _Plain | pd.Series[Any]
type _Polars = _Plain | pl.Series
"""


def render() -> str:
    """Return the stub as Python, formatted."""
    offered = vars(indicators)
    functions = (offered[name] for name in offered["__all__"])
    told = (_overload(one, *like) for one in functions for like in LIKE)
    return "\n".join([_HEAD, *told, ""])


def _overload(function: Callable[..., Any], column: str, answer: str) -> str:
    signature = inspect.signature(function)
    given = [
        f"{one.name}: {column if one.annotation is Column else one.annotation.__name__}"
        for one in signature.parameters.values()
    ]
    several = ", ".join([answer] * len(get_args(signature.return_annotation)))
    end = f") -> {f'tuple[{several}]' if several else answer}: ..."
    start, inside = f"def {function.__name__}(", ", ".join(given)
    if len(start + inside + end) > WIDTH:
        inside = f"\n    {inside}\n" if len(inside) + 4 <= WIDTH else _lines(given)
    return f"@overload\n{start}{inside}{end}"


def _lines(given: list[str]) -> str:
    return "".join(f"\n    {one}," for one in given) + "\n"
