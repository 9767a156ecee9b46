"""Strategies in a file that reach for what is not theirs; each is one, by its name."""

import decimal
import gc
import io
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Target, Targets


@dataclass(frozen=True)
class Honest:
    """In while the close is above the mean of eight."""

    name: ClassVar[str] = "meddler"
    min_bars: int = 8
    warmup: int = 8

    def targets(self, bars):
        close = bars.close.astype(float)
        weight = np.full(len(close), np.nan)
        if len(close) >= 8:
            means = np.lib.stride_tricks.sliding_window_view(close, 8).mean(axis=1)
            weight[7:] = close[7:] > means
        return Targets(weight)


@dataclass(frozen=True)
class HalvesOpens(Honest):
    def targets(self, bars):
        bars.open[:] = np.maximum(bars.open // 2, 1)
        return super().targets(bars)


@dataclass(frozen=True)
class BlanksVolume(Honest):
    def targets(self, bars):
        bars.volume[bars.volume < 2000] = np.nan
        return super().targets(bars)


@dataclass(frozen=True)
class OpensItsColumns(Honest):
    """Makes what it was given writable again: it is a copy, and its own."""

    def targets(self, bars):
        found = super().targets(bars)
        for column in (bars.open, bars.close):
            owner = column if column.base is None else column.base
            owner.flags.writeable = True
            owner //= 2
        return found


@dataclass(frozen=True)
class FindsTheOthers(Honest):
    """Looks for all other bars of its product in memory, and halves their opens."""

    def targets(self, bars):
        for one in gc.get_objects():
            if type(one) is Bars and one is not bars and one.product == bars.product:
                owner = one.open if one.open.base is None else one.open.base
                owner.flags.writeable = True
                np.maximum(owner // 2, 1, out=owner)
        return super().targets(bars)


@dataclass(frozen=True)
class KeepsItsAnswer(Honest):
    """Answers out of one array, which its next answer overwrites."""

    def targets(self, bars):
        _SHARED[: len(bars)] = super().targets(bars).weight
        return Targets(_SHARED[: len(bars)])


_SHARED = np.zeros(100_000)


@dataclass(frozen=True)
class Prints(Honest):
    def targets(self, bars):
        print("rows", len(bars))
        return super().targets(bars)


@dataclass(frozen=True)
class PrintsFromOutside(Honest):
    def targets(self, bars):
        os.write(1, b"rows from outside\n")
        subprocess.run(["echo", "rows from another program"], check=True)
        return super().targets(bars)


@dataclass(frozen=True)
class Leaves(Honest):
    def targets(self, bars):
        sys.exit(0)


@dataclass(frozen=True)
class LeavesWhenMade(Honest):
    def __post_init__(self):
        sys.exit("done")


@dataclass(frozen=True)
class LeavesByBar:
    name: ClassVar[str] = "meddler"
    min_bars: int = 1
    warmup: int = 1

    def on_bar(self, view, memory):
        raise SystemExit


@dataclass(frozen=True)
class WritesByBar(LeavesByBar):
    def on_bar(self, view, memory):
        view.close[-1] = 1
        return None, memory


@dataclass(frozen=True)
class RemembersInPlace(LeavesByBar):
    """Changes the memory that it is shown, and fails at the tenth bar."""

    def on_bar(self, view, memory):
        memory = [] if memory is None else memory
        memory.append(int(view.close[-1]))
        return Target(0.5), memory


@dataclass(frozen=True)
class Draws(Honest):
    """Seeds and draws the random numbers that everybody shares, and sets what others use."""

    def targets(self, bars):
        np.random.seed(1)
        np.random.rand(3)
        random.seed(1)
        decimal.getcontext().prec = 3
        np.seterr(all="raise")
        os.chdir("/")
        return super().targets(bars)


@dataclass(frozen=True)
class EndsTheProcess(Honest):
    def targets(self, bars):
        os._exit(0)


@dataclass(frozen=True)
class TakesStdout(Honest):
    def targets(self, bars):
        sys.stdout = sys.stderr = io.StringIO()
        return super().targets(bars)
