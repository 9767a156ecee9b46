"""Saying why the first command of an installation takes its time."""

from gpt_trader.cli.output import note

SIMULATOR = "simulate._run"
ENGINE = "entries.decide_product"


def say_if_compiling(function: str) -> None:
    """Say on stderr that the kernel is compiled now, if `function` is not in its cache yet."""
    from gpt_trader.kernel import is_compiled

    if not is_compiled(function):
        note("compiling, once for this version: a minute or more")
