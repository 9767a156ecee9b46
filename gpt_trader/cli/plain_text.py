"""What a terminal without our signs is shown instead of them."""

import codecs
import io
import sys

ERRORS = "gpt-trader-plain"
PLAIN = {
    **dict(zip("▁▂▃▄▅▆▇█", "_.-:=+*#", strict=True)),
    **dict(zip("▓▒░·", "+-.'", strict=True)),
    **dict(zip("─━│┃├┤└┘┌┐", "--||++++++", strict=True)),
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that an encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in wrong), error.end


def fall_back() -> None:
    """Let stdout and stderr write other signs where they cannot write ours."""
    codecs.register_error(ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=ERRORS)
