"""Walk-forward folds: choose on all days before, test on the next ones.

Anchored (Pardo, The Evaluation and Optimization of Trading Strategies, 2008): the in-sample part
of every fold begins at the first day and ends where its test begins; the tests follow one
another without a gap to the last day. A run is causal, so the in-sample part of a run is the
beginning of the run over all days: no choice can have seen its test.
"""

from dataclasses import dataclass

from gpt_trader.errors import UsageError

MIN_TEST_DAYS = 5


@dataclass(frozen=True, slots=True)
class Fold:
    """Days by their number from the first: in-sample [0, split), out-of-sample [split, end)."""

    split: int
    end: int


def make_folds(days: int, count: int) -> tuple[Fold, ...]:
    """Return `count` folds over `days` days: tests of equal length, the rest before the first.

    The first in-sample part is at least as long as a test. Raises UsageError if a test would be
    shorter than MIN_TEST_DAYS.
    """
    if count < 1:
        raise UsageError(f"expected --folds of 1 or more, was {count}")
    test = days // (count + 1)
    if test < MIN_TEST_DAYS:
        raise UsageError(
            f"{count} folds of {days} days leave {test} days a test, at least {MIN_TEST_DAYS} "
            "are needed",
            hint=f"more history, or --folds {max(days // MIN_TEST_DAYS - 1, 1)}",
        )
    first = days - count * test
    return tuple(Fold(first + i * test, first + (i + 1) * test) for i in range(count))
