"""The live table of a running session: what was decided, why, and what it came to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gpt_trader.domain.decision import Decision
from gpt_trader.domain.text import units_text
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.ledger import value
from gpt_trader.kernel.marks import drawdown_ratio, loss_ratio
from gpt_trader.observe.cycle import price_text, size_text
from gpt_trader.observe.spark import sparkline
from gpt_trader.observe.words import minute, number, why

ACTION_STYLES = {"buy": "bold green", "sell": "bold magenta", "blocked": "yellow", "hold": "dim"}
COLUMNS = ("product", "bar (UTC)", "close", "decision", "why", "target", "position", "P&L")
RIGHT = frozenset({"close", "target", "position", "P&L"})
SPARK_WIDTH = 48


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture. latest: each product's newest decision, None before its first.

    equity: (k,) float64 quote, the finite marks so far, k >= 1. profit: each product's cash
    flow so far in units, fees paid; its position counts on top. done, total: cycles; eta_s:
    seconds to the end, None if unknown. label: said of the data.
    """

    title: str
    label: str | None
    plan: Plan
    state: State
    latest: tuple[Decision | None, ...]
    equity: NDArray[np.float64]
    profit: tuple[int, ...]
    done: int
    total: int | None
    eta_s: float | None


def screen(view: Picture) -> RenderableType:
    """Return the picture as something that rich can draw."""
    lines = [_account(view), _guards(view)]
    spark = Text.assemble(("so far   ", "dim"), sparkline(view.equity, width=SPARK_WIDTH))
    label = [Text(view.label, style="italic yellow")] if view.label else []
    return Group(
        Text.assemble((view.title, "bold"), "  ", (_progress(view), "dim")),
        _table(view),
        *lines,
        spark,
        *label,
    )


def _table(view: Picture) -> Table:

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for name in COLUMNS:
        justify: Any = "right" if name in RIGHT else "left"
        wide = name == "why"
        table.add_column(
            name,
            justify=justify,
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if wide else None,
            min_width=16 if wide else None,
        )
    for j, decision in enumerate(view.latest):
        product = view.plan.products[j]
        if decision is None:
            table.add_row(product.product_id, *[Text("-", style="dim")] * (len(COLUMNS) - 1))
            continue
        held = int(view.state.slots["lots"][j])
        profit = _profit(view, j)
        table.add_row(
            product.product_id,
            minute(decision.bar_ms),
            price_text(product, decision.close),
            Text(decision.action, style=ACTION_STYLES[decision.action]),
            Text(why(decision)),
            _weight(decision.weight),
            size_text(product, held) if held else Text("flat", style="dim"),
            Text(f"{profit:+,.2f}", style="green" if profit > 0 else "red" if profit < 0 else ""),
        )
    return table


def _profit(view: Picture, j: int) -> float:
    slot = view.state.slots[j]
    held = float(value(int(slot["lots"]), int(slot["close_ticks"]), view.plan.products[j].spec))
    return view.profit[j] / 1e8 + held


def _weight(weight: float) -> str:
    return "-" if weight != weight else f"{weight:.1%}"  # noqa: PLR0124 - not a number


def _account(view: Picture) -> Text:

    worth, cash = float(view.equity[-1]), view.state.cash
    whole, _, part = units_text(cash).partition(".")
    return Text.assemble(
        ("equity   ", "dim"),
        (f"{worth:,.2f}", "bold"),
        ("   cash ", "dim"),
        f"{int(whole):,}.{part[:2]}",
        ("   entries today ", "dim"),
        f"{view.state.marks.entries} of {number(float(view.plan.limits['max_entries']))}",
    )


def _guards(view: Picture) -> Text:
    """Every account-wide guard with its value and limit; what blocks stands out."""
    marks, limits, state = view.state.marks, view.plan.limits, view.state
    text = Text.assemble(("guards   ", "dim"))
    for name, seen, limit, trips in (
        (
            "day loss",
            max(loss_ratio(marks), 0.0),
            limits["max_daily_loss"],
            marks.day_halted,
        ),
        (
            "drawdown",
            max(drawdown_ratio(marks), 0.0),
            limits["max_drawdown"],
            marks.halted,
        ),
    ):
        style = "bold yellow" if trips else ""
        cap = "none" if limit == float("inf") else f"{limit:.0%}"
        text.append(f"{name} {seen:.1%} of {cap}   ", style)
    blocked = [
        word
        for word, on in (
            ("HALTED: only exits until `gpt-trader rearm`", state.halted),
            ("DRAWDOWN: only exits until `gpt-trader rearm`", marks.halted),
            ("DAILY LOSS: only exits until 00:00 UTC", marks.day_halted),
            ("PAUSED: only exits until `gpt-trader resume`", state.paused),
        )
        if on
    ]
    text.append("; ".join(blocked) or "all pass", "bold yellow" if blocked else "green")
    return text


def _progress(view: Picture) -> str:
    if view.total is None:
        return f"cycle {view.done:,}"
    eta = "" if view.eta_s is None else f", about {view.eta_s:,.0f} s left"
    return f"cycle {view.done:,} of {view.total:,}{eta}"
