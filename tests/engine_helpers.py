"""A trading desk for tests: the real engine and the paper broker, driven bar by bar."""

import json
from collections.abc import Sequence
from decimal import Decimal
from math import nan
from typing import Any

from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.decision import Decision
from gpt_trader.domain.order import Fill, Order, OrderIntent, OrderStatus, OrderType, TimeInForce
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.codec import state_from_json, state_text
from gpt_trader.engine.commands import Command, SubmitOrder
from gpt_trader.engine.drive import advance
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State, new_state
from gpt_trader.risk.policy import RiskPolicy, no_policy

HOUR = 3_600_000
DAY = 24 * HOUR
T0 = 1_600_000_000_000 // DAY * DAY
UNIT = 10**8
COIN = Product("COIN-USD", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1))
GOLD = Product("GOLD-USD", Decimal("0.01"), Decimal("0.1"), Decimal("0.01"), Decimal(1))
PERP = Product("BTC-PERP", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1), is_perpetual=True)
FREE = CostModel(taker_bps=0, maker_bps=0, spread_bps=0, slippage_bps=0)
POLICY = RiskPolicy()


class Desk:
    """The engine with the paper broker behind it; targets are set, bars are fed by hand."""

    def __init__(
        self,
        *products: Product,
        cash: int = 10_000,
        risk: RiskPolicy | None = POLICY,
        costs: CostModel = FREE,
        style: Any = "taker",
        min_bars: int = 1,
        window_bars: int = 4,
    ) -> None:
        traded = products or (COIN,)
        p = len(traded)
        self.plan = Plan(
            portfolio="desk",
            interval="1h",
            interval_ms=HOUR,
            products=traded,
            costs=costs.kernel(),
            limits=no_policy(HOUR) if risk is None else risk.limits(HOUR),
            order_styles=(order_style(style).kernel(),) * p,
            budgets=(1.0,) * p,
            min_bars=(min_bars,) * p,
            window_bars=(window_bars,) * p,
        )
        self.start = new_state(self.plan, cash * UNIT)
        self.state = self.start
        self.broker = PaperBroker()
        self.entries: list[Entry] = []
        self.targets: dict[int, Target] = {}
        self.asked = 0

    # The engine's ports.
    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        self.entries += entries

    def signals(self, state: State, j: int) -> tuple[Target | None, Any]:
        return self.targets.get(j), None

    # What a test does.
    def send(self, event: ev.Event) -> list[Entry]:
        """Take an event and all that follows; return the entries it made."""
        before = len(self.entries)
        self.state = advance(
            self.plan, self.state, event, self.broker, self, self.signals, lambda *_: None
        )
        return self.entries[before:]

    def want(self, weight: float, j: int = 0, **protection: Any) -> None:
        self.targets[j] = Target(weight, **protection)

    def now(self) -> int:
        return max(*self.state.last_bar_ms, T0 - HOUR) + HOUR

    def bar(
        self,
        close: int,
        *,
        open: int | None = None,  # noqa: A002
        high: int | None = None,
        low: int | None = None,
        volume: float = 1e9,
        j: int = 0,
        open_ms: int | None = None,
        late_ms: int = 0,
        funding: float = 0.0,
    ) -> list[Entry]:
        """Feed product j's next bar (or the one at open_ms)."""
        first = close if open is None else open
        last = self.state.last_bar_ms[j]
        at = open_ms if open_ms is not None else (T0 if last < 0 else last + HOUR)
        product_id = self.plan.products[j].product_id
        bar = Bar(
            product_id, at, first,
            max(first, close) if high is None else high,
            min(first, close) if low is None else low,
            close, volume, funding,
        )  # fmt: skip
        return self.send(ev.BarClosed(at + HOUR + late_ms, bar))

    def place(self, side: int, **asked: Any) -> list[Entry]:
        """Ask for an operator's order."""
        return self.send(self.request(side, **asked))

    def request(self, side: int, *, command_id: str | None = None, j: int = 0, **asked: Any) -> Any:
        self.asked += 1
        fields = {"type": OrderType.MARKET, "tif": TimeInForce.GTC, "lots": 0, "quote": 0} | asked
        order = Order(OrderIntent("", self.plan.products[j].product_id, side, **fields))
        return ev.OrderRequested(self.now(), command_id or f"c{self.asked}", order)

    def cancel(self, order_id: str) -> list[Entry]:
        return self.send(ev.CancelRequested(self.now(), "cancel", order_id))

    def amend(self, order_id: str, lots: int, limit: int) -> list[Entry]:
        return self.send(ev.AmendRequested(self.now(), "amend", order_id, lots, limit))

    def report(self, order_id: str, status: OrderStatus, j: int = 0) -> list[Entry]:
        product_id = self.plan.products[j].product_id
        return self.send(ev.OrderUpdated(self.now(), product_id, order_id, status))

    def fill(
        self, order: Order, lots: int, cumulative: int, ticks: int, fee: int = 0
    ) -> list[Entry]:
        fill = Fill(
            order.client_order_id, order.product_id, order.intent.side, lots, ticks, fee, 0,
            order.intent.reason, cumulative, self.now() - HOUR,
        )  # fmt: skip
        return self.send(ev.FillReceived(self.now(), fill))

    def restart(self) -> None:
        """Go on from the state as a snapshot keeps it."""
        self.state = state_from_json(self.plan, json.loads(state_text(self.state)))

    # What a test looks at.
    def lots(self, j: int = 0) -> int:
        return int(self.state.slots["lots"][j])

    def decision(self, j: int = 0) -> Decision:
        """The newest decision for product j."""
        product_id = self.plan.products[j].product_id
        return next(
            record.decision
            for entry in reversed(self.entries)
            for record in reversed(entry.records)
            if isinstance(record, rec.Decided) and record.decision.product_id == product_id
        )

    def order(self, order_id: str) -> Order:
        return self.state.orders[order_id]


def records_of(entries: Sequence[Entry], kind: type) -> list[Any]:
    return [record for entry in entries for record in entry.records if isinstance(record, kind)]


def commands_of(entries: Sequence[Entry], kind: type) -> list[Any]:
    return [command for entry in entries for command in entry.commands if isinstance(command, kind)]


def sent(entries: Sequence[Entry]) -> list[Order]:
    """Orders that left."""
    return [command.order for command in commands_of(entries, SubmitOrder)]


def fills_of(entries: Sequence[Entry]) -> list[Fill]:
    """Fills that were booked."""
    return [
        entry.event.fill
        for entry in entries
        if isinstance(entry.event, ev.FillReceived)
        and any(isinstance(record, rec.FillBooked) for record in entry.records)
    ]


def refusal(entries: Sequence[Entry]) -> str | None:
    """Code of the one refusal of an operator's request; None: it was taken."""
    refused = records_of(entries, rec.OrderRefused)
    return refused[0].reason.code if refused else None


def commands(entries: Sequence[Entry]) -> list[Command]:
    return [command for entry in entries for command in entry.commands]


NO_TARGET = Target(nan)
