"""A backtest as people read it: numbers, costs in money, refusals, checks, what next.

It reads the document that `--json` prints and the store keeps, so that a run looks the same
when it has just ended and when it is shown again.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gpt_trader.cli.backtest.tables import breakdown
from gpt_trader.cli.numbers import (
    bps,
    format_signed,
    grid,
    hours,
    list_commonest,
    money,
    number,
    percent,
)
from gpt_trader.cli.output import console, verbosity
from gpt_trader.observe.spark import sparkline

NAMES_SHOWN = 4
QUALITY = {
    "missing_bars": "bars missing",
    "bad_prints": "bad prints",
    "stale_bars": "bars stale",
    "zero_volume": "bars without trades",
}
WIDTH = 80
Document = Mapping[str, Any]


def show(data: Document, curve: Mapping[str, list[float]], *, then: Sequence[str]) -> None:
    """Print a result to stdout; with `-q` only the verdict, with `-v` every number.

    curve: equity and drawdown as stored. then: the last lines.
    """
    import numpy as np
    from rich.text import Text

    out = console()
    if verbosity() < 0:
        print(verdict_line(data))
        return
    for line in heading(data):
        out.print(Text(_wrapped("", line), style="bold"))
    out.print()
    for part in (_outcome(data), _money_and_trades(data["result"]), _in_money(data["result"])):
        out.print(part)
        out.print()
    out.print(_pair("equity", sparkline(np.array(curve["equity"]))))
    out.print(_pair("drawdown", sparkline(np.array(curve["drawdown_pct"]), floor=0.0)))
    out.print()
    if verbosity() > 0:
        for part in (*breakdown(data["breakdown"]), *everything(data)):
            out.print(part)
            out.print()
    for label, text in remarks(data, full=verbosity() > 0):
        print(_wrapped(f"{label:<10}", text))
    out.print()
    out.print(Text(verdict_line(data), style="bold"))
    for reason in (data["assessment"] or {"reasons": []})["reasons"]:
        print(_wrapped("  - ", reason))
    out.print()
    for line in then:
        out.print(Text(line))


def verdict_line(data: Document) -> str:
    """Return the verdict with the net result, on one line."""
    assessed = data["assessment"]
    word = "NOT JUDGED" if assessed is None else assessed["verdict"]
    return f"Verdict: {word}, {data['result']['return_pct']:+,.2f} % after all costs"


def heading(data: Document) -> list[str]:
    """Say what was run on what."""
    lines = [
        f"{s['name']} on {', '.join(s['products'])}: "
        f"{', '.join(f'{k}={v}' for k, v in s['params'].items())}"
        for s in data["strategy"]
    ]
    used = data["data"]
    first, last = min(d["first"] for d in used), max(d["last"] for d in used)
    gaps = sum(d["gaps"] for d in used)
    fine = next((d["interval"] for d in data["detail"]), None)
    lines.append(
        f"{sum(d['bars'] for d in used):,} bars of {used[0]['interval']}, {first[:10]} to "
        f"{last[:10]}{f', {gaps:,} gaps' if gaps else ''}"
        f"{f', inside by {fine}' if fine else ''}, {data['engine']} engine"
    )
    return [*lines, data["label"]] if data["label"] else lines


def _outcome(data: Document) -> Any:  # noqa: ANN401
    """What came out, with its interval, beside doing nothing clever."""
    m, assessed = data["result"], data["assessment"]
    sure = {} if assessed is None else assessed["inference"]
    beside = {} if assessed is None else assessed["baselines"]
    level = f"{100 * sure['level']:.0f} % interval" if sure else "interval"
    matched = beside.get("vol_matched_return_pct")
    rows = [
        ("return", percent(m["return_pct"]), _range(sure.get("return_pct"), " %"),
         percent(m["buy_hold_return_pct"]), percent(matched)),
        ("Sharpe ratio", number(m["sharpe"]), _range(sure.get("sharpe")),
         number(beside.get("buy_hold_sharpe")), number(beside.get("vol_matched_sharpe"))),
        ("deepest drawdown", percent(m["max_drawdown_pct"]),
         _range(sure.get("max_drawdown_pct"), " %"), "", ""),
        ("return a year", percent(m["cagr_pct"]), "", "", ""),
        ("longest drawdown", f"{m['max_drawdown_days']:,.1f} days", "", "", ""),
    ]  # fmt: skip
    return grid(("", "result", level, "buy and hold", "at equal risk"), rows)


def _money_and_trades(m: Document) -> Any:  # noqa: ANN401
    """From gross to net in money, beside how it traded."""
    trades = (
        f"{m['trades']:,} + {m['open_trades']} open" if m["open_trades"] else f"{m['trades']:,}"
    )
    paid = [("fees", format_signed(m["fees_paid"], -1))]
    if "spread_paid" in m:
        paid.append(("spread", format_signed(m["spread_paid"], -1)))
        paid.append(("slippage", format_signed(m["slippage_paid"], -1)))
    else:
        paid.append(("spread, slippage", format_signed(m["spread_slippage_paid"], -1)))
    left = [
        ("start", money(m["start_equity"])),
        ("gross", format_signed(m["gross_pnl"])),
        *paid,
        ("net", format_signed(m["net_pnl"])),
        ("final", money(m["final_equity"])),
    ]
    right = [
        ("trades", trades),
        ("won", percent(m["win_rate_pct"])),
        ("profit factor", number(m["profit_factor"])),
        ("in the market", percent(m["exposure_pct"])),
        ("turnover", f"{m['turnover']:,.1f} x equity"),
        ("maker share", percent(m["maker_share_pct"])),
        ("median holding", hours(m["median_holding_hours"])),
    ][: len(left)]
    return grid(
        ("in money", "", "   trading", ""),
        [(*a, f"   {b[0]}", b[1]) for a, b in zip(left, right, strict=True)],
    )


def _in_money(m: Document) -> Any:  # noqa: ANN401
    """What trading costs: as it filled, and had every fill been a taker's or a maker's."""
    names = (
        ("a round trip costs", "cost_per_round_trip{}_bps", bps),
        ("the price must move", "break_even_move{}_bps", bps),
        ("fees a year, of equity", "fees_per_year{}_pct", percent),
    )
    rows = [
        (label, *(words(_at(m, name, kind)) for kind in ("", "_taker", "_maker")))
        for label, name, words in names
    ]
    trips = m["round_trips_per_year"]
    title = "costs" if trips is None else f"costs, {trips:,.0f} round trips a year"
    return grid((title, "as filled", "all taker", "all maker"), rows)


def _at(m: Document, name: str, kind: str) -> float | None:
    """Return a number as it filled ("") or at a kind; None if the run does not have it."""
    if name == "break_even_move{}_bps":  # a taker's is the one without a kind
        kind = {"": "?", "_taker": "", "_maker": "_maker"}[kind]
    found: float | None = m.get(name.format(kind))
    return found


def everything(data: Document) -> Iterator[Any]:
    """Yield every number of the document that is not yet shown, as tables."""
    rows = [(name, _plain(value)) for name, value in data["result"].items()]
    half = (len(rows) + 1) // 2
    beside = [*rows[half:], ("", "")]
    yield grid(
        ("every number", "", "   ", ""),
        [(*a, *b) for a, b in zip(rows[:half], beside, strict=False)],
    )
    if data["assessment"] is not None:
        points = data["assessment"]["sensitivity"]["costs"]
        yield grid(
            ("fees times", "return", "Sharpe ratio"),
            [(f"{p['factor']:g}", percent(p["return_pct"]), number(p["sharpe"])) for p in points],
        )


def remarks(data: Document, *, full: bool) -> list[tuple[str, str]]:
    """Say what was refused, halted and checked; full: also what other decisions came to."""
    groups, halted = data["decisions"], data["halts"]
    kinds = ("held", "acted", "refused") if full else ("refused",)
    lines = [(kind, list_commonest(groups[kind], NAMES_SHOWN)) for kind in kinds]
    halts = []
    if halted["drawdown"] is not None:
        halts.append(f"drawdown limit on {halted['drawdown'][:10]}, no entry since")
    if halted["loss_days"]:
        halts.append(f"daily loss limit on {halted['loss_days']} days")
    if halts:
        lines.append(("halts", "; ".join(halts)))
    lines.append(("data", "; ".join(say_coverage(one) for one in data["data"])))
    lines.append(("checks", say_checks(data["checks"])))
    costs = data["costs"]
    lines.append(("costs", "; ".join([costs["label"] or rates(costs), *terms(costs)])))
    if data["risk"] is None:
        lines.append(("risk", "no limits"))
    return lines


def say_coverage(used: Document) -> str:
    """Say which bars these are and how many of them are there."""
    return f"{used['product']} {used['coverage_pct']:.2f} % there, sha256 {used['sha256'][:12]}"


def say_checks(checks: Document) -> str:
    """Say what the checks came to; one that fails ends the command."""
    lookahead, warmup = checks["lookahead"], checks["warmup"]
    return (
        f"look-ahead {_found(lookahead['ok'])} ({lookahead['sampled']} rows cut off), "
        f"warm-up {_found(warmup['ok'])} ({warmup['bars']} bars), "
        f"data {_quality(checks['data'])}"
    )


def _quality(products: Sequence[Document]) -> str:
    """Say what is odd about the bars of all products."""
    if not products:
        return "not checked"
    found = {name: sum(one[name] for one in products) for name in QUALITY}
    odd = [f"{count:,} {QUALITY[name]}" for name, count in found.items() if count]
    return ", ".join(odd) or "ok"


def _found(ok: bool | None) -> str:
    return "not checked" if ok is None else "ok"


def rates(costs: Document) -> str:
    """Say what trading costs."""
    return (
        f"taker {costs['taker_bps']:g}, maker {costs['maker_bps']:g}, half spread "
        f"{costs['spread_bps']:g}, slippage {costs['slippage_bps']:g} bps"
    )


def terms(costs: Document) -> Iterator[str]:
    """Say what else makes fills dearer, later or rarer, where it is not as by default."""
    if costs["fee_tier"] != "worst":
        yield f"region {costs['region']}"
    if costs["impact"]:
        yield f"impact {costs['impact']:g}"
    if costs["latency_ms"]:
        yield f"latency {costs['latency_ms']:,} ms"
    if costs["latency_bars"]:
        yield f"latency {costs['latency_bars']} bars"
    if costs["participation"] is not None:
        yield f"at most {100 * costs['participation']:g} % of a bar's volume"
    if costs["touch_fills"]:
        yield "limits fill when touched"


def _range(ends: Mapping[str, float] | None, unit: str = "") -> str:
    return "-" if ends is None else f"{ends['low']:,.1f} to {ends['high']:,.1f}{unit}"


def _plain(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return money(value)
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _wrapped(label: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label))


def _pair(label: str, text: str) -> str:
    return f"{label:<10}{text}"
