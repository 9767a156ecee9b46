"""A running session as people see it: banner, live table or lines, and what it came to."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from gpt_trader.app.run import Ran, View
from gpt_trader.cli.numbers import format_signed, list_commonest, money, places_for
from gpt_trader.cli.output import console, detail, encode, error_of, note, verbosity, warn
from gpt_trader.config.settings import Settings
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.observe.cycle import DecidedCycle, cycle_line
from gpt_trader.observe.words import decision_line, minute, number
from gpt_trader.risk.policy import Limits
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.record import LiveRecord
from gpt_trader.runtime.live.terms import LiveTerms
from gpt_trader.runtime.session import Session
from gpt_trader.runtime.summary import Record
from gpt_trader.runtime.venues import title, venue_of
from gpt_trader.runtime.wiring import Wired

REDRAW_S = 0.125
NAMES_SHOWN = 5
LAST_SHOWN = 24
OnCycle = Callable[[DecidedCycle], None]
Shown = Record | LiveRecord


def banner(settings: Settings, terms: Wired | LiveTerms, session: Session) -> None:
    """Say on stderr what runs on what, and what is at stake."""
    about = _past(settings, terms) if isinstance(terms, Wired) else _now(settings, terms, session)
    rows = [
        ("feed", about.feed),
        ("broker", about.broker),
        ("products", ", ".join(p.product_id for p in terms.plan.products)),
        ("strategy", ", ".join(_routes(terms.header))),
        ("limits", _limits(terms.plan.limits)),
        ("at risk", about.stake),
        ("state", f"{session.latch.folder} ({_begun(session)})"),
    ]
    for name, text in rows:
        note(f"{name:<9}{text}")
    if terms.header.label:
        note(terms.header.label)


class _About(NamedTuple):
    feed: str
    broker: str
    stake: str


def _past(settings: Settings, wired: Wired) -> _About:
    length = format_interval(wired.panel.interval_ms)
    source = f"synthetic market, seed {settings.synthetic.seed}" if wired.label else "files"
    return _About(
        f"{source}: {len(wired.panel):,} bars of {length}",
        "paper: fills are simulated, no order leaves this machine",
        f"no money: {wired.cash / 1e8:,.2f} of simulated cash",
    )


def _now(settings: Settings, terms: LiveTerms, session: Session) -> _About:
    cash = f"{session.cash / 1e8:,.2f} {terms.plan.quote_currency}"
    where = settings.access.rest_url or title(settings)
    feed = f"live prices of {where}, {format_interval(terms.plan.interval_ms)} bars"
    match settings.broker:
        case "paper":
            broker = "paper: fills are simulated against live bids and asks, no order is sent"
            return _About(feed, broker, f"no money: {cash} of simulated cash")
        case "observe":
            return _About(feed, "observe: orders are recorded, none is sent", "no money")
        case venue:
            name = settings.access.rest_url or venue_of(venue).title
            broker = f"{name}: ORDERS ARE SENT, portfolio {terms.plan.portfolio}"
            return _About(feed, broker, f"MONEY: up to {cash}")


def _limits(limits: Limits) -> str:
    entries = limits["max_entries"]
    count = "any number of" if entries == float("inf") else number(float(entries))
    return (
        f"product {_share(limits['max_product'])}, gross {_share(limits['max_gross'])}, "
        f"day loss {_share(limits['max_daily_loss'])}, "
        f"drawdown {_share(limits['max_drawdown'])}, "
        f"{count} entries a day"
    )


def _routes(header: Header) -> dict[str, None]:
    """Return each strategy once, with its parameters."""
    return {
        f"{route.strategy}({', '.join(f'{k}={v}' for k, v in route.params.items())})": None
        for route in header.routes
    }


def _share(ratio: float) -> str:
    return "none" if ratio == float("inf") else f"{ratio * 100:g} %"


def _begun(session: Session) -> str:
    if session.resumed:
        under = ", under changed terms" if session.has_new_terms else ""
        return f"resumed after {session.state.cycles:,} cycles{under}"
    return "new" if session.kept is None else f"new; the session before is kept: {session.kept}"


@contextmanager
def display(record: Shown, total: int | None, *, json: bool) -> Iterator[OnCycle]:
    """Yield what shows a cycle: lines of JSON, a live table on a terminal, or plain lines."""
    plan = record.terms.plan
    if json:
        yield lambda cycle: print(encode(cycle_line(plan, cycle)), flush=True)
    elif verbosity() == 0 and sys.stderr.isatty():
        with _live_table(record, total) as show:
            yield show
    else:
        yield lambda cycle: _say(record, cycle)


def _say(record: Shown, cycle: DecidedCycle) -> None:
    """One line a decision that acts; the others only with -v, on stderr; none with -q."""
    for made in cycle.decided:
        decision = made.decision
        line = decision_line(decision, record.terms.plan.products[_index(record, decision)])
        if decision.action in ("buy", "sell") and verbosity() >= 0:
            print(line, flush=True)
        else:
            detail(line)
    for name in cycle.absent(record.terms.plan):
        detail(f"{minute(cycle.cycle_ms)}  {name:<9} ABSENT  its bar was not told in time")


def _index(record: Shown, decision: Any) -> int:  # noqa: ANN401
    return record.terms.plan.index[decision.product_id]


@contextmanager
def _live_table(record: Shown, total: int | None) -> Iterator[OnCycle]:
    from rich.console import Console
    from rich.live import Live

    from gpt_trader.cli.run.screen import Picture, screen

    terms = record.terms
    routes = ", ".join(route.partition("(")[0] for route in _routes(terms.header))
    title = f"{terms.header.profile}: {routes}, {terms.header.interval} bars"
    began = monotonic()
    drawn = 0.0
    first: int | None = None

    def picture(cycle: DecidedCycle) -> Any:  # noqa: ANN401
        done = cycle.number - (first or 0) + 1
        left = None if total is None else (first or 0) + total - 1
        seconds = monotonic() - began
        return screen(
            Picture(
                title=title,
                label=terms.header.label,
                plan=terms.plan,
                state=cycle.state,
                latest=tuple(record.notes.latest),
                equity=record.equity(cycle.state),
                profit=tuple(record.notes.flows),
                done=cycle.number,
                total=left,
                eta_s=None if left is None else seconds / done * (left - cycle.number),
            )
        )

    newest: DecidedCycle | None = None
    with Live(console=Console(stderr=True), auto_refresh=False) as live:

        def show(cycle: DecidedCycle) -> None:
            nonlocal drawn, first, newest
            first = cycle.number if first is None else first
            newest = cycle
            if monotonic() - drawn >= REDRAW_S:
                live.update(picture(cycle), refresh=True)
                drawn = monotonic()

        try:
            yield show
        finally:
            if newest is not None:
                live.update(picture(newest), refresh=True)


def of(*, json: bool) -> View:
    """Return how the command shows a run: on the terminal, or as lines of JSON."""
    return View(note, warn, banner, partial(display, json=json))


def show(ran: Ran, options: str, *, json: bool) -> None:
    """Show what a run came to. options: they name the session again."""
    if json:
        told = ran.summary
        if (no := ran.refused) is not None:
            error = error_of(no.code, no.message, no.hint, no.where)
            told = told | {"ok": False, "error": error}
        print(encode(told), flush=True)
        return
    if ran.next_close_ms is not None:
        when = format_time(ran.next_close_ms)
        note(f"nothing new to decide: the next bar closes at {when}")
    why = f"gpt-trader why {shlex.quote(ran.product)} --last {LAST_SHOWN}"
    show_summary(ran.summary, why + options)
    if ran.refused is not None:
        warn(ran.refused.message)


def show_summary(summary: dict[str, Any], following: str) -> None:
    """Print what a run came to, and one command to go on with."""
    from rich.table import Table

    out = console()
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for justify in ("left", "right"):
        grid.add_column(justify=justify)
    for name, text in _money_rows(summary):
        grid.add_row(name, text)
    out.print()
    if summary["label"]:
        out.print(summary["label"])
    out.print(_span(summary))
    out.print(grid)
    for name, text in _words(summary):
        out.print(f"{name:<10}{text}")
    if summary["interrupted"]:
        out.print("interrupted: the state is saved; the same command goes on from here")
    out.print(f"Next: {following}")


def _span(summary: dict[str, Any]) -> str:
    """Say what the figures are of: a run that went on with a session has them of all of it."""
    run, session = summary["cycles"], summary["session_cycles"]
    words = f"{session:,} cycles, {summary['first_bar']} to {summary['last_bar']}"
    return words if run == session else f"this run: {run:,} cycles\nthe whole session: {words}"


def _money_rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    places = places_for(summary["start_equity"])
    rows = [
        ("start", money(summary["start_equity"], places)),
        *_brought_in(summary, places),
        ("final", money(summary["final_equity"], places)),
        ("gross", format_signed(summary["gross_pnl"], places=places)),
        ("fees", format_signed(summary["fees"], -1, places)),
    ]
    if summary["spread_slippage"] is not None:
        rows.append(("spread, slippage", format_signed(summary["spread_slippage"], -1, places)))
    if float(summary["funding"]):
        rows.append(("funding", format_signed(summary["funding"], -1, places)))
    rows.append(("net", format_signed(summary["net_pnl"], places=places)))
    if summary.get("buy_hold_pnl") is not None:
        rows.append(("buy and hold", format_signed(summary["buy_hold_pnl"], places=places)))
    return rows


def _brought_in(summary: dict[str, Any], places: int) -> list[tuple[str, str]]:
    """Say what came in or went out since the start: it is no profit, no loss."""
    moved = summary.get("transfers", "0")
    return [("transfers", format_signed(moved, places=places))] if float(moved) else []


def _words(summary: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("held", list_commonest(summary["holds"], NAMES_SHOWN)),
        ("acted", list_commonest(summary["actions"], NAMES_SHOWN)),
    ]
    untaken = [
        f"{summary[key]} {what}"
        for key, what in (
            ("orders_not_placed", "never reached the exchange"),
            ("orders_unknown", "nobody knows the outcome of"),
        )
        if summary.get(key)
    ]
    if untaken:
        rows.append(("", f"of the orders {', '.join(untaken)}"))
    rows.append(("refused", list_commonest(summary["refusals"], NAMES_SHOWN)))
    refusal = summary["newest_refusal"]
    if refusal is not None:
        newest = (
            f"newest: {refusal['product']} {refusal['bar_time']} {refusal['code']}: "
            f"{refusal['detail']}: {number(refusal['value'])} v limit "
            f"{number(refusal['threshold'])}"
        )
        rows.append(("", newest))
    rows += [("halt", _halt(halt, summary["profile"])) for halt in summary["halts"]]
    held = [f"{p['size']} {p['product']} worth {p['value']}" for p in summary["open_positions"]]
    rows.append(("open", ", ".join(held) or "no position"))
    if summary["costs_below_default"]:
        rows.append(("costs", "lower than the worst tier: the result is flattered"))
    return rows


def _halt(halt: dict[str, Any], profile: str) -> str:
    state = "still holds" if halt["active"] else "over"
    if halt["guard"] == "daily_loss":
        return f"daily loss limit reached on {halt['days']} days ({state})"
    if halt["guard"] == "drawdown":
        what = f"drawdown limit reached at {halt['since']} ({state})"
    else:
        what = f"halted by {halt['by']}: {halt['reason']} ({state})"
    return what + (f": gpt-trader rearm --profile {profile}" if halt["active"] else "")
