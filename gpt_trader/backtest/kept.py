"""A run's strategies, kept with its result and pickled apart from it.

A result is opened where its strategies are not: in another notebook, in a process without the cell
that they were written in. Only who asks for them misses them there.
"""

import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from gpt_trader.backtest.route import Route
from gpt_trader.errors import StrategyError

BY_VALUE = ("cloudpickle", "joblib.externals.cloudpickle")  # they carry the code of a cell


class KeptRoutes:
    """The routes of a run."""

    def __init__(self, routes: Sequence[Route] = (), packed: bytes = b"") -> None:
        """packed: routes pickled, in place of `routes`; empty: they could not be."""
        self._routes, self._packed = tuple(routes), packed

    def get(self) -> tuple[Route, ...]:
        """Return them. Raises StrategyError where their code is not, or they were not pickled."""
        if self._packed:
            try:
                self._routes = pickle.loads(self._packed)  # noqa: S301 - as the result around it
            except (AttributeError, ImportError) as error:
                raise StrategyError(
                    f"the strategy of this result is not here: {error}",
                    hint="define or import it, or run it again",
                ) from error
            self._packed = b""
        if not self._routes:
            raise StrategyError("this result was pickled without its strategy", hint="run it again")
        return self._routes

    def __reduce__(self) -> tuple[object, ...]:
        if self._packed:
            return KeptRoutes, ((), self._packed)
        for pack in (*_by_value(), pickle.dumps):
            with suppress(pickle.PicklingError, AttributeError, TypeError):
                return KeptRoutes, ((), pack(self._routes))
        return KeptRoutes, ()


def _by_value() -> list[Callable[[Any], bytes]]:
    """Return what pickles code that no module has, too, where the program has loaded one.

    Which pickler asks, nobody tells.
    """
    return [sys.modules[name].dumps for name in BY_VALUE if name in sys.modules]
