"""What strategies that somebody brings may not move: bars, shared random numbers, folder, stdout.

Asking one hands over copies (`strategy.answers`). That it reached nothing else is seen to here,
once a run; nor does anything come in meanwhile (`descriptors`), or by what Python remembers.
"""

import os
import pickle
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gpt_trader.backtest.descriptors import emptied
from gpt_trader.backtest.reads import watched_reads
from gpt_trader.backtest.refers import empty_caches
from gpt_trader.data.checks.quality import digest
from gpt_trader.domain.bars import Bars
from gpt_trader.errors import StrategyError
from gpt_trader.strategy.aside import aside
from gpt_trader.strategy.registry import brings_code


@contextmanager
def contained(strategies: Sequence[Any], series: Sequence[Bars]) -> Iterator[list[str]]:
    """Let strategies answer about bars; yield notes of what had to be put back, filled at the end.

    Built-in strategies are not looked after. Raises StrategyError if the bars are not what they
    were.
    """
    names = dict.fromkeys(one.name for one in strategies if brings_code(one))
    notes: list[str] = []
    if not names:
        yield notes
        return
    empty_caches(strategies)
    told = ", ".join(names)
    bars = [digest(one) for one in series]
    folder, drawn = Path.cwd(), _drawn()
    try:
        with emptied(), aside(), watched_reads():
            yield notes
    finally:
        if pickle.dumps(_drawn()) != pickle.dumps(drawn):
            notes.append(_put_back(told, drawn))
        os.chdir(folder)
    if [digest(one) for one in series] != bars:
        raise StrategyError(
            f"strategy {told} changed the bars that it is judged on",
            hint="a strategy answers with Targets, and leaves everything else as it is",
        )


def _put_back(told: str, drawn: tuple[Any, Any]) -> str:
    """Let the shared random numbers stand where they stood, and return what is to be said of it.

    Beside other threads nobody knows who drew, and what they drew stays drawn.
    """
    if any(
        not one.daemon for one in threading.enumerate() if one is not threading.current_thread()
    ):
        return (
            f"random numbers that all code shares were drawn while {told} was asked, by it or by "
            "another thread; a numpy Generator of its own gives the same numbers at every run"
        )
    np.random.set_state(drawn[0])  # noqa: NPY002
    random.setstate(drawn[1])
    return (
        f"{told} draws from random numbers that all code shares: they were put back as "
        "they were; a numpy Generator of its own gives the same numbers at every run"
    )


def _drawn() -> tuple[Any, Any]:
    """Return where the random numbers stand that all code shares: numpy's, and Python's."""
    return np.random.get_state(), random.getstate()  # noqa: NPY002
