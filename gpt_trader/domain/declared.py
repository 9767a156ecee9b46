"""Parameters as their dataclass declares them: 60 and 60.0 are one fee, one run and one trial."""

from dataclasses import fields
from numbers import Integral
from typing import Any

FLOATS = (float, float | None, "float", "float | None")  # the text where annotations are not run


def declared(made: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    """Return a dataclass's fields by name, whole numbers as floats where floats are declared."""
    return {f.name: _as(f.type, getattr(made, f.name)) for f in fields(made)}


def settle(made: Any) -> None:  # noqa: ANN401
    """Make the fields of a frozen dataclass, as it is made, what it declares."""
    for name, value in declared(made).items():
        object.__setattr__(made, name, value)


def _as(kind: Any, value: Any) -> Any:  # noqa: ANN401
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    return float(value) if is_whole and kind in FLOATS else value
