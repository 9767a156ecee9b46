"""The newest target from a strategy's trailing window: what live, paper and dev trade on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gpt_trader.domain.bars import Bars, bars_from_rows
from gpt_trader.domain.market import Market, market_of
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target
from gpt_trader.engine.plan import ReadSeries
from gpt_trader.engine.state import State
from gpt_trader.strategy.answers import ask_market, ask_on_bar, ask_targets
from gpt_trader.strategy.registry import is_array_strategy
from gpt_trader.strategy.sight import is_of_grid, reads_of, sees_market


class _Answer(NamedTuple):
    """Targets by product, and the windows that they were asked about."""

    windows: object
    reads: object
    targets: dict[int, Target]


class TrailingSignals:
    """Calls each product's strategy on its window and takes the last row.

    A market strategy is called once for all of its products, and again when a bar came.
    """

    def __init__(
        self,
        strategies: Sequence[Any],
        products: Sequence[Product],
        interval_ms: int,
        reads: Sequence[ReadSeries] = (),
    ) -> None:
        """strategies: one a product, in plan order; a market strategy's products share one."""
        self._strategies = tuple(strategies)
        self._products = tuple(products)
        self._interval_ms = interval_ms
        self._reads = {read.name: read for read in reads}
        self._whole = tuple(is_array_strategy(type(strategy)) for strategy in strategies)
        self._market = tuple(sees_market(strategy) for strategy in strategies)
        self._answers: dict[int, _Answer] = {}

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return product j's target at its newest bar, and the memory to keep."""
        strategy, window, seen = self._strategies[j], state.window(j), state.bars_seen[j]
        if self._market[j]:
            return self._of_market(state, strategy).get(j), None
        if not self._whole[j]:
            return ask_on_bar(strategy, window, seen, state.memory[j])
        if window is None or seen < strategy.min_bars:
            return None, None
        return ask_targets(strategy, window, newest_only=True).row(-1), None

    def _of_market(self, state: State, strategy: Any) -> dict[int, Target]:  # noqa: ANN401
        kept = self._answers.get(id(strategy))
        # another tuple, or mapping, where a bar came
        if kept is None or kept.windows is not state.windows or kept.reads is not state.reads:
            kept = _Answer(state.windows, state.reads, self._asked(state, strategy))
            self._answers[id(strategy)] = kept
        return kept.targets

    def _asked(self, state: State, strategy: Any) -> dict[int, Target]:  # noqa: ANN401
        """Return the targets of a market strategy's products that have a bar at the newest row."""
        places = [j for j, one in enumerate(self._strategies) if one is strategy]
        if max(state.bars_seen[j] for j in places) < strategy.min_bars:
            return {}
        market = self._shown(state, strategy, places)
        answers = ask_market(strategy, market, newest_only=True)
        return {
            j: said.row(-1)
            for column, (j, said) in enumerate(zip(places, answers, strict=True))
            if market.row[-1, column] >= 0
        }

    def _shown(self, state: State, strategy: Any, places: Sequence[int]) -> Market:  # noqa: ANN401
        """Return the newest rows of the market, and what is read as far back as is looked."""
        back = reads_of(strategy)
        market = market_of(
            [self._traded(state, j) for j in places],
            {name: self._read(state, name) for name in back},
        )
        end = int(market.time.searchsorted(state.arriving_ms, "right"))
        return market.part(max(end - max(strategy.warmup, 1), 0), end, back)

    def _traded(self, state: State, j: int) -> Bars:
        return state.window(j) or bars_from_rows(self._products[j], self._interval_ms, [])

    def _read(self, state: State, name: str) -> Bars:
        """Return the newest bars of a series, be it one that is traded."""
        for j, product in enumerate(self._products):
            if is_of_grid(name, product.product_id, self._interval_ms):
                return self._traded(state, j)
        window, read = state.reads.get(name), self._reads[name]
        if window is None or window.product != read.product:
            return bars_from_rows(read.product, read.interval_ms, [])
        return window.bars
