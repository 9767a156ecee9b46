"""Speed of live data: messages parsed and applied, and from a bar's close to an order's request.

Run by `make bench`, or alone: `python scripts/bench_stream.py`. No network: frames are texts, and
what a broker is asked to send ends at its door.
"""

import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from math import nan
from pathlib import Path
from time import perf_counter

from rich.console import Console

from gpt_trader.broker.coinbase import messages
from gpt_trader.broker.exchange.arrivals import Arrivals
from gpt_trader.broker.exchange.trade_bars import TradeBars
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.costs import DEFAULT_COSTS, order_style
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target
from gpt_trader.engine.commands import Command
from gpt_trader.engine.drive import advance
from gpt_trader.engine.events import BarClosed, Event, HistoryLoaded, Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, new_state
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.runtime.journaling import DurableJournal

MINUTE_MS = 60_000
NAMES = ("BTC", "ETH", "XRP", "SOL", "LTC", "ADA", "DOGE", "BCH", "AVAX", "LINK")
PRODUCTS = tuple(Product(f"{n}-USD", Decimal("1e-8"), Decimal("0.01")) for n in NAMES)
MESSAGES = 1_000_000
NORMAL_PER_S = 500  # messages of ten busy products in a lively minute
T0 = 1_790_000_000_000 // MINUTE_MS * MINUTE_MS


def frames(count: int, *, seed: int = 7) -> list[str]:
    """Return messages as the exchange words them: seven tickers to three batches of trades."""
    rng = random.Random(seed)  # noqa: S311 - the same texts at every run
    found, price = [], dict.fromkeys(NAMES, 100.0)
    for i in range(count):
        name = rng.choice(NAMES)
        price[name] *= 1 + rng.gauss(0, 1e-4)
        cents = round(price[name], 2)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime((T0 + i * 2) / 1000))
        head = {"client_id": "", "timestamp": f"{moment}.123456789Z", "sequence_num": i}
        if rng.random() < 0.7:
            row = {
                "type": "ticker", "product_id": f"{name}-USD", "price": f"{cents}",
                "volume_24_h": "8123.40184351", "low_24_h": "90", "high_24_h": "110",
                "low_52_w": "50", "high_52_w": "150", "price_percent_chg_24_h": "1.2",
                "best_bid": f"{cents - 0.01:.2f}", "best_bid_quantity": "0.5",
                "best_ask": f"{cents + 0.01:.2f}", "best_ask_quantity": "0.4",
            }  # fmt: skip
            event = {"type": "update", "tickers": [row]}
            found.append(json.dumps({"channel": "ticker", **head, "events": [event]}))
        else:
            rows = [
                {
                    "trade_id": str(10 * i + k), "product_id": f"{name}-USD",
                    "price": f"{cents}", "size": "0.00123456", "side": "BUY",
                    "time": f"{moment}.{k:03}Z",
                }
                for k in range(2)
            ]  # fmt: skip
            event = {"type": "update", "trades": rows}
            found.append(json.dumps({"channel": "market_trades", **head, "events": [event]}))
    return found


def arrivals() -> Arrivals:
    """Return what takes in the news of all products."""
    bars = TradeBars({product.product_id: product for product in PRODUCTS}, MINUTE_MS)
    made = Arrivals(bars, lambda: T0)
    made.begin_whole()
    return made


def flow_figures() -> list[str]:
    """Measure the data path: speed, memory over a million messages, and the queue at ten times."""
    texts = frames(50_000)
    began = perf_counter()
    for text in texts:
        json.loads(text)
    bare_s = perf_counter() - began
    box, size, done, times = arrivals(), [], 0, []
    while done < MESSAGES:
        began = perf_counter()
        for text in texts:
            box.put(messages.read_news(messages.read(text)))
        times.append(perf_counter() - began)
        box.take()
        box.close_bars(T0 + done * 2)
        done += len(texts)
        size.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    best = len(texts) / min(times)
    half = len(size) // 2
    share = bare_s / min(times)
    burst = 10 * NORMAL_PER_S
    return [
        f"messages applied on one core: {best:,.0f} a second, {share:.2f} of json.loads alone",
        f"memory over {MESSAGES:,} messages: {size[half - 1]:.1f} MB at half, {size[-1]:.1f} after",
        f"ten times a lively minute, {burst:,} a second: {burst / best:.0%} of a core",
    ]


class Door:
    """Notes when the first command reaches the broker."""

    def __init__(self) -> None:
        self._broker = ObserveBroker()
        self.at_s = 0.0

    def on_bar(self, plan: Plan, state: State, event: BarClosed) -> Sequence[Event]:
        """Nothing rests here."""
        return []

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Note the moment; end the orders."""
        self.at_s = perf_counter()
        return self._broker.execute(plan, state, commands, time_ms)


def latency_figures(cycles: int = 1000) -> list[str]:
    """Measure from the last bar's close, journal on the disk included, to the first request."""
    p = len(PRODUCTS)
    plan = Plan(
        "bench", "1m", MINUTE_MS, PRODUCTS, DEFAULT_COSTS.kernel(),
        RiskPolicy(max_entries_per_day=10_000).limits(MINUTE_MS),
        (order_style("maker_first").kernel(),) * p, (1.0,) * p, (1,) * p, (500,) * p,
    )  # fmt: skip
    state, door, took = new_state(plan, 10**12), Door(), []
    turn = [0.0]

    def signals(_state: State, _j: int) -> tuple[Target, None]:
        return Target(turn[0], stop=0.05, take_profit=nan), None

    def bar(product: Product, i: int) -> Bar:
        return Bar(product.product_id, T0 + i * MINUTE_MS, 10_000, 10_010, 9_990, 10_000, 5.0)

    with tempfile.TemporaryDirectory() as folder, open_journal(Path(folder) / "j.db") as journal:
        durable = DurableJournal(journal, lambda: time.time_ns() // 1_000_000, state)

        def take(event: Event) -> None:
            nonlocal state
            state = advance(plan, state, event, door, durable, signals, lambda *_: None)  # type: ignore[arg-type]

        take(Started(T0, {}))
        for product in PRODUCTS:
            history = tuple(bar(product, i - 500) for i in range(500))
            take(HistoryLoaded(T0, product.product_id, history))
        for i in range(cycles):
            turn[0] = 0.05 if i % 2 else 0.0
            closes = [BarClosed(T0 + (i + 1) * MINUTE_MS, bar(one, i)) for one in PRODUCTS]
            for event in closes[:-1]:
                take(event)
            door.at_s, began = 0.0, perf_counter()
            take(closes[-1])
            if door.at_s:
                took.append((door.at_s - began) * 1000)
            durable.rest()
    took.sort()
    median, high = statistics.median(took), took[int(len(took) * 0.99)]
    what = f"last close of {p} to the first order's request, durable on the disk"
    return [f"{what}: median {median:.2f} ms, p99 {high:.2f} ms of {len(took)}"]


def stream_figures() -> list[str]:
    """Measure and return a line a figure."""
    return [*flow_figures(), *latency_figures()]


if __name__ == "__main__":
    for line in stream_figures():
        Console().print(line, highlight=False)
