"""Accounting at every bar: an independent Decimal ledger of the fills gives cash and equity."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import floor, isinf, log, sqrt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.run import history, run_fast
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.domain.product import Product
from gpt_trader.engine.drive import drive
from gpt_trader.engine.events import Adjusted, Event, FillReceived, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import CycleEnded, FillBooked
from gpt_trader.engine.state import State, equity, new_state
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.style import Style
from gpt_trader.measure.funding import by_trade, received
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import trades
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

GRAIN = Decimal("0.00000001")


class Ledger:
    """Money as an accountant would book it, from fills, prices and transfers alone."""

    def __init__(self, panel: Panel, costs: Costs, cash: Decimal) -> None:
        self.panel, self.costs, self.cash = panel, costs, cash
        self.deposits = cash
        self.fees = Decimal(0)
        self.lots = [0] * len(panel.products)
        self.close = [0] * len(panel.products)
        self.funding = [Decimal(0)] * len(panel.products)

    def book(self, bar: int, fills: Sequence[Sequence[int]]) -> None:
        """Book a bar's fills, each (product, side, lots, ticks, fee in units, liquidity)."""
        for j, side, lots, ticks, fee_units, liquidity in fills:
            product = self.panel.products[j]
            worth = lots * product.base_increment * ticks * product.price_increment
            worth = worth.quantize(GRAIN, ROUND_CEILING if side > 0 else ROUND_FLOOR)
            rate = Decimal(self.costs.maker_e8 if liquidity else self.costs.taker_e8) * GRAIN
            fee = (worth * rate).quantize(GRAIN, ROUND_CEILING)
            assert fee == fee_units * GRAIN
            self.cash -= side * worth + fee
            self.fees += fee
            self.lots[j] += side * lots
        self._check_volume(bar, fills)
        for j, product in enumerate(self.panel.products):
            if self.panel.present[bar, j]:
                self.close[j] = int(self.panel.close[bar, j])
                self.funding[j] += self._funding(bar, j, product)
                self.cash += self._funding(bar, j, product)

    def _check_volume(self, bar: int, fills: Sequence[Sequence[int]]) -> None:
        if isinf(self.costs.participation):
            return
        for j, product in enumerate(self.panel.products):
            room = self.panel.volume[bar, j] * self.costs.participation / product.lot
            assert sum(fill[2] for fill in fills if fill[0] == j) <= room

    def _funding(self, bar: int, j: int, product: Product) -> Decimal:
        """Longs pay a positive rate on the position's value at the close, against us."""
        rate = float(self.panel.funding_rate[bar, j])
        unit = product.spec.unit
        units = floor(-(float(self.lots[j]) * float(self.close[j]) * unit) * rate * 10**8)
        return units * GRAIN

    def worth(self) -> Decimal:
        return sum(
            (
                lots * product.base_increment * close * product.price_increment
                for lots, close, product in zip(
                    self.lots, self.close, self.panel.products, strict=True
                )
            ),
            Decimal(0),
        )

    def assert_equity(self, path: float) -> None:
        total = self.cash + self.worth()
        assert abs(Decimal(path) - total) <= GRAIN + abs(total) * Decimal("1e-12") + abs(
            self.worth()
        ) * Decimal("1e-12")


def assert_moved(panel: Panel, costs: Costs, row: Sequence[int]) -> None:
    """A fill's ticks are its base, moved by half spread, slippage, impact and latency.

    An order by value pays the impact of the lots that it would have had without any: no less
    than that of its own.
    """
    bar, j, side, lots, ticks, _, liquidity, *_, base = row
    if liquidity:
        assert ticks == base
        return
    high, low = int(panel.high[bar, j]), int(panel.low[bar, j])
    sigma = (high - low) / ((high + low) / 2) / sqrt(4 * log(2))
    share = lots * panel.products[j].lot / panel.volume[bar, j] if panel.volume[bar, j] else 1.0
    impact = costs.impact * sigma * sqrt(min(share, 1.0))
    drift = min(impact + sigma * sqrt(costs.latency_ms / INTERVAL_MS), 1.0)
    quoted = panel.half_spread_e8[bar if len(panel.half_spread_e8) > 1 else 0, j]
    half_spread = costs.half_spread_e8 if quoted < 0 else int(quoted)
    price = base * (1 + side * (half_spread + costs.slippage_e8) * GRAIN)
    rounding = ROUND_CEILING if side > 0 else ROUND_FLOOR
    least = max(int((price + side * base * Decimal(drift)).to_integral_value(rounding)), 1)
    assert (ticks - least) * side >= 0
    if costs.impact == 0.0:
        assert abs(ticks - least) <= (1 + base * 2e-8 if drift else 0)


class Desk:
    """Books what the engine says, and holds its state against the ledger at each cycle."""

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self.plan, self.ledger = plan, ledger
        self.row = {time: i for i, time in enumerate(ledger.panel.time.tolist())}
        self.fills: list[Sequence[int]] = []
        self.cycles = 0

    def append(self, plan: Plan, state: State, entries: Sequence[Entry]) -> None:
        for entry in entries:
            event = entry.event
            if isinstance(event, Adjusted):
                self.ledger.cash += Decimal(event.amount)
                self.ledger.deposits += Decimal(event.amount)
            for record in entry.records:
                if isinstance(record, FillBooked):
                    assert isinstance(event, FillReceived)
                    fill = event.fill
                    j = plan.index[fill.product_id]
                    self.fills.append(
                        (j, fill.side, fill.lots, fill.ticks, fill.fee, fill.liquidity)
                    )
                elif isinstance(record, CycleEnded):
                    self._check(state, self.row[record.cycle_ms])

    def _check(self, state: State, row: int) -> None:
        self.cycles += 1
        self.ledger.book(row, self.fills)
        self.fills = []
        assert state.cash * GRAIN == self.ledger.cash
        assert state.fees * GRAIN == self.ledger.fees
        assert state.transfers * GRAIN + Decimal(10_000) == self.ledger.deposits
        assert state.slots["lots"].tolist() == self.ledger.lots
        self.ledger.assert_equity(equity(self.plan, state))
        assert equity(self.plan, state) == state.marks.equity


def with_transfers(panel: Panel, seed: int) -> Iterator[Event]:
    """A feed in which cash is now and then deposited or withdrawn, between cycles."""
    rng = np.random.default_rng(seed)
    for event in history(panel):
        first = isinstance(event, Ticked) or event.bar.product_id == panel.products[0].product_id
        if first and rng.random() < 0.05 and not isinstance(event, Ticked):
            amount = str(int(rng.integers(-500, 2_000)))
            quote = panel.products[0].quote_currency
            yield Adjusted(event.time_ms, quote, amount, "transfer", "ann", "")
        yield event


@examples(40)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(2, 60),
    chosen=st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True),
    keep=st.sampled_from([1.0, 0.8]),
    costs=costs,
    limits=limits,
    style=styles,
)
def test_cash_and_positions_make_the_equity_at_every_bar(
    seed: int, n: int, chosen: list[int], keep: float, costs: Costs, limits: Limits, style: Style
) -> None:
    series = [market(seed + j, n, PRODUCTS[j], keep) for j in chosen]
    panel = build_panel(series)
    targets = [random_targets(seed + 10 + j, len(bars)) for j, bars in enumerate(series)]
    p = len(chosen)
    spot = all(not product.is_perpetual for product in panel.products)

    fast = run_fast(
        panel, targets, cash=10_000 * 10**8, costs=costs, limits=limits,
        styles=[style] * p, budgets=[1.0] * p,
    )  # fmt: skip
    ledger = Ledger(panel, costs, Decimal(10_000))
    for i in range(len(panel)):
        rows = [row.item() for row in fast.fills[fast.fills["bar"] == i]]
        ledger.book(i, [row[1:7] for row in rows])
        for row in rows:
            assert_moved(panel, costs, row)
        ledger.assert_equity(fast.equity[i])
        assert not spot or ledger.cash >= 0
    assert ledger.cash == fast.cash * GRAIN
    assert ledger.lots == fast.lots.tolist()
    path = Path(tuple(series), INTERVAL_MS, panel.time, fast.equity, fast.fills, 10_000 * 10**8)
    flows = [int(received(path, j).sum()) for j in range(p)]
    assert [flow * GRAIN for flow in flows] == ledger.funding
    rows = trades(fast.fills, panel.products)
    assert by_trade(path, rows).sum() == sum(flows)

    plan = Plan(
        "test", "1h", INTERVAL_MS, panel.products, costs, limits,
        (style,) * p, (1.0,) * p, (0,) * p, (1,) * p,
    )  # fmt: skip
    desk = Desk(plan, Ledger(panel, costs, Decimal(10_000)))
    state = new_state(plan, 10_000 * 10**8)
    drive(
        plan, state, with_transfers(panel, seed), PaperBroker(), desk,
        MixedSignals([None] * len(targets), targets), lambda *_: None,
    )  # fmt: skip
    assert desk.cycles == len(panel)
