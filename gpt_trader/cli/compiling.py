"""Saying why the first command of an installation takes its time."""

import os
from pathlib import Path

from gpt_trader.cli.output import note

SIMULATOR = "simulate._run"
ENGINE = "entries.decide_product"


def say_if_compiling(function: str) -> None:
    """Say on stderr that the kernel is compiled now, if `function` is not in its cache yet."""
    import gpt_trader.kernel  # noqa: F401 - names the cache's folder

    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    if os.environ.get("NUMBA_DISABLE_JIT") != "1" and not any(folder.rglob(f"{function}-*.nbi")):
        note("compiling, once for this version: a minute or more")
