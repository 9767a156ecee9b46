"""Sold by the bot <= bought by the bot: whatever comes of requests, whenever it becomes known.

The exchange here refuses nothing for want of coins, as if the wallet held plenty of somebody
else's. An arbitrary scheduler decides what arrives, what is lost, what fills, and what is told.
"""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.order import Fill, OrderStatus, OrderType
from gpt_trader.engine import events as ev
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.due import due
from gpt_trader.engine.protect import exits_at_work, is_sellable, resting_protection
from gpt_trader.engine.waiting import promised
from tests.engine_helpers import GOLD, Desk

COIN_ID = "GOLD-USD"
STYLES = ("taker", "maker_first")
LATE_MS = (200, 1_000, 4_000, 11_000, 61_000)


@dataclass
class There:
    """An order as the exchange has it. life: limbo (its request may still arrive), live, dead."""

    order: object
    life: str = "limbo"
    lots: int = 0
    filled: int = 0
    told: int = 0
    is_known: bool = False  # whether the exchange's id was told
    ended: OrderStatus = OrderStatus.CANCELLED


@dataclass
class Queue(ObserveBroker):
    """Takes commands and says nothing."""

    commands: list = field(default_factory=list)

    def execute(self, plan, state, commands, time_ms):
        self.commands += commands
        return []


class World(Desk):
    """A desk, an exchange without a rule, and a scheduler that draws what happens next."""

    def __init__(self, style):
        super().__init__(GOLD, style=style, risk=None)
        self.plan = replace(self.plan, rests=(True,), exit_timeout_ms=20_000)
        self.broker = Queue()
        self.time_ms = 0
        self.there = {}
        self.price = 1_000
        self.bought = self.sold = 0
        self.bar(self.price)

    def now(self):
        return max(super().now(), self.time_ms)

    def send(self, event):
        made = super().send(event)
        for command in self.broker.commands:
            match command:
                case SubmitOrder():
                    order = command.order
                    lots = order.intent.lots or order.intent.quote // (self.price * 10**5)
                    assert order.client_order_id not in self.there, "sent twice"
                    self.there[order.client_order_id] = There(order, lots=lots)
        self.broker.commands = []
        self.check()
        return made

    def check(self):
        held = self.bought - self.sold
        may_sell = sum(
            one.lots - one.filled
            for one in self.there.values()
            if one.order.intent.side < 0 and one.life != "dead"
        )
        assert may_sell <= held, "more may be sold than was bought"
        assert 0 <= promised(self.state, COIN_ID, -1) <= max(self.lots(), 0)

    # What the scheduler may do; each takes a number that says with which order, and how.
    def pick(self, n, lives):
        found = [one for one in self.there.values() if one.life in lives]
        return found[n % len(found)] if found else None

    def arrive(self, n):
        if one := self.pick(n, ("limbo",)):
            one.life = "live"

    def lose(self, n):
        if one := self.pick(n, ("limbo",)):
            one.life, one.ended = "dead", OrderStatus.REJECTED

    def doubt(self, n):
        if (one := self.pick(n, ("limbo", "live", "dead"))) and not one.is_known:
            self.tell_status(one, OrderStatus.SUBMIT_UNKNOWN)

    def fill(self, n):
        if one := self.pick(n, ("live",)):
            lots = max((one.lots - one.filled) * (1 + n % 3) // 3, 1)
            one.filled += lots
            if one.order.intent.side > 0:
                self.bought += lots
            else:
                self.sold += lots
            assert self.sold <= self.bought
            if one.filled >= one.lots:
                one.life, one.ended = "dead", OrderStatus.FILLED

    def die(self, n):
        if one := self.pick(n, ("live",)):
            one.life = "dead"

    def cancel_one(self, n):
        """Carry out what was asked for, now or earlier: a cancel that was lost is asked again."""
        for order in self.state.open_orders:
            one = self.there.get(order.client_order_id)
            is_asked = order.status is OrderStatus.PENDING_CANCEL
            if is_asked and one.life == "live" and n % 4:
                one.life = "dead"

    def tell(self, n):
        if one := self.pick(n, ("live", "dead")):
            self.report(one)

    def report(self, one):
        if one.filled > one.told:
            self.tell_fill(one)
        one.is_known = one.is_known or one.ended is not OrderStatus.REJECTED
        self.tell_status(one, one.ended if one.life == "dead" else OrderStatus.OPEN)

    def tell_fill(self, one):
        intent, lots = one.order.intent, one.filled - one.told
        one.told = one.filled
        value = f"{one.filled * self.price / 1_000:f}"
        self.send(
            ev.FillReceived(
                self.now(),
                Fill(
                    one.order.client_order_id, COIN_ID, intent.side, lots, self.price, 0, 1,
                    intent.reason, one.filled, self.now(), 0, value, "0",
                ),
            )
        )  # fmt: skip

    def tell_status(self, one, status):
        known = one.order.client_order_id
        code = "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE" if one.order.intent.stop else "NO"
        name = known if one.is_known else ""
        self.send(ev.OrderUpdated(self.now(), COIN_ID, known, status, code, name))

    def miss(self, n):
        """Whole looks do not find an order that is not there, until that is proof."""
        one = self.pick(n, ("dead",))
        if one is not None and one.ended is OrderStatus.REJECTED:
            for _ in range(1 + n % 14):
                self.time_ms = self.now() + 13_000
                known = one.order.client_order_id
                self.send(ev.Absent(self.now(), COIN_ID, known, "a fill" if n % 11 == 0 else ""))

    def close_bar(self, n):
        self.want((0.0, 0.3, 0.3, 0.1)[n % 4], stop=0.05)
        self.price = max(self.price + (n // 4) % 120 - 60, 100)
        self.bar(self.price)

    def trade(self, n):
        self.price = max(self.price + n % 160 - 80, 100)
        self.send(ev.Quoted(self.now(), COIN_ID, self.price, self.price + 1))

    def wait(self, n):
        self.time_ms = self.now() + LATE_MS[n % len(LATE_MS)]
        if due(self.plan, self.state, self.time_ms):
            self.send(ev.Woken(self.time_ms))

    def step_back(self, n):
        self.time_ms -= n % 90_000

    def ask(self, n):
        side = -1 if n % 3 else 1
        resting = {"type": OrderType.LIMIT, "limit": self.price + 50} if n % 2 else {}
        self.place(side, lots=1 + n % 400, **resting)

    def person(self, n):
        events = (
            ev.PauseRequested(self.now(), "ann", True),
            ev.PauseRequested(self.now(), "ann", False),
            ev.HaltRequested(self.now(), "ann", "x"),
            ev.Rearmed(self.now(), "ann", "x"),
            ev.FlattenRequested(self.now(), "ann", "x"),
        )
        self.send(events[n % len(events)])

    def again(self, n):
        self.restart()

    def calm_down(self):
        """Everything arrives, fills and is told at once; time passes."""
        self.send(ev.Rearmed(self.now(), "ann", "x"))
        self.want(0.0)
        for n in range(60):
            self.cancel_one(1)
            for one in list(self.there.values()):
                if one.life == "limbo":
                    one.life = "live"
                if one.life == "live" and not one.order.intent.stop:
                    self.fill_all(one)
                self.report(one)
            self.wait(2)
            if n in (5, 6, 7):
                self.bar(self.price)

    def fill_all(self, one):
        left = one.lots - one.filled
        one.filled = one.lots
        self.bought += left * (one.order.intent.side > 0)
        self.sold += left * (one.order.intent.side < 0)
        one.life, one.ended = "dead", OrderStatus.FILLED


ACTS = (
    World.arrive, World.arrive, World.arrive, World.lose, World.doubt, World.fill, World.fill,
    World.die, World.cancel_one, World.cancel_one, World.tell, World.tell, World.tell, World.tell,
    World.miss, World.close_bar, World.close_bar, World.trade, World.trade, World.wait,
    World.wait, World.wait, World.step_back, World.ask, World.person, World.again,
)  # fmt: skip


@given(
    style=st.sampled_from(STYLES),
    acts=st.lists(
        st.tuples(st.sampled_from(range(len(ACTS))), st.integers(0, 10**6)), max_size=120
    ),
)
def test_no_more_is_ever_sold_than_was_bought(style, acts):
    world = World(style)
    for at, n in acts:
        ACTS[at](world, n)
    world.calm_down()
    assert not is_sellable(world.plan, world.state, 0), "what was to be sold is sold"
    assert not exits_at_work(world.plan, world.state, 0)
    assert resting_protection(world.plan, world.state, 0) is None
    assert world.bought - world.sold == world.lots()
