"""A desk whose broker is silent: what comes of commands, and when, the test tells."""

from dataclasses import replace

from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine.due import due
from gpt_trader.engine.leaving import RETRY_MS
from gpt_trader.engine.protect import resting_protection
from tests.engine_helpers import Desk, sent


class Silent(ObserveBroker):
    """Takes commands and says nothing: what comes of them the test reports."""

    def execute(self, plan, state, commands, time_ms):
        return []


class AtExchange(Desk):
    """A desk whose broker is silent, with nothing held."""

    def __init__(self, *, rests=True, style="taker"):
        super().__init__(style=style)
        self.plan = replace(self.plan, rests=(rests,), exit_timeout_ms=60_000)
        self.broker = Silent()
        self.time_ms = 0
        self.bar(10_000)

    def now(self):
        return max(super().now(), self.time_ms)

    def filled(self, order, lots, ticks):
        """The exchange reports a fill, and that the order is done."""
        value = str(lots * ticks / 100)
        fill = ev.Fill(
            order.client_order_id, "COIN-USD", order.intent.side, lots, ticks, 0, 1,
            order.intent.reason, lots, self.now(), 0, value, "0",
        )  # fmt: skip
        made = self.send(ev.FillReceived(self.now(), fill))
        return made + self.report(order.client_order_id, OrderStatus.FILLED)

    def partly(self, order, lots, ticks=10_000):
        """The exchange reports a fill of a part, and nothing else."""
        fill = ev.Fill(
            order.client_order_id, "COIN-USD", order.intent.side, lots, ticks, 0, 1,
            order.intent.reason, lots, self.now(), 0, str(lots * ticks / 100), "0",
        )  # fmt: skip
        return self.send(ev.FillReceived(self.now(), fill))

    def told(self, order, status, code="", exchange_id=""):
        """The exchange tells an order's status, with its words and its id."""
        key = order.client_order_id
        return self.send(ev.OrderUpdated(self.now(), "COIN-USD", key, status, code, exchange_id))

    def quote(self, bid, ask=None, *, after_ms=RETRY_MS):
        self.time_ms = self.now() + after_ms
        return self.send(ev.Quoted(self.time_ms, "COIN-USD", bid, ask or bid + 1))

    def wake(self, after_ms):
        """Time passes; what is due by then is done."""
        self.time_ms = self.now() + after_ms
        if not due(self.plan, self.state, self.time_ms):
            return []
        return self.send(ev.Woken(self.time_ms))

    @property
    def resting(self):
        return resting_protection(self.plan, self.state, 0)

    def open(self):
        """The exchange says that the protection rests."""
        self.report(self.resting.client_order_id, OrderStatus.OPEN)


class Protected(AtExchange):
    """The same, holding 20 at 100.00 with a stop at 95.00."""

    def __init__(self, *, rests=True, take=None, style="taker"):
        super().__init__(rests=rests, style=style)
        self.want(0.2, stop=0.05, **({} if take is None else {"take_profit": take}))
        [entry] = sent(self.bar(10_000))
        self.entry = entry
        self.filled(entry, 20, 10_000)
