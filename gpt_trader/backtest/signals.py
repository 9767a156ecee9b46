"""Targets of a replay: columns read row by row, or a strategy asked bar by bar."""

from collections.abc import Sequence
from typing import Any

from gpt_trader.domain.targets import Target, Targets
from gpt_trader.engine.state import State
from gpt_trader.strategy.answers import ask_on_bar


class MixedSignals:
    """Each product's targets from its columns, or from its strategy's on_bar where it has none."""

    def __init__(self, strategies: Sequence[Any], targets: Sequence[Targets | None]) -> None:
        self._strategies = strategies
        self._targets = targets

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return the target of product j's newest bar, and the memory to keep."""
        columns = self._targets[j]
        if columns is not None:
            return columns.row(state.bars_seen[j] - 1), None
        return ask_on_bar(self._strategies[j], state.window(j), state.bars_seen[j], state.memory[j])
