"""Market strategies: the fast engine, replay and a session's trailing windows give one answer."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import Tape, history, ignore, run_fast, run_replay
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.product import Product
from gpt_trader.engine.codec import state_from_json, state_text
from gpt_trader.engine.drive import drive
from gpt_trader.engine.events import BarClosed, Event, SeriesTold, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import new_state
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import Limits, no_policy
from gpt_trader.runtime.reads import names_read, past_read, series_read
from gpt_trader.runtime.signals import TrailingSignals
from gpt_trader.strategy.answers import ask_market
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import groups_of, part
from tests.examples import examples
from tests.property.market_strategies import KINDS, READING, SOL_READING
from tests.property.strategies import INTERVAL_MS, PRODUCTS, costs, limits, market, styles


def series_of(seed, n, keep, begins, ends):
    """Three products, some of whose bars are absent, and that appear and end in between."""
    found = []
    for j, product in enumerate(PRODUCTS):
        bars = market(seed + j, n, product, keep)
        first, end = int(begins[j] * n), max(int(ends[j] * n), int(begins[j] * n) + 1)
        inside = (bars.time >= bars.time[0] + first * INTERVAL_MS) & (
            bars.time < bars.time[0] + end * INTERVAL_MS
        )
        inside[-1] |= not inside.any()
        found.append(bars[np.flatnonzero(inside)])
    return found


def reads_for(seed, n, keep):
    """What is read and not traded: hours of an index, some of them absent, and its days."""
    index = Product("IDX-USD", Decimal("0.1"), Decimal("0.00001"))
    found = replace(market(seed + 9, n, PRODUCTS[1], keep), product=index)
    return {"IDX-USD": found, "IDX-USD@1d": coarsen(found, 24 * INTERVAL_MS).bars}


class Windows:
    """What a session shows a market strategy that reads: windows of the whole."""

    def __init__(self, strategy, series, reads):
        (self.group,) = groups_of([strategy] * len(series), series, reads)
        self.answers = {}

    def __call__(self, state, j):
        strategy, seen = self.group.strategy, self.group.seen
        if max(state.bars_seen) < strategy.min_bars:
            return None, None
        end = int(seen.time.searchsorted(state.arriving_ms, "right"))
        if end not in self.answers:
            shown = part(strategy, seen, max(end - strategy.warmup, 0), end)
            self.answers[end] = ask_market(strategy, shown, newest_only=True)
        return self.answers[end][j].row(-1), None


@examples(120)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(40, 200),
    kind=st.sampled_from(KINDS + READING),
    look=st.integers(1, 20),
    keep=st.sampled_from([1.0, 0.9, 0.5]),
    begins=st.lists(st.sampled_from([0.0, 0.0, 0.4]), min_size=3, max_size=3),
    ends=st.lists(st.sampled_from([1.0, 1.0, 0.7]), min_size=3, max_size=3),
    costs=costs,
    limits=limits,
    per_product=st.lists(styles, min_size=3, max_size=3),
)
def test_a_session_decides_as_both_engines_do(
    seed: int,
    n: int,
    kind: Callable[..., Any],
    look: int,
    keep: float,
    begins: list[float],
    ends: list[float],
    costs: Costs,
    limits: Limits,
    per_product: list[Style],
) -> None:
    series = series_of(seed, n, keep, begins, ends)
    panel, strategy = build_panel(series), kind(look=look)
    strategies, products = [strategy] * len(series), [bars.product for bars in series]
    reads = reads_for(seed, n, keep) if kind in READING else {}
    terms = {
        "cash": 10_000 * 10**8,
        "costs": costs,
        "limits": limits,
        "styles": per_product,
        "budgets": [1.0] * len(series),
    }
    fast = run_fast(panel, ask_all(strategies, series, reads), **terms)
    signals = (
        Windows(strategy, series, reads)
        if kind in READING
        else TrailingSignals(strategies, products, INTERVAL_MS)
    )
    session = run_replay(
        panel,
        signals,
        min_bars=[strategy.min_bars] * len(series),
        window_bars=[strategy.warmup] * len(series),
        **terms,
    )
    assert session.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(session.equity, fast.equity)
    np.testing.assert_array_equal(session.counts, fast.counts)


def test_there_are_twenty_kinds_and_more_and_all_trade() -> None:
    silent = []
    for kind in KINDS + READING:
        series = series_of(3, 200, 0.9, [0.0] * 3, [1.0] * 3)
        strategies = [kind(look=7)] * 3
        answers = ask_all(strategies, series, reads_for(3, 200, 0.9))
        if not any((np.abs(one.weight) > 0).any() for one in answers if one):
            silent.append(kind.__name__)
    assert silent == []
    assert len(KINDS + READING) >= 20


def told(reads: dict[str, Bars], events: Iterator[Event]) -> Iterator[Event]:
    """The events of a feed, and before each bar what had closed by then of what is read."""
    known = dict.fromkeys(reads, -1)
    for closed_ms, row in groupby(events, lambda event: event.time_ms):
        lacks = False
        for name, bars in reads.items():
            closes = bars.time + bars.interval_ms
            rows = np.flatnonzero((bars.time > known[name]) & (closes <= closed_ms))
            if len(rows):
                known[name] = int(bars.time[rows[-1]])
                yield SeriesTold(closed_ms, name, tuple(map(bars.bar, rows.tolist())))
            lacks |= closed_ms % bars.interval_ms == 0 and closed_ms not in closes
        bars_only = [event for event in row if isinstance(event, BarClosed)]
        yield from bars_only
        if lacks or len(bars_only) < 3:
            yield Ticked(closed_ms)


@examples(40)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(60, 250),
    kind=st.sampled_from(SOL_READING),
    look=st.integers(1, 6),
    keep=st.sampled_from([1.0, 0.9, 0.5]),
    kept=st.sampled_from([1.0, 0.6]),
)
def test_a_session_reads_as_both_engines_do(
    seed: int, n: int, kind: type, look: int, keep: float, kept: float
) -> None:
    series = series_of(seed, n, keep, [0.0, 0.2, 0.0], [1.0, 1.0, 0.8])
    other = market(seed + 9, n, PRODUCTS[1], kept)
    reads = {"SOL-USD": replace(other, product=replace(other.product, product_id="SOL-USD"))}
    strategy = kind(look=look)
    check_session(series, reads, [strategy] * 3, [INTERVAL_MS] * 3)


@examples(60)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(60, 250),
    market_kind=st.sampled_from(KINDS + SOL_READING),
    single=st.sampled_from(["sma_cross", "breakout"]),
    look=st.integers(1, 6),
    hours=st.lists(st.sampled_from([1, 2, 6]), min_size=2, max_size=2),
    keep=st.sampled_from([1.0, 0.9, 0.5]),
)
def test_routes_of_several_intervals_decide_as_both_engines_do(
    seed: int, n: int, market_kind: type, single: str, look: int, hours: list[int], keep: float
) -> None:
    """One market strategy on two products, and one of a product, each at closes of its own."""
    series = series_of(seed, n, keep, [0.0, 0.2, 0.0], [1.0, 1.0, 0.8])
    other = market(seed + 9, n, PRODUCTS[1], 0.8)
    whole = replace(other, product=replace(other.product, product_id="SOL-USD"))
    own_ms = hours[0] * INTERVAL_MS
    reads = {"SOL-USD": whole if hours[0] == 1 else coarsen(whole, own_ms).bars}
    many = market_kind(look=look)
    params = {"fast": 2, "slow": 5} if single == "sma_cross" else {"entry": 6, "exit": 3}
    one = create(single, params)
    check_session(series, reads, [many, one, many], [own_ms, hours[1] * INTERVAL_MS, own_ms])


def check_session(series, reads, strategies, intervals):
    """A session decides, and holds, what both engines do; also after a restart."""
    products = [bars.product for bars in series]
    panel = build_panel(series)
    grids = {"SOL-USD": reads["SOL-USD"].product}
    ids = [product.product_id for product in products]
    names = names_read(strategies, ids, intervals, INTERVAL_MS)
    slow = [own_ms != INTERVAL_MS for own_ms in intervals]
    plan = Plan(
        portfolio="tests",
        interval="1h",
        interval_ms=INTERVAL_MS,
        products=panel.products,
        costs=CostModel().kernel(),
        limits=no_policy(INTERVAL_MS),
        order_styles=(order_style("taker").kernel(),) * len(series),
        budgets=(1.0,) * len(series),
        min_bars=tuple(1 if slow[j] else one.min_bars for j, one in enumerate(strategies)),
        window_bars=tuple(2 if slow[j] else one.warmup for j, one in enumerate(strategies)),
        reads=series_read(names, products, grids),
    )
    signals = TrailingSignals(strategies, products, INTERVAL_MS, plan.reads, intervals)
    tape, wanted = Tape(plan, panel), past_read(plan.reads, reads, series)
    state = drive(
        plan, new_state(plan, 10**12), told(wanted, history(panel)), PaperBroker(), tape,
        signals, ignore,
    )  # fmt: skip
    fast = run_fast(
        panel,
        ask_all(strategies, series, reads, intervals),
        cash=10**12,
        costs=plan.costs,
        limits=plan.limits,
        styles=list(plan.order_styles),
        budgets=list(plan.budgets),
    )
    session = tape.result(state, close_at_end=False)
    assert session.fills.tolist() == fast.fills.tolist()
    np.testing.assert_array_equal(session.equity, fast.equity)
    again = state_from_json(plan, json.loads(state_text(state)))
    assert state_text(again) == state_text(state)
    anew = TrailingSignals(strategies, products, INTERVAL_MS, plan.reads, intervals)
    assert repr(signals(again, 0)) == repr(anew(state, 0))
