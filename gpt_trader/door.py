"""Where a user's code enters the library: what goes wrong inside is shown where it was called."""

import sysconfig
from collections.abc import Callable, Iterator
from functools import wraps
from types import TracebackType
from typing import ParamSpec, TypeVar

from gpt_trader.errors import TraderError, UsageError
from gpt_trader.hints import in_python

HERE = __file__.removesuffix("door.py")
P = ParamSpec("P")  # jedi, which completes in a notebook, reads no `def at_the_door[**P, R]`
R = TypeVar("R")
OF_PYTHON = (f"{sysconfig.get_path('stdlib')}/", "<frozen ", "<string>")


def at_the_door(call: Callable[P, R]) -> Callable[P, R]:  # noqa: UP047 - see P
    """Let a function of the library raise its errors near the line that called it.

    Of a traceback it leaves out what is between that line and the place that raised; code of the
    user's that was called in between, a strategy's, stays.
    """

    @wraps(call)
    def asked(*args: P.args, **options: P.kwargs) -> R:
        try:
            return call(*args, **options)
        except Exception as error:
            if isinstance(error, FileNotFoundError) and error.filename is None:  # of getcwd
                raise UsageError(
                    "the working folder is there no more", hint="os.chdir to one that is"
                ) from error
            _shorten(error)
            raise

    return asked


def users_place(error: BaseException) -> str | None:
    """Return file:line of the innermost code of the user's that raised an error; None: none."""
    users = [one for one in _frames(error.__traceback__) if _is_users(one)]
    return f"{_file(users[-1])}:{users[-1].tb_lineno}" if users else None


def _shorten(error: Exception) -> None:
    """Leave the frames that say something in an error, and in its cause.

    What is neither the user's nor ours to refuse is a fault of the library: it shows all of itself.
    """
    frames = [*_frames(error.__traceback__)][1:]
    if isinstance(error, TraderError):
        error.args = (in_python(error.message),)
    elif not isinstance(error, TypeError) and not any(map(_is_users, frames)):
        return
    error.__traceback__ = _rebuilt(_kept(frames))
    cause = error.__cause__
    if cause is not None:
        cause.__traceback__ = _rebuilt(_kept([*_frames(cause.__traceback__)]))


def _kept(frames: list[TracebackType]) -> list[TracebackType]:
    """Return a user's frames, what they call outside of the library, and what raised."""
    users = [i for i, one in enumerate(frames) if _is_users(one)]
    first = users[0] if users else len(frames) - 1
    return [
        one
        for i, one in enumerate(frames)
        if i == len(frames) - 1 or (i >= first and not _file(one).startswith(HERE))
    ]


def _rebuilt(frames: list[TracebackType]) -> TracebackType | None:
    found = None
    for one in reversed(frames):
        found = TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return found


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_users(frame: TracebackType) -> bool:
    file = _file(frame)
    is_installed = "site-packages" in file or file.startswith(OF_PYTHON)
    return not is_installed and not file.startswith(HERE)


def _file(frame: TracebackType) -> str:
    return frame.tb_frame.f_code.co_filename
