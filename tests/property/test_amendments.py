"""Whatever is asked, amended, cancelled and reported: side and intent stay, nothing is lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.order import Fill, Order, OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.codec import state_text
from gpt_trader.engine.commands import AmendOrder
from gpt_trader.engine.recover import recover
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.risk.policy import RiskPolicy
from tests.engine_helpers import COIN, PERP, Desk, commands_of, fills_of, records_of, sent
from tests.examples import examples
from tests.property.test_restart import through_json

TYPES = (
    (OrderType.MARKET, TimeInForce.IOC),
    (OrderType.LIMIT, TimeInForce.GTC),
    (OrderType.LIMIT, TimeInForce.GTD),
    (OrderType.LIMIT, TimeInForce.IOC),
    (OrderType.LIMIT, TimeInForce.FOK),
    (OrderType.STOP_LIMIT, TimeInForce.GTC),
    (OrderType.BRACKET, TimeInForce.GTC),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["bar", "bar", "bar", "buy", "buy", "sell", "amend", "amend", "cancel",
                         "report", "fill", "again", "stranger", "target", "restart"]),
        st.integers(0, 2**32),
    ),
    min_size=3,
    max_size=50,
)  # fmt: skip


def random_order(desk: Desk, side: int, j: int, rng: np.random.Generator) -> None:
    kind, tif = TYPES[rng.integers(len(TYPES))]
    price = 10_000 + int(rng.integers(-300, 301))
    asked = {"type": kind, "tif": tif, "lots": int(rng.integers(1, 30))}
    if kind is OrderType.MARKET and side > 0 and rng.random() < 0.5:
        asked |= {"lots": 0, "quote": int(rng.integers(1, 3_000)) * 10**8}
    if kind is not OrderType.MARKET:
        asked |= {"limit": price}
    if kind in {OrderType.STOP_LIMIT, OrderType.BRACKET}:
        asked |= {"stop": price + int(rng.integers(-200, 201))}
    if kind is OrderType.LIMIT and tif is TimeInForce.GTC:
        asked |= {"post_only": bool(rng.random() < 0.5)}
    if tif is TimeInForce.GTD:
        asked |= {"expire_ms": desk.now() + int(rng.integers(0, 4)) * 3_600_000}
    desk.place(side, j=j, reduce_only=bool(rng.random() < 0.2), **asked)


def act(desk: Desk, action: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    orders = [o for o in desk.state.orders.values() if not o.status.is_final or rng.random() < 0.2]
    order = orders[rng.integers(len(orders))] if orders else None
    j = int(rng.integers(2))
    match action:
        case "bar":
            for k in range(2):
                close = 10_000 + int(rng.integers(-300, 301))
                desk.bar(
                    close, open=close + int(rng.integers(-100, 101)), high=close + 250,
                    low=close - 250, volume=float(rng.choice([0, 20, 1e9])), j=k,
                )  # fmt: skip
        case "buy" | "sell":
            random_order(desk, 1 if action == "buy" else -1, j, rng)
        case "target":
            desk.want(float(rng.choice([-0.2, 0.0, 0.2, np.nan])), j, stop=0.02)
        case "restart":
            desk.restart()
        case "stranger":
            product_id = desk.plan.products[j].product_id
            fill = Fill("somebody-else", product_id, 1, 5, 10_000, 0, 0, 8, 5, 0)
            desk.send(ev.FillReceived(desk.now(), fill))
            assert desk.state.halted
            desk.send(ev.Rearmed(desk.now(), "operator", "looked into it"))
            desk.report("somebody-else", OrderStatus.FILLED, j)
        case _ if order is None:
            pass
        case "amend":
            desk.amend(order.client_order_id, int(rng.integers(0, 40)), amended_limit(rng))
        case "cancel":
            desk.cancel(order.client_order_id)
        case "report":
            status = list(OrderStatus)[rng.integers(len(OrderStatus))]
            desk.report(order.client_order_id, status, desk.plan.index[order.product_id])
        case "fill" | "again":
            report_fill(desk, order, action, rng)


def amended_limit(rng: np.random.Generator) -> int:
    return int(rng.choice([0, 9_700, 9_950, 10_000, 10_050, 10_300]))


def report_fill(desk: Desk, order: Order, action: str, rng: np.random.Generator) -> None:
    """A fill that came out of band: new (perhaps after one that was lost), or known already."""
    held = desk.lots(desk.plan.index[order.product_id])
    if action == "again":
        cumulative = int(rng.integers(0, order.filled + 1))
        desk.fill(order, max(cumulative, 1), cumulative, 10_000, fee=7)
        return
    room = (
        max(-order.intent.side * held, 0)
        if order.intent.reduce_only or order.intent.side < 0
        else 50
    )
    lots = min(max(order.intent.lots, 40) - order.filled, room)
    if lots > 0 and order.intent.origin is not Origin.PROTECTION:
        told = int(rng.integers(1, lots + 1))
        desk.fill(order, told, order.filled + lots, 10_000, fee=11)


@examples(300)
@given(steps=steps)
def test_lesson_08_amendments_keep_side_and_intent(steps: list[tuple[str, int]]) -> None:
    desk = Desk(COIN, PERP, risk=RiskPolicy(max_product_pct=60, max_entries_per_day=1000))
    born: dict[str, Order] = {}
    for action, seed in steps:
        before = desk.state
        marker = len(desk.entries)
        act(desk, action, seed)
        new = desk.entries[marker:]
        for order in sent(new):
            assert order.client_order_id not in born, "an order was sent twice"
            born[order.client_order_id] = order
            held = int(before.slots["lots"][desk.plan.index[order.product_id]])
            if order.intent.reduce_only and order.intent.origin is Origin.OPERATOR:
                assert held * order.intent.side < 0
                assert order.intent.lots <= abs(held)
        for entry in new:
            if any(booked.is_late for booked in records_of([entry], rec.FillBooked)):
                assert desk.state.frozen[desk.plan.index[entry.event.fill.product_id]]
        for amend in commands_of(new, AmendOrder):
            assert amend.lots > before.orders[amend.client_order_id].filled
        for key, order in desk.state.orders.items():
            known = born.get(key, order)
            assert (order.intent.side, order.intent.reduce_only) == (
                known.intent.side,
                known.intent.reduce_only,
            )
            assert (order.intent.type, order.intent.tif, order.intent.origin) == (
                known.intent.type,
                known.intent.tif,
                known.intent.origin,
            )
            was = before.orders.get(key, order)
            assert order.filled >= was.filled
            if was.status.is_final and order.intent.origin is not Origin.PROTECTION:
                assert order.status is was.status
            if action == "again":
                assert order.filled == was.filled
        assert desk.lots(0) >= 0
        if action in ("again", "stranger"):
            assert desk.state.cash == before.cash

    check_books(desk)
    folded = recover(desk.plan, desk.start, (through_json(entry) for entry in desk.entries))
    assert state_text(folded) == state_text(desk.state)


def check_books(desk: Desk) -> None:
    """Cash and positions are the sum of what was booked, order by order up to its watermark."""
    cash, fees, lots = desk.start.cash, 0, {p.product_id: 0 for p in desk.plan.products}
    watermark: dict[str, int] = {}
    for entry in desk.entries:
        for booked in records_of([entry], rec.FillBooked):
            fill = entry.event.fill
            spec = desk.plan.products[desk.plan.index[fill.product_id]].spec
            assert booked.lots == fill.cumulative - watermark.get(fill.client_order_id, 0)
            watermark[fill.client_order_id] = fill.cumulative
            cash = cash_after(cash, fill.side, booked.lots, fill.ticks, booked.fee, spec)
            fees += booked.fee
            lots[fill.product_id] += fill.side * booked.lots
    assert (desk.state.cash, desk.state.fees) == (cash, fees)
    assert [desk.lots(j) for j in range(2)] == list(lots.values())
    assert fills_of(desk.entries) or not watermark
