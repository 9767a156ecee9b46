"""Signs of ours, and what stands for them where stdout cannot write them."""

import codecs
import sys

ERRORS = "gpt-trader-plain"  # how what an encoding lacks is written: `errors=` of a stream
PLAIN = {
    **dict(zip("▁▂▃▄▅▆▇█", "_.-:=+*#", strict=True)),
    **dict(zip("▓▒░·", "+-.'", strict=True)),
    **dict(zip("─━│┃├┤└┘┌┐", "--||++++++", strict=True)),
    **dict(zip("−–—", "---", strict=True)),
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that an encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in wrong), error.end


codecs.register_error(ERRORS, _plain)


def printed(text: str) -> str:
    """Return a text as stdout can print it: in ASCII a minus for our minus, letters for blocks."""
    try:
        encoding = sys.stdout.encoding
    except AttributeError:  # no console, or one that takes any text
        return text
    return text.encode(encoding, ERRORS).decode(encoding) if encoding else text
