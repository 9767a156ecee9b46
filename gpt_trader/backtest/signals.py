"""Targets computed beforehand over whole arrays, read row by row."""

from typing import Any

from gpt_trader.domain.targets import Target, Targets
from gpt_trader.engine.state import State


class PrecomputedSignals:
    """Rows of each product's targets, aligned with the bars it is fed."""

    def __init__(self, targets: list[Targets]) -> None:
        self._targets = targets

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return the row of the newest bar."""
        return self._targets[j].row(state.bars_seen[j] - 1), None
