"""What a terminal without our signs is shown instead of them."""

import io
import sys

from gpt_trader.signs import ERRORS


def fall_back() -> None:
    """Let stdout and stderr write other signs where they cannot write ours."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors=ERRORS)
