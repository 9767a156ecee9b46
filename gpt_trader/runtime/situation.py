"""Where a session stands, read from its journal: money at risk, orders, halts, what is next."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpt_trader.domain.decision import GuardReading
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import AS_COUNTED, Product
from gpt_trader.domain.text import fixed, grid_of, units_text
from gpt_trader.engine.explain import guard_readings
from gpt_trader.engine.leaving import PAGED_REFUSALS
from gpt_trader.engine.outside import outside
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import UNSURE, resting_protection, resting_protections
from gpt_trader.engine.state import State, equity
from gpt_trader.engine.waiting import (
    BELOW_MINIMUM,
    is_below_minimum,
    is_worth_selling,
    waits_for,
)
from gpt_trader.journal.sqlite import Journal
from gpt_trader.kernel.codes import FILL_NAMES
from gpt_trader.kernel.ledger import value
from gpt_trader.observe.cycle import (
    guard_json,
    order_json,
    price_text,
    quote_text,
    size_text,
    time_text,
)
from gpt_trader.runtime.alerts import cannot_leave
from gpt_trader.runtime.explained import doubted
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.alive import Alive
from gpt_trader.runtime.live.told import told_apart, told_key
from gpt_trader.runtime.session import JOURNAL, running

Json = dict[str, Any]
AVERAGE_DIGITS = 4
SILENT_S = 5.0  # a loop that says nothing for so long hangs


def market_ms(plan: Plan, state: State) -> int:
    """Return a simulated session's time: the close of its newest bar; 0 before any."""
    newest = max(state.last_bar_ms)
    return newest + plan.interval_ms if newest >= 0 else 0


def entry_guards(plan: Plan, state: State, j: int, now_ms: int) -> tuple[GuardReading, ...]:
    """Read every entry guard of product j as they would be asked at a time."""
    return guard_readings(plan, state, j, outside(plan, state, j, now_ms))


def of_a_product(plan: Plan) -> set[str]:
    """Return the names of the readings that each product has its own of."""
    return {
        guard.shows.reading
        for guard in plan.guards
        if guard.shows is not None and guard.scope == "product"
    }


def situation(
    folder: Path, header: Header, plan: Plan, journal: Journal, state: State, clock_ms: int
) -> Json:
    """Return where the session stands, as `status` shows it.

    clock_ms: this machine's time; a simulated session has its own.
    """
    now_ms = clock_ms if plan.rests else market_ms(plan, state)
    holder, silent_s = running(header, folder), Alive(folder).silent_s()
    hangs = holder is not None and silent_s is not None and silent_s >= SILENT_S
    is_followed = not header.mode.trades_money or (holder is not None and not hangs)
    held = [
        _position(plan, state, j, product, now_ms)
        | {"stop_by": _stop_by(plan, state, j, is_followed=is_followed)}
        for j, product in enumerate(plan.products)
        if state.slots["lots"][j] != 0
    ]
    open_orders = [o for o in state.orders.values() if not o.status.is_final]
    seq, digest = journal.head()
    return {
        "profile": header.profile,
        "label": header.label,
        "strategies": sorted({route.strategy for route in header.routes}),
        "running": holder,
        "hangs": hangs,
        "silent_s": silent_s,
        "died_of": (Alive(folder).failed() or None) if silent_s is not None else None,
        "broker": header.broker,
        "money_at_risk": _at_risk(state, plan) if header.mode.trades_money else "0.00",
        "simulated_at_risk": "0.00" if header.mode.trades_money else _at_risk(state, plan),
        "equity": quote_text(equity(plan, state)),
        "cash": units_text(state.cash),
        "fees": units_text(state.fees),
        "positions": held,
        "open_orders": [order_json(plan, order) for order in open_orders],
        "unknown_orders": [
            order_json(plan, order) | _age(order.intent.sent_ms, now_ms)
            for order in open_orders
            if _is_unknown(order, is_followed=is_followed)
        ],
        "waiting_orders": [
            order_json(plan, order)
            | _age(order.intent.sent_ms, now_ms)
            | {"waits_for": waits_for(state, order)}
            for order in open_orders
            if order.status is OrderStatus.WAITING
        ],
        "halts": _halts(state, header.profile, Latch(folder).read()),
        "paused": state.paused,
        "flattening": state.flattening or Latch(folder).wants_flat(),
        "frozen": _reasons(plan, state.frozen),
        "closed": _reasons(plan, state.closed),
        "unproven": _reasons(plan, state.unproven),
        "limit_only": [
            product.product_id
            for product, is_so in zip(plan.products, state.limit_only, strict=True)
            if is_so
        ],
        "regridded": [
            product.product_id
            for product, grid in zip(plan.products, state.grids, strict=True)
            if grid != AS_COUNTED
        ],
        "doubted": doubted(plan, journal),
        "out_of_line": told_apart(journal) or None,
        "key_refused": told_key(journal) or None,
        "undecided": _undecided(plan, state, journal),
        "reconciled": time_text(state.reconciled_ms) if state.reconciled_ms > 0 else None,
        "reconciled_age_s": _reconciled_age_s(state, now_ms),
        "foreign_orders": state.foreign_orders,
        "guards": [
            guard_json(guard)
            for guard in entry_guards(plan, state, 0, market_ms(plan, state))
            if guard.name not in of_a_product(plan)
        ],
        "cycles": state.cycles,
        **_bars(plan, state, header.data_ends_ms, now_ms),
        "journal": {
            "path": str(folder / JOURNAL),
            "entries": seq,
            "bytes": (folder / JOURNAL).stat().st_size,
            "head": digest.hex(),
        },
    }


def _reasons(plan: Plan, reasons: Sequence[str]) -> dict[str, str]:
    """Return what stands against entries, by product."""
    return {
        product.product_id: why for product, why in zip(plan.products, reasons, strict=True) if why
    }


def _is_unknown(order: Order, *, is_followed: bool) -> bool:
    """Whether nobody knows what became of an order.

    is_followed: whether a process waits for answers; of one that is gone, or hangs, nobody learns:
    an entry that rested may have been filled since, and no stop be there. A stop that rests is not
    named: each session that is not running would show it.
    """
    if order.status is OrderStatus.SUBMIT_UNKNOWN:
        return True
    is_sent = order.status is not OrderStatus.WAITING
    is_doubtful = order.status is OrderStatus.SUBMITTED or not order.intent.reduce_only
    return is_sent and is_doubtful and not is_followed


def _undecided(plan: Plan, state: State, journal: Journal) -> dict[str, str]:
    """Return why the newest cycle passed products over: their bar was not in, and does not wait."""
    found = {}
    for j, product in enumerate(plan.products):
        name, bar_ms = product.product_id, state.last_bar_ms[j]
        if not state.cycles or j in state.arrived or bar_ms > state.cycle_ms:
            continue
        decided = journal.decisions(name, limit=1)
        if bar_ms < state.cycle_ms:
            found[name] = f"no bar of {time_text(state.cycle_ms)} was told in time"
        elif not decided or decided[0][1] < bar_ms:
            found[name] = f"the bar of {time_text(bar_ms)} came once the others were decided"
    return found


def _position(plan: Plan, state: State, j: int, product: Product, now_ms: int) -> Json:
    slot, exposed = state.slots[j], state.exposure[j]
    lots, close = int(slot["lots"]), int(slot["close_ticks"])
    average = float(slot["average_ticks"])
    worth = float(value(lots, close, product.spec))
    cost = lots * average * product.spec.unit
    stop, take = int(slot["stop_ticks"]), int(slot["take_ticks"])
    covered = _covered(plan, state, j)
    return {
        "product": product.product_id,
        "size": size_text(product, lots),
        "average_price": average_text(product, average),
        "close": price_text(product, close),
        "close_age_s": _close_age_s(plan, state.last_bar_ms[j], now_ms),
        "value": quote_text(worth),
        "unrealized_pnl": quote_text(worth - cost),
        "stop": price_text(product, stop) if stop else None,
        "stop_kind": FILL_NAMES[int(slot["stop_reason"])] if stop else None,
        "stop_status": _stop_status(plan, state, j),
        "stop_covers": size_text(product, covered) if covered else None,
        "take_profit": price_text(product, take) if take else None,
        "bars_held": int(slot["bars_held"]),
        "max_bars": int(slot["max_bars"]) or None,
        "cannot_leave": _stuck(plan, state, j),
        "not_sellable": BELOW_MINIMUM if is_below_minimum(plan, state, j) else None,
        "stopless_since": _since(exposed.stopless_since_ms, now_ms),
        "bare_since": _since(exposed.bare_since_ms, now_ms),
    }


def _stop_status(plan: Plan, state: State, j: int) -> str | None:
    """Return what is known of the order that may rest as a position's stop; None: there is none."""
    stop = resting_protection(plan, state, j)
    return None if stop is None else stop.status


def _covered(plan: Plan, state: State, j: int) -> int:
    """Return how many lots of a position the stops that are known to rest for it may sell."""
    stops = resting_protections(plan, state, j) if plan.rests else []
    return sum(one.intent.lots - one.filled for one in stops if one.status not in UNSURE)


def _stop_by(plan: Plan, state: State, j: int, *, is_followed: bool) -> str | None:
    """Return who acts once a position's stop is passed: bars | exchange | quotes | part | nobody.

    None: it has no stop. part: the exchange, of a part of it, and nobody of the rest. is_followed:
    whether a process watches the quotes of what does not rest; what rests at the exchange needs
    none, and where nobody knows whether it rests it counts as not there.
    """
    if not state.slots["stop_ticks"][j]:
        return None
    if not plan.rests:
        return "bars"
    stop = resting_protection(plan, state, j)
    if stop is not None and stop.status not in UNSURE:
        rest = abs(int(state.slots["lots"][j])) - _covered(plan, state, j)
        is_whole = is_followed or not is_worth_selling(plan, state, j, rest)
        return "exchange" if is_whole else "part"
    return "quotes" if is_followed else "nobody"


def _stuck(plan: Plan, state: State, j: int) -> Json | None:
    """Return why a position cannot be left; None: nothing was refused twice in a row."""
    wish = state.leaving[j]
    if wish.refusals < PAGED_REFUSALS:
        return None
    return {
        "reason": wish.why or None,
        "since": time_text(wish.refused_ms),
        "tries": wish.refusals,
        "told": cannot_leave(plan, state, j),
    }


def _since(time_ms: int, now_ms: int) -> Json | None:
    return {"time": time_text(time_ms)} | _age(time_ms, now_ms) if time_ms else None


def average_text(product: Product, ticks: float) -> str | None:
    """Return an averaged price to some digits of a tick."""
    if not math.isfinite(ticks):
        return None
    k, places = grid_of(product.price_increment)
    return fixed(round(ticks * 10**AVERAGE_DIGITS) * k, places + AVERAGE_DIGITS)


def _at_risk(state: State, plan: Plan) -> str | None:
    """Return what all positions are worth together, whichever way they point."""
    worth = sum(
        abs(float(value(int(slot["lots"]), int(slot["close_ticks"]), product.spec)))
        for slot, product in zip(state.slots, plan.products, strict=True)
    )
    return quote_text(worth)


def _age(since_ms: int, now_ms: int) -> Json:
    """Return for how long something has been so; null if it began in this clock's future."""
    age_ms = now_ms - since_ms
    return {"age_s": age_ms / 1000 if age_ms >= 0 else None}


def _halts(state: State, profile: str, latch: Halt | None) -> list[Json]:
    """Return what ends entries now, and who or what can end that."""
    found: list[Json] = []
    rearm = f"gpt-trader rearm --profile {profile}"
    if state.halted:
        by, reason = state.switched_by, state.switch_reason
        found.append({"guard": "halt", "by": by, "reason": reason, "until": rearm})
    elif latch is not None:  # the bot has not taken note of it yet
        found.append({"guard": "latch", "by": latch.by, "reason": latch.reason, "until": rearm})
    if state.marks.halted:
        found.append({"guard": "drawdown", "until": rearm})
    if state.marks.day_halted:
        found.append({"guard": "daily_loss", "until": "the next UTC day"})
    return found


def _reconciled_age_s(state: State, now_ms: int) -> float | None:
    """Return for how long the account has not been seen in line; None: it is not known."""
    return _age(state.reconciled_ms, now_ms)["age_s"] if state.reconciled_ms > 0 else None


def _close_age_s(plan: Plan, open_ms: int, now_ms: int) -> float | None:
    """Return for how long the close of a bar has been known; None before the first bar."""
    return None if open_ms < 0 else _age(open_ms + plan.interval_ms, now_ms)["age_s"]


def _bars(plan: Plan, state: State, ends_ms: int, now_ms: int) -> Json:
    """Return the newest bar and the next, each named by its open, and when the next closes.

    Then the next decision is made. None once a market of the past has ended.
    """
    newest = max(state.last_bar_ms)
    over = newest >= ends_ms
    next_ms = None if newest < 0 or over else newest + plan.interval_ms
    return {
        "last_bar": time_text(newest) if newest >= 0 else None,
        "last_close_age_s": _close_age_s(plan, newest, now_ms),
        "next_bar": None if next_ms is None else time_text(next_ms),
        "next_close": None if next_ms is None else time_text(next_ms + plan.interval_ms),
        "next_close_overdue_s": None
        if next_ms is None
        else max(now_ms - next_ms - plan.interval_ms, 0) / 1000,
        "ended": over,
    }
