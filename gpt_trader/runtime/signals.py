"""The newest target from a strategy's trailing window: what live, paper and dev trade on."""

from collections.abc import Sequence
from typing import Any

from gpt_trader.domain.targets import Target
from gpt_trader.engine.state import State
from gpt_trader.strategy.answers import ask_on_bar, ask_targets
from gpt_trader.strategy.registry import is_array_strategy


class TrailingSignals:
    """Calls each product's strategy on its window and takes the last row."""

    def __init__(self, strategies: Sequence[Any]) -> None:
        """strategies: one a product, in plan order; array strategies or bar strategies."""
        self._strategies = tuple(strategies)
        self._whole = tuple(is_array_strategy(type(strategy)) for strategy in strategies)

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return product j's target at its newest bar, and the memory to keep."""
        strategy, window, seen = self._strategies[j], state.window(j), state.bars_seen[j]
        if not self._whole[j]:
            return ask_on_bar(strategy, window, seen, state.memory[j])
        if window is None or seen < strategy.min_bars:
            return None, None
        return ask_targets(strategy, window, newest_only=True).row(-1), None
