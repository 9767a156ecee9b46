"""A path as a user gives it: text or a PathLike, `~` the home folder."""

from os import PathLike
from pathlib import Path

from gpt_trader.brief import brief
from gpt_trader.errors import UsageError


def path_given(name: str, value: object) -> Path:
    """Return the path that is given as `name`; nothing is looked for.

    Raises TypeError for what is none, UsageError for what no file can be called.
    """
    if not isinstance(value, str | PathLike):
        raise TypeError(f"expected {name} as a path, was {brief(value)}")
    path = Path(value)
    if "\0" in str(path):
        raise UsageError(f"expected {name} as a path without zero bytes, was {brief(str(path))}")
    try:
        return path.expanduser()
    except RuntimeError:
        raise UsageError(f"{name}: there is no home folder for {brief(str(path))}") from None
