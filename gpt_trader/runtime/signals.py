"""The newest target from a strategy's trailing window: what live, paper and dev trade on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gpt_trader.domain.bars import Bars, bars_from_rows
from gpt_trader.domain.market import Market, market_of
from gpt_trader.domain.product import Product
from gpt_trader.domain.reads import full_name
from gpt_trader.domain.targets import Target
from gpt_trader.engine.plan import ReadSeries
from gpt_trader.engine.state import State
from gpt_trader.strategy.answers import ask_market, ask_on_bar, ask_targets
from gpt_trader.strategy.asked import decided_at
from gpt_trader.strategy.registry import is_array_strategy
from gpt_trader.strategy.sight import reads_of, sees_market

DECIDED = "decided_ms"  # of a route of longer bars: the open of the newest that was decided on


class _Asked(NamedTuple):
    """What a market strategy is asked about, and its products' targets, once it was asked."""

    windows: object
    reads: object
    places: tuple[int, ...]
    market: Market
    answers: dict[int, Target] | None


class TrailingSignals:
    """Calls each product's strategy on its window and takes the last row.

    A market strategy is called once for all of its products, and again when a bar came. One of
    longer bars is called once for each of these that has closed; which was the last one it keeps
    as its memory, so that what closed while nobody looked, or was told late, is decided all the
    same.
    """

    def __init__(
        self,
        strategies: Sequence[Any],
        products: Sequence[Product],
        interval_ms: int,
        reads: Sequence[ReadSeries] = (),
        intervals: Sequence[int] = (),
    ) -> None:
        """strategies: one a product, in plan order; a market strategy's products share one.

        interval_ms: of the bars that are traded; intervals: of each product's route, none: that.
        """
        self._strategies = tuple(strategies)
        self._products = tuple(products)
        self._interval_ms = interval_ms
        self._intervals = tuple(intervals) or (interval_ms,) * len(self._strategies)
        self._reads = {read.name: read for read in reads}
        self._whole = tuple(is_array_strategy(type(strategy)) for strategy in strategies)
        self._market = tuple(sees_market(strategy) for strategy in strategies)
        self._answers: dict[int, _Asked] = {}

    def __call__(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return product j's target at its newest bar, and the memory to keep."""
        strategy, window, seen = self._strategies[j], state.window(j), state.bars_seen[j]
        if self._intervals[j] != self._interval_ms:
            return self._at_closes(state, j)
        if self._market[j]:
            return self._of_market(state, j), None
        if not self._whole[j]:
            return ask_on_bar(strategy, window, seen, state.memory[j])
        if window is None or seen < strategy.min_bars:
            return None, None
        return ask_targets(strategy, window, newest_only=True).row(-1), None

    def _at_closes(self, state: State, j: int) -> tuple[Target | None, Any]:
        """Return product j's target if a longer bar has closed that was not decided on yet.

        A session that begins decides on none that had closed before its first bar.
        """
        longer, memory = self._shown_of(state, j), state.memory[j]
        known = memory[DECIDED] if isinstance(memory, dict) and DECIDED in memory else None
        fine = state.window(j)
        if fine is None or not len(longer) or longer.time[-1] == known:
            return None, memory
        memory = {DECIDED: int(longer.time[-1])}
        if known is None and not decided_at(longer, fine[-2:])[1][-1]:
            return None, memory
        if self._market[j]:
            return self._of_market(state, j), memory
        strategy = self._strategies[j]
        if len(longer) < strategy.min_bars:
            return None, memory
        window = longer[-max(strategy.warmup, 1) :]
        return ask_targets(strategy, window, newest_only=True).row(-1), memory

    def _shown_of(self, state: State, j: int) -> Bars:
        """Return what had closed by the running cycle's close of the bars that are shown of j."""
        if self._intervals[j] == self._interval_ms:
            return state.window(j) or bars_from_rows(self._products[j], self._interval_ms, [])
        longer = self._read(state, full_name(self._products[j].product_id, self._intervals[j]))
        closed_ms = state.arriving_ms + self._interval_ms
        return longer[: int(longer.time.searchsorted(closed_ms - longer.interval_ms, "right"))]

    def _of_market(self, state: State, j: int) -> Target | None:
        """Return product j's target, if it has a bar at the market's newest row."""
        strategy = self._strategies[j]
        kept = self._answers.get(id(strategy))
        # another tuple, or mapping, where a bar came
        if kept is None or kept.windows is not state.windows or kept.reads is not state.reads:
            places = [i for i, one in enumerate(self._strategies) if one is strategy]
            market = self._market_of(state, strategy, places)
            kept = _Asked(state.windows, state.reads, tuple(places), market, None)
            self._answers[id(strategy)] = kept
        newest = kept.market.row[-1:, kept.places.index(j)]
        if not (newest >= 0).any() or not self._is_warm(state, kept):
            return None
        if kept.answers is None:
            begin = max(len(kept.market) - max(strategy.warmup, 1), 0)
            shown = kept.market.part(begin, len(kept.market), reads_of(strategy))
            said = ask_market(strategy, shown, newest_only=True)
            answers = {i: one.row(-1) for i, one in zip(kept.places, said, strict=True)}
            kept = kept._replace(answers=answers)
            self._answers[id(strategy)] = kept
        assert kept.answers is not None
        return kept.answers[j]

    def _is_warm(self, state: State, asked: _Asked) -> bool:
        """Whether one of a market's products has had as many bars as it needs."""
        needed = max(self._strategies[asked.places[0]].min_bars, 1)
        if self._intervals[asked.places[0]] == self._interval_ms:
            seen = max(state.bars_seen[i] for i in asked.places)
        else:
            seen = int(asked.market.row.max()) + 1
        return bool(seen >= needed)

    def _market_of(self, state: State, strategy: Any, places: Sequence[int]) -> Market:  # noqa: ANN401
        """Return all that is kept of a market, and of what is read, up to the running cycle."""
        shown, own_ms = [self._shown_of(state, j) for j in places], self._intervals[places[0]]
        market = market_of(
            shown,
            {name: self._read(state, full_name(name, own_ms)) for name in reads_of(strategy)},
        )
        closed_ms = state.arriving_ms + self._interval_ms
        return market[: int(market.time.searchsorted(closed_ms - own_ms, "right"))]

    def _read(self, state: State, name: str) -> Bars:
        """Return the newest bars of a series, be it one that is traded."""
        for j, product in enumerate(self._products):
            if name == full_name(product.product_id, self._interval_ms):
                return state.window(j) or bars_from_rows(product, self._interval_ms, [])
        window, read = state.reads.get(name), self._reads[name]
        if window is None or window.product != read.product:
            return bars_from_rows(read.product, read.interval_ms, [])
        return window.bars
