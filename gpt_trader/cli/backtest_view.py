"""A backtest as people read it: numbers, costs in money, refusals, checks, what next.

It reads the document that `--json` prints and the store keeps, so that a run looks the same
when it has just ended and when it is shown again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gpt_trader.cli.output import console
from gpt_trader.observe.spark import sparkline

NAMES_SHOWN = 4
Document = Mapping[str, Any]


def show(data: Document, curve: Mapping[str, list[float]], *, then: Sequence[str]) -> None:
    """Print a result to stdout. curve: equity and drawdown as stored; then: the last lines."""
    import numpy as np
    from rich.text import Text

    out = console()
    for line in heading(data):
        out.print(Text(line, style="bold"))
    out.print()
    out.print(_numbers(data["result"]))
    out.print()
    out.print(_pair("equity", sparkline(np.array(curve["equity"]))))
    out.print(_pair("drawdown", sparkline(np.array(curve["drawdown_pct"]), floor=0.0)))
    out.print()
    for label, text in remarks(data):
        out.print(_pair(label, text))
    out.print()
    for line in then:
        out.print(Text(line))


def heading(data: Document) -> list[str]:
    """Say what was run on what."""
    lines = [
        f"{s['name']}({', '.join(f'{k}={v}' for k, v in s['params'].items())}) "
        f"on {', '.join(s['products'])}"
        for s in data["strategy"]
    ]
    used = data["data"]
    first, last = min(d["first"] for d in used), max(d["last"] for d in used)
    gaps = sum(d["gaps"] for d in used)
    lines.append(
        f"{sum(d['bars'] for d in used):,} bars of {used[0]['interval']}, {first[:10]} to "
        f"{last[:10]}{f', {gaps:,} gaps' if gaps else ''}, {data['engine']} engine"
    )
    return [*lines, data["label"]] if data["label"] else lines


def _numbers(m: Document) -> Any:  # noqa: ANN401
    """The result beside its costs, four columns."""
    from rich.table import Table

    trades = f"{m['trades']:,} + {m['open_trades']} open" if m["open_trades"] else m["trades"]
    left = [
        ("return", percent(m["return_pct"])),
        ("buy and hold", percent(m["buy_hold_return_pct"])),
        ("a year", percent(m["cagr_pct"])),
        ("deepest drawdown", percent(-m["max_drawdown_pct"])),
        ("longest drawdown", f"{m['max_drawdown_days']:,.1f} days"),
        ("Sharpe", number(m["sharpe"])),
        ("Sortino", number(m["sortino"])),
        ("trades", f"{trades}"),
        ("won", percent(m["win_rate_pct"])),
        ("profit factor", number(m["profit_factor"])),
        ("in the market", percent(m["exposure_pct"])),
    ]
    right = [
        ("start", money(m["start_equity"])),
        ("final", money(m["final_equity"])),
        ("gross", signed(m["gross_pnl"])),
        ("fees", signed(m["fees_paid"], -1)),
        ("spread, slippage", signed(m["spread_slippage_paid"], -1)),
        ("net", signed(m["net_pnl"])),
        ("turnover", f"{m['turnover']:,.1f} x equity"),
        ("maker share", percent(m["maker_share_pct"])),
        ("cost a round trip", bps(m["cost_per_round_trip_bps"])),
        ("break-even move", bps(m["break_even_move_bps"])),
        ("fees a year", percent(m["fees_per_year_pct"])),
    ]
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for justify in ("left", "right", "left", "right"):
        grid.add_column(justify=justify)
    for (name, value), (cost, amount) in zip(left, right, strict=True):
        grid.add_row(name, value, f"  {cost}", amount)
    return grid


def remarks(data: Document) -> list[tuple[str, str]]:
    """Say what decisions came to, what was refused, halted and checked."""
    groups, halted = data["decisions"], data["halts"]
    lines = [("held", named(groups["held"])), ("acted", named(groups["acted"]))]
    lines.append(("refused", named(groups["refused"])))
    halts = []
    if halted["drawdown"] is not None:
        halts.append(f"drawdown limit reached {halted['drawdown']}: no entry since")
    if halted["loss_days"]:
        halts.append(f"daily loss limit reached on {halted['loss_days']} days")
    if halts:
        lines.append(("halts", "; ".join(halts)))
    lines.append(("checks", checked(data["checks"])))
    lines.append(("costs", data["costs"]["label"] or rates(data["costs"])))
    if data["risk"] is None:
        lines.append(("risk", "no limits"))
    return lines


def checked(checks: Document) -> str:
    """Say what the checks came to; one that fails ends the command."""
    lookahead, warmup = checks["lookahead"], checks["warmup"]
    return (
        f"look-ahead {_found(lookahead['ok'])} ({lookahead['sampled']} rows cut off), "
        f"warm-up {_found(warmup['ok'])} ({warmup['bars']} bars)"
    )


def _found(ok: bool | None) -> str:
    return "not checked" if ok is None else "ok"


def rates(costs: Document) -> str:
    """Say what trading costs."""
    return (
        f"taker {costs['taker_bps']:g}, maker {costs['maker_bps']:g}, half spread "
        f"{costs['spread_bps']:g}, slippage {costs['slippage_bps']:g} bps"
    )


def named(counts: Mapping[str, int]) -> str:
    """Return the commonest names with their counts."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:NAMES_SHOWN]]
    rest = len(counts) - len(shown)
    return (", ".join(shown) or "none") + (f", {rest} more" if rest else "")


def money(text: str) -> str:
    """Return money in quote to the cent."""
    return f"{float(text):,.2f}"


def signed(text: str, sign: int = 1) -> str:
    """Return money gained or (sign -1) paid, to the cent."""
    return f"{sign * float(text) + 0.0:+,.2f}"  # -0.0 is 0.0


def percent(value: float | None) -> str:
    """Return a percentage; a dash where it is undefined."""
    return "-" if value is None else f"{value:,.2f} %"


def number(value: float | None) -> str:
    """Return a ratio; a dash where it is undefined."""
    return "-" if value is None else f"{value:,.2f}"


def bps(value: float | None) -> str:
    """Return basis points; a dash where they are undefined."""
    return "-" if value is None else f"{value:,.0f} bps"


def _pair(label: str, text: str) -> str:
    return f"{label:<10}{text}"
