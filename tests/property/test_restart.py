"""Stop after any journal prefix, recover, go on: the same decisions and client order ids."""

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import history, ignore
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.domain.targets import Targets
from gpt_trader.engine.codec import (
    command_from_json,
    event_from_json,
    record_from_json,
    state_from_json,
    state_text,
)
from gpt_trader.engine.drive import advance, drive
from gpt_trader.engine.events import BarClosed, OrderUpdated
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.recover import recover
from gpt_trader.engine.state import State, new_state
from gpt_trader.engine.written import tagged_text, tagged_texts
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.risk.policy import Limits
from tests.examples import examples
from tests.property.strategies import (
    INTERVAL_MS,
    PRODUCTS,
    costs,
    limits,
    market,
    random_targets,
    styles,
)


class Batches:
    """A journal in memory: one list a transaction."""

    def __init__(self) -> None:
        self.kept: list[list[Entry]] = []

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        self.kept.append(list(entries))


def text_of(entry: Entry) -> str:
    """The entry as the journal keeps it."""
    moved = tagged_texts(entry.records), tagged_texts(entry.commands)
    return f"[{tagged_text(entry.event)},{moved[0]},{moved[1]}]"


def through_json(entry: Entry) -> Entry:
    """The entry as a reader of the journal sees it."""
    event, records, commands = json.loads(text_of(entry))
    return Entry(
        event_from_json(event),
        tuple(record_from_json(r) for r in records),
        tuple(command_from_json(c) for c in commands),
    )


def log_of(batches: list[list[Entry]]) -> list[str]:
    """Every decision, fill and command; the answers to commands aside (a restart asks again)."""
    return [
        text_of(e)
        for batch in batches
        for e in batch
        if not (isinstance(e.event, OrderUpdated) and e.event.status in ("OPEN", "CANCELLED"))
    ]


def rest_of(panel: Panel, state: State, plan: Plan) -> object:
    for event in history(panel):
        if isinstance(event, BarClosed):
            if event.bar.open_ms > state.last_bar_ms[plan.index[event.bar.product_id]]:
                yield event
        elif event.time_ms - INTERVAL_MS > state.cycle_ms:
            yield event


@examples(30)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(3, 60),
    p=st.integers(1, 3),
    cut=st.floats(0, 1),
    costs=costs,
    limits=limits,
    style=styles,
    through_snapshot=st.booleans(),
)
def test_restart_after_any_prefix_repeats_nothing_and_loses_nothing(
    seed: int,
    n: int,
    p: int,
    cut: float,
    costs: Costs,
    limits: Limits,
    style: Style,
    through_snapshot: bool,
) -> None:
    series = [market(seed + j, n, PRODUCTS[j], 0.9) for j in range(p)]
    panel = build_panel(series)
    targets: list[Targets] = [random_targets(seed + j, len(b)) for j, b in enumerate(series)]
    signals = MixedSignals([None] * len(targets), targets)
    plan = Plan(
        "test", "1h", INTERVAL_MS, panel.products, costs, limits,
        (style,) * p, (1.0,) * p, (0,) * p, (4,) * p,
    )  # fmt: skip
    whole = Batches()
    start = new_state(plan, 10_000 * 10**8)
    drive(plan, start, history(panel), PaperBroker(), whole, signals, ignore)

    k = int(cut * len(whole.kept))
    prefix = [[through_json(entry) for entry in batch] for batch in whole.kept[:k]]
    state = recover(plan, start, (entry for batch in prefix for entry in batch))
    if through_snapshot:
        state = state_from_json(plan, json.loads(state_text(state)))
    again = Batches()
    broker = PaperBroker()
    for event in broker.reconcile(plan, state, 0):
        state = advance(plan, state, event, broker, again, signals, ignore)
    end = drive(plan, state, rest_of(panel, state, plan), broker, again, signals, ignore)

    assert log_of(prefix + again.kept) == log_of(whole.kept)
    full = recover(plan, start, (entry for batch in whole.kept for entry in batch))
    assert state_text(end) == state_text(full)
