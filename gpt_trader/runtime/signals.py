"""The newest target from a strategy's trailing window: what live, paper and dev trade on."""

from collections.abc import Sequence
from typing import Any

from gpt_trader.domain.bars import bars_from_rows
from gpt_trader.domain.market import market_of
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target
from gpt_trader.engine.state import State
from gpt_trader.strategy.answers import ask_market, ask_on_bar, ask_targets
from gpt_trader.strategy.registry import is_array_strategy
from gpt_trader.strategy.sight import sees_market


class TrailingSignals:
    """Calls each product's strategy on its window and takes the last row.

    A market strategy is called once for all of its products, and again when a bar came.
    """

    def __init__(
        self, strategies: Sequence[Any], products: Sequence[Product], interval_ms: int
    ) -> None:
        """strategies: one a product, in plan order; a market strategy's products share one."""
        self._none = [bars_from_rows(product, interval_ms, []) for product in products]
        self._strategies = tuple(strategies)
        self._whole = tuple(is_array_strategy(type(strategy)) for strategy in strategies)
        self._market = tuple(sees_market(strategy) for strategy in strategies)
        self._answers: dict[int, tuple[Any, dict[int, Target | None]]] = {}

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return product j's target at its newest bar, and the memory to keep."""
        strategy, window, seen = self._strategies[j], state.window(j), state.bars_seen[j]
        if self._market[j]:
            return self._of_market(state, j), None
        if not self._whole[j]:
            return ask_on_bar(strategy, window, seen, state.memory[j])
        if window is None or seen < strategy.min_bars:
            return None, None
        return ask_targets(strategy, window, newest_only=True).row(-1), None

    def _of_market(self, state: State, j: int) -> Target | None:
        strategy = self._strategies[j]
        kept = self._answers.get(id(strategy))
        if kept is None or kept[0] is not state.windows:  # a tuple: another one where a bar came
            kept = state.windows, self._asked(state, strategy)
            self._answers[id(strategy)] = kept
        return kept[1].get(j)

    def _asked(self, state: State, strategy: Any) -> dict[int, Target | None]:  # noqa: ANN401
        """Return the targets of a market strategy's products that have a bar at the newest row."""
        places = [j for j, one in enumerate(self._strategies) if one is strategy]
        if max(state.bars_seen[j] for j in places) < strategy.min_bars:
            return {}
        market = market_of([state.window(j) or self._none[j] for j in places])
        end = int(market.time.searchsorted(state.arriving_ms, "right"))
        market = market.part(max(end - max(strategy.warmup, 1), 0), end, {})
        answers = ask_market(strategy, market, newest_only=True)
        return {
            j: said.row(-1)
            for column, (j, said) in enumerate(zip(places, answers, strict=True))
            if market.row[-1, column] >= 0
        }
