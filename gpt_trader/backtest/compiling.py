"""Saying why the first call of an installation takes its time, where no command says it."""

import sys
from functools import cache
from multiprocessing import parent_process

from gpt_trader.kernel import is_compiled

SIMULATOR = "simulate._run"


@cache
def say_if_compiling() -> None:
    """Say once on stderr that the kernel is compiled now, if it is; a pool's owner says it."""
    if parent_process() is None and not is_compiled(SIMULATOR):
        sys.stderr.write("gpt-trader: compiling, once for this version: a minute or more\n")
        sys.stderr.flush()
