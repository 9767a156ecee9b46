"""What can be read to an end, twice: a regular file, no pipe and no device."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from gpt_trader.errors import DataError


def check_regular(path: Path) -> None:
    """Raise DataError if a path is there and neither a regular file nor a folder.

    A pipe that nobody writes to is waited for without end, and is empty when it is read again.
    """
    try:
        mode = path.stat().st_mode
    except OSError:  # whoever opens it says what is wrong
        return
    if not (S_ISREG(mode) or S_ISDIR(mode)):
        raise DataError(
            f"{path} is no regular file", hint="put what a pipe or a device holds into a file"
        )
