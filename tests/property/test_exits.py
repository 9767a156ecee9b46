"""Whatever has happened, a position can be closed; and nothing that reduces ever opens."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.order import OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.ports import Entry
from gpt_trader.kernel.codes import FIRST_REFUSAL
from gpt_trader.kernel.rounding import notional_down
from gpt_trader.risk.policy import RiskPolicy
from tests.engine_helpers import COIN, GOLD, HOUR, PERP, Desk, fills_of, sent
from tests.examples import examples

STOPS = ("halt", "pause", "daily_loss", "drawdown", "entries_today", "bar_age_ms", "unknown_orders")
BARS_TO_LEAVE = 16

actions = st.lists(
    st.sampled_from(
        ["bar"] * 8 + ["target"] * 4 + ["buy", "resume", "rearm"] * 2
        + ["halt", "pause", "unknown", "deposit", "withdraw", "sell", "bracket", "restart", "crash"]
    ),
    min_size=5,
    max_size=60,
)  # fmt: skip


class Story:
    """A desk to which anything may happen, checked after each event."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.rng = np.random.default_rng(seed)
        self.price = [10_000] * len(desk.plan.products)
        self.halted_by_hand = False

    def act(self, action: str) -> None:
        desk, rng = self.desk, self.rng
        j = int(rng.integers(len(desk.plan.products)))
        before = len(desk.entries)
        match action:
            case "bar":
                self.bars(volume=float(rng.choice([0.0, 30.0, 1e9])), late_ms=0)
            case "crash":
                self.price = [max(int(p * 0.8), 2) for p in self.price]
                self.bars(volume=1e9, late_ms=0)
            case "target":
                stop = float(rng.choice([np.nan, 0.02]))
                desk.want(float(rng.choice([-0.2, 0.0, 0.1, 0.2, 1.0, np.nan])), j, stop=stop)
            case "halt":
                desk.send(ev.HaltRequested(desk.now(), "test", "halt"))
                self.halted_by_hand = True
            case "pause" | "resume":
                desk.send(ev.PauseRequested(desk.now(), "test", paused=action == "pause"))
            case "rearm":
                desk.send(ev.Rearmed(desk.now(), "test", "go on"))
                self.halted_by_hand = desk.state.halted
            case "unknown":
                for order in list(desk.state.orders.values()):
                    if (
                        order.status is OrderStatus.OPEN
                        and order.intent.origin is not Origin.PROTECTION
                    ):
                        k = desk.plan.index[order.product_id]
                        desk.report(order.client_order_id, OrderStatus.SUBMIT_UNKNOWN, k)
            case "deposit" | "withdraw":
                amount = "500" if action == "deposit" else "-20"
                quote = desk.plan.quote_currency
                desk.send(ev.Adjusted(desk.now(), quote, amount, "transfer", "ann", ""))
            case "buy" | "sell":
                lots = int(rng.integers(1, 30))
                desk.place(1 if action == "buy" else -1, j=j, lots=lots)
            case "bracket":
                p = self.price[j]
                desk.place(
                    -1, j=j, lots=int(rng.integers(1, 50)), type=OrderType.BRACKET,
                    tif=TimeInForce.GTC, limit=p + p // 50, stop=max(p - p // 50, 1),
                )  # fmt: skip
            case "restart":
                desk.restart()
        self.check(desk.entries[before:])

    def bars(self, *, volume: float, late_ms: int) -> None:
        for j, price in enumerate(self.price):
            moved = max(int(price * (1 + 0.02 * self.rng.standard_normal())), 2)
            # The range is wide, so that a limit near the close is traded through.
            high, low = int(max(price, moved) * 1.1) + 3, max(int(min(price, moved) * 0.9) - 3, 1)
            self.desk.bar(
                moved, open=max(price + int(self.rng.choice([-2, 2])), 1), high=high, low=low,
                volume=volume, j=j, late_ms=late_ms,
            )  # fmt: skip
            self.price[j] = moved

    def check(self, entries: list[Entry]) -> None:
        for entry in entries:
            for record in entry.records:
                if isinstance(record, rec.Decided):
                    self.check_decision(record)
        held = {p.product_id: self.desk.lots(j) for j, p in enumerate(self.desk.plan.products)}
        for fill in reversed(fills_of(entries)):  # back in time from what is held now
            before = held[fill.product_id] - fill.side * fill.lots
            order = self.desk.state.orders.get(fill.client_order_id)
            if order is not None and order.intent.reduce_only:
                assert before * fill.side < 0
                assert fill.lots <= abs(before)
            elif self.halted_by_hand:
                raise AssertionError(f"an entry filled while halted: {fill}")
            held[fill.product_id] = before
        for j, product in enumerate(self.desk.plan.products):
            assert product.is_perpetual or self.desk.lots(j) >= 0

    def check_decision(self, record: rec.Decided) -> None:
        decision = record.decision
        wants_out = decision.weight == 0.0 or decision.weight * decision.lots < 0
        if decision.lots and wants_out:
            assert decision.code < FIRST_REFUSAL, "an exit was refused"
        stopped = {g.name for g in decision.guards if g.name in STOPS and g.state != "OK"}
        if record.order is not None and not record.order.intent.reduce_only:
            assert not stopped, f"an entry passed {stopped}"

    def is_out(self, j: int) -> bool:
        product = self.desk.plan.products[j]
        lots, close = abs(self.desk.lots(j)), int(self.desk.state.slots["close_ticks"][j])
        spec = product.spec
        return lots < spec.min_lots or notional_down(lots, close, spec) < spec.min_units


@examples(40)
@given(
    seed=st.integers(0, 2**32),
    actions=actions,
    style=st.sampled_from(["taker", "maker_first", "maker_only"]),
    costs=st.builds(
        CostModel,
        taker_bps=st.sampled_from([0.0, 120.0]),
        spread_bps=st.sampled_from([0.0, 5.0]),
        participation=st.sampled_from([None, 1.0, 0.1]),
    ),
    risk=st.sampled_from([None, RiskPolicy(), RiskPolicy(max_entries_per_day=1)]),
)
def test_lesson_09_any_state_can_be_left(
    seed: int, actions: list[str], style: str, costs: CostModel, risk: RiskPolicy | None
) -> None:
    story = Story(Desk(COIN, GOLD, PERP, style=style, costs=costs, risk=risk), seed)
    for action in actions:
        story.act(action)
    desk = story.desk
    desk.send(ev.HaltRequested(desk.now(), "test", "the last halt"))
    story.halted_by_hand = True
    for order in list(desk.state.orders.values()):
        if order.intent.origin is Origin.OPERATOR:
            desk.cancel(order.client_order_id)
    for j in range(3):
        desk.want(0.0, j)
    left = 0
    while not all(story.is_out(j) for j in range(3)) and left < BARS_TO_LEAVE:
        before = len(desk.entries)
        story.bars(volume=1e12, late_ms=10 * HOUR)
        story.check(desk.entries[before:])
        left += 1
    assert all(story.is_out(j) for j in range(3)), f"still in after {left} bars"
    ids = [order.client_order_id for order in sent(desk.entries)]
    assert len(ids) == len(set(ids)), "an order was sent twice"
