"""A backtest as people read it: numbers, costs in money, refusals, checks, what next.

It reads the document that `--json` prints and the store keeps, so that a run looks the same
when it has just ended and when it is shown again.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from gpt_trader.backtest.halted import say_halts, say_short, say_silent
from gpt_trader.cli.backtest.tables import breakdown
from gpt_trader.cli.numbers import (
    bps,
    brief,
    format_signed,
    grid,
    hours,
    list_commonest,
    list_some,
    money,
    number,
    percent,
    places_for,
)
from gpt_trader.cli.output import console, verbosity
from gpt_trader.domain.text import printable
from gpt_trader.measure.sample import say as say_reach
from gpt_trader.observe.spark import sparkline

NAMES_SHOWN = 4
PRODUCTS_SHOWN = 8
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
    if said := data.get("undeclared"):
        print(_wrapped("", f"Not stated or checked: {'; '.join(said)}"))
    out.print()
    for part in (_outcome(data), _money_and_trades(data["result"]), _in_money(data["result"])):
        out.print(part)
        out.print()
    out.print(_pair("equity", sparkline(np.array(curve["equity"]))))
    out.print(_pair("drawdown", sparkline(np.array(curve["drawdown_pct"]), floor=0.0)))
    out.print()
    if verbosity() > 0:
        places = places_for(data["result"]["start_equity"])
        for part in (*breakdown(data["breakdown"], places), *everything(data, places)):
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
    kinds = [] if assessed is None else assessed.get("why", [])  # older records have none
    why = f" ({', '.join(kinds)})" if kinds else ""
    return f"Verdict: {word}{why}, {data['result']['return_pct']:+,.2f} % after all costs"


def heading(data: Document) -> list[str]:
    """Say what was run on what."""
    lines = [
        printable(
            f"{s['name']} on {list_some(s['products'], PRODUCTS_SHOWN)}: "
            f"{', '.join(f'{k}={v}' for k, v in s['params'].items())}"
        )
        for s in data["strategy"]
    ]
    used = data["data"]
    first, last = span_of(data)
    gaps = sum(d["gaps"] for d in used)
    fine = next((d["interval"] for d in data["detail"]), None)
    lines.append(
        f"{sum(d['bars'] for d in used):,} bars of {used[0]['interval']}, {first} to "
        f"{last}{f', {gaps:,} gaps' if gaps else ''}"
        f"{f', inside by {fine}' if fine else ''}, {data['engine']} engine"
    )
    if warm := max(d.get("warmed_up_on", 0) for d in used):
        lines.append(f"warmed up on {warm:,} bar{'' if warm == 1 else 's'} before")
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
    places = places_for(m["start_equity"])

    def signed(name: str, sign: int = 1) -> str:
        return format_signed(m[name], sign, places)

    paid = [("fees", signed("fees_paid", -1))]
    if "spread_paid" in m:
        paid.append(("spread", signed("spread_paid", -1)))
        paid.append(("slippage", signed("slippage_paid", -1)))
    else:
        paid.append(("spread, slippage", signed("spread_slippage_paid", -1)))
    if float(m.get("funding_paid", 0)):
        paid.append(("funding", signed("funding_paid", -1)))
    left = [
        ("start", money(m["start_equity"], places)),
        ("gross", signed("gross_pnl")),
        *paid,
        ("net", signed("net_pnl")),
        ("final", money(m["final_equity"], places)),
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
    rows = zip_longest(left, right, fillvalue=("", ""))
    return grid(("in money", "", "   trading", ""), [(*a, f"   {b[0]}", b[1]) for a, b in rows])


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


def everything(data: Document, places: int) -> Iterator[Any]:
    """Yield every number of the document that is not yet shown, as tables."""
    rows = [(name, _plain(value, places)) for name, value in data["result"].items()]
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
    if short := groups["held"].get("SHORT_UNSUPPORTED"):
        lines.append(("short", say_short(short)))
    if (silent := say_silent(groups)) is not None:
        lines.append(("silent", silent))
    if halts := say_halts(halted["drawdown"], halted["loss_days"], halted.get("ruin")):
        lines.append(("halts", "; ".join([*halts, *_without_halts(data["assessment"])])))
    if (said := say_nulls(data["assessment"])) is not None:
        lines.append(("nulls", said))
    lines += say_robustness(data["assessment"])
    if (held_out := (data["assessment"] or {}).get("holdout")) is not None:
        lines.append(("sealed", say_holdout(held_out)))
    first, last = span_of(data)
    there = [say_coverage(one, first, last) for one in by_coverage(data["data"])]
    most = len(there) if full else PRODUCTS_SHOWN
    lines.append(("data", list_some(there, most, "; ")))
    lines.append(("checks", say_checks(data["checks"])))
    if (clean := (data["assessment"] or {}).get("without_doubt")) is not None:
        made, held = clean["return_pct"], clean["buy_hold_return_pct"]
        lines.append(
            ("in doubt", f"without such prices {percent(made)}, buy and hold {percent(held)}")
        )
    costs = data["costs"]
    lines.append(("costs", "; ".join([costs["label"] or rates(costs), *terms(costs)])))
    if data["risk"] is None:
        lines.append(("risk", "no limits"))
    return lines


def _without_halts(assessed: Document | None) -> Iterator[str]:
    """Say what the run makes if no limit halts its entries."""
    free = None if assessed is None else assessed["sensitivity"].get("unhalted")
    if free is not None:
        yield f"without them {percent(free['return_pct'])}, Sharpe {number(free['sharpe'])}"


def say_nulls(assessed: Document | None) -> str | None:
    """Say how the run stands among its own targets at other times; None if none were run."""
    found = None if assessed is None else assessed.get("nulls")
    if found is None:
        return None
    said = [
        (
            f"{found['as_good']} of {found['count']} at other times did as well (p "
            f"{found['p_value']:.2g}, told to {found['resolution']:.2g})"
        ),
        f"flipped Sharpe {number(found['flipped_sharpe'])}",
    ]
    if found["shuffled"]:
        said.append(f"{found['shuffled_as_good']} of {found['shuffled']} on shuffled bars as well")
    return "; ".join(said)


def say_robustness(assessed: Document | None) -> Iterator[tuple[str, str]]:
    """Say what the result hangs on: single days, its fills, when its bars begin."""
    found = None if assessed is None else assessed.get("robustness")
    if found is None:
        return
    without = found["trimmed"]
    days = f"{without['days']:,} day{'' if without['days'] == 1 else 's'}"
    best, worst = number(without["without_best"]), number(without["without_worst"])
    yield "days", f"Sharpe {best} without the best {days}, {worst} without the worst"
    if found["ladder"]:
        rungs = [f"{number(one['sharpe'])} {one['filled']}" for one in found["ladder"]]
        yield "decay", f"Sharpe {', '.join([*rungs, *_a_minute_late(assessed)])}"
    if found["phases"] is not None:
        yield "phases", _say_phases(found["phases"])


def _a_minute_late(assessed: Document | None) -> Iterator[str]:
    late = None if assessed is None else assessed["sensitivity"].get("late")
    if late is not None and late["kept"] is not None:
        yield f"{late['kept']:.0%} of the growth is left a minute late"


def say_holdout(found: Document) -> str:
    """Say whether sealed days were opened, and what they brought."""
    seen = f", {found['seen_by']:,} trials had read them before" if found["seen_by"] else ""
    since = f"the days from {found['after'][:10]} on"
    if found["opened"] is None:
        return f"{since}: not read{seen}"
    return (
        f"{since}, opened on {found['opened'][:10]}{seen}: {percent(found['return_pct'])}, "
        f"Sharpe {number(found['sharpe'])} in {found['days']:,} days"
    )


def _say_phases(found: Document) -> str:
    return (
        f"of bars begun at {found['count']} times: Sharpe {found['sharpe_low']:.2f} to "
        f"{found['sharpe_high']:.2f}, median {found['sharpe_median']:.2f}; return "
        f"{found['return_low_pct']:,.1f} to {found['return_high_pct']:,.1f} %"
    )


def span_of(data: Document) -> tuple[str, str]:
    """Return the first and the last day of a run's bars, ISO."""
    used = data["data"]
    return min(d["first"] for d in used)[:10], max(d["last"] for d in used)[:10]


def by_coverage(used: Sequence[Document]) -> Sequence[Document]:
    """Return what is shown of all products: as they were named, or the least covered first."""
    if len(used) <= PRODUCTS_SHOWN + 1:
        return used
    return sorted(used, key=lambda one: float(one["coverage_pct"]))


def say_coverage(used: Document, first: str, last: str) -> str:
    """Say which bars these are and how many of them are there; first, last: days of the run."""
    begin, end = used["first"][:10], used["last"][:10]
    since = f" from {begin}" if begin > first else ""
    until = f" until {end}" if end < last else ""
    return (
        f"{used['product']} {used['coverage_pct']:.2f} % there{since}{until}, "
        f"sha256 {used['sha256'][:12]}"
    )


def say_checks(checks: Document) -> str:
    """Say what the checks came to; one that fails ends the command."""
    lookahead, warmup = checks["lookahead"], checks["warmup"]
    return (
        f"look-ahead {_found(lookahead['ok'])} ({_reach(lookahead)}), "
        f"warm-up {_found(warmup['ok'])} ({warmup['bars']} bars), "
        f"data {_quality(checks['data'])}"
    )


def _reach(lookahead: Document) -> str:
    """Say how far the check reached; a run that was stored before that was known says how often."""
    known = lookahead["ok"] is not None and lookahead.get("rows") is not None
    return say_reach(lookahead) if known else f"{lookahead['sampled']:,} rows"


def _quality(products: Sequence[Document]) -> str:
    """Say what is odd about the bars of all products."""
    if not products:
        return "not checked"
    missing = sum(one["missing_bars"] for one in products)
    counts: dict[str, int] = {"bars missing": missing} if missing else {}
    for finding in (finding for one in products for finding in one["findings"]):
        counts[finding["kind"]] = counts.get(finding["kind"], 0) + finding["count"]
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "ok"


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
    return "-" if ends is None else f"{brief(ends['low'], 1)} to {brief(ends['high'], 1)}{unit}"


def _plain(value: object, places: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return money(value, places)
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _wrapped(label: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label))


def _pair(label: str, text: str) -> str:
    return f"{label:<10}{text}"
