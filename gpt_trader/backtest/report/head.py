"""The top of the page: what was run, the verdict in plain words, and the numbers that matter."""

from dataclasses import asdict

from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import day, number, percent, plural, true_minus
from gpt_trader.backtest.result import Result
from gpt_trader.measure import sample
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.inference import Range
from gpt_trader.measure.verdict import LOSES, PASS, Verdict

NAMES_SHOWN = 4
NOT_ASSESSED = Verdict(
    "NOT ASSESSED", ("Nobody asked for intervals, baselines or a count of trials in this run.",)
)


def title_of(result: Result) -> str:
    """Return what was run, in a line."""
    names = " and ".join(dict.fromkeys(s.name for s in result.strategy))
    products = [d.product for d in result.data]
    listed = ", ".join(products[:NAMES_SHOWN])
    left = len(products) - NAMES_SHOWN
    return f"{names} on {listed}" + (f" and {left} more" if left > 0 else "")


def head(result: Result) -> str:
    """Return the heading, the verdict and the leading numbers."""
    return tag(
        "header",
        tag("p", "Backtest", class_="kicker"),
        tag("h1", esc(title_of(result))),
        tag("p", esc(" · ".join(facts(result))), class_="facts"),
        *(tag("p", esc(said), class_="label") for said in labels(result)),
        verdict(result),
        numbers(result),
    )


def facts(result: Result) -> list[str]:
    """Return when, on how many bars, and which run it is."""
    first = min(d.first for d in result.data)
    last = max(d.last for d in result.data)
    bars = sum(d.bars for d in result.data)
    return [
        f"{day(first)} to {day(last)}",
        f"{bars:,} bars of {result.data[0].interval}",
        f"run {result.run_id}",
    ]


def labels(result: Result) -> list[str]:
    """Return what is to be known before a number is believed."""
    cost = _cost_label(result.costs_label)
    others = (*result.remarks, *result.notes)
    return [said for said in (_undeclared(result), result.label, cost, *others) if said]


def _undeclared(result: Result) -> str | None:
    said = "; ".join(result.undeclared)
    return f"Not stated or checked: {said}." if said else None


def _cost_label(label: str | None) -> str | None:
    return None if label is None else f"Costs are {label}."


def verdict(result: Result) -> str:
    """Return the verdict and its reasons; without an assessment, that there is none."""
    found = NOT_ASSESSED if result.assessment is None else result.assessment.verdict
    word, reasons = found.word, found.reasons
    why = f"{word}: {', '.join(found.kinds)}" if found.kinds else word
    kind = {LOSES: "bad", PASS: "good"}.get(word, "open")
    return tag(
        "section",
        tag("h2", tag("span", _symbol(kind), class_="symbol", aria_hidden="true"), esc(why)),
        tag("ul", *(tag("li", esc(true_minus(reason))) for reason in reasons)),
        tag("p", esc(checks(result)), class_="note"),
        class_=f"verdict {kind}",
        id="verdict",
        aria_label="Verdict",
    )


def _symbol(kind: str) -> str:
    return {"bad": "▼", "good": "▲"}.get(kind, "◆")


def checks(result: Result) -> str:
    """Say what the run checked of itself."""
    found = result.checks
    if found.lookahead_ok is None and found.warmup_ok is None:
        return "Checks: look-ahead and warm-up were not checked."
    said = {True: "ok", False: "failed", None: "not checked"}
    return (
        f"Checks: look-ahead {said[found.lookahead_ok]} ({_reach(found)}), "
        f"warm-up {said[found.warmup_ok]} ({plural(found.warmup_bars, 'bar')})."
        f"{_without_doubt(result)}"
    )


def _without_doubt(result: Result) -> str:
    """Say what the run makes without the prices in doubt; nothing if there are none."""
    clean = None if result.assessment is None else result.assessment.without_doubt
    if clean is None:
        return ""
    made, held = (percent(p, sign=True) for p in (clean.return_pct, clean.buy_hold_return_pct))
    return f" Without the prices in doubt it makes {made}, buy and hold {held}."


def _reach(found: Checks) -> str:
    return "no rows" if found.reach is None else sample.say(asdict(found.reach))


def tiles(result: Result) -> list[tuple[str, ...]]:
    """Return the numbers that matter: label, value, and what else is said, with intervals."""
    m, found = result.metrics, result.assessment
    inference = None if found is None else found.inference
    level = "" if inference is None else f"{inference.level * 100:g} %: "
    hold = f"buy and hold {percent(m.buy_hold_return_pct, 1, sign=True)}"
    paid = float(m.gross_pnl - m.funding_paid - m.net_pnl)
    return [
        ("Return", percent(m.return_pct, 1, sign=True), hold,
         _range(level, None if inference is None else inference.return_pct, 1)),
        ("Sharpe ratio", number(m.sharpe), "a year of 365 days",
         _range(level, None if inference is None else inference.sharpe, 2)),
        ("Deepest drawdown", percent(-m.max_drawdown_pct, 1),
         f"longest {number(m.max_drawdown_days, 0)} days",
         _range(level, None if inference is None else inference.max_drawdown_pct, 1)),
        ("Trades", number(m.trades, 0),
         "none" if m.win_rate_pct is None else f"{percent(m.win_rate_pct, 0)} made money",
         f"{m.open_trades} still open" if m.open_trades else ""),
        ("Paid for trading", number(paid, 0),
         f"{percent(paid / float(m.start_equity) * 100.0, 1)} of the start",
         "" if m.cost_per_round_trip_bps is None
         else f"{number(m.cost_per_round_trip_bps, 0)} bps a round trip"),
    ]  # fmt: skip


def numbers(result: Result) -> str:
    """Return the numbers that matter, large."""
    return tag(
        "dl",
        *(
            tag("div", tag("dt", esc(label)), tag("dd", esc(value), class_="big"),
                *(tag("dd", esc(said)) for said in more if said))
            for label, value, *more in tiles(result)
        ),
        class_="tiles",
    )  # fmt: skip


def _range(level: str, range_: Range | None, places: int) -> str:
    if range_ is None:
        return ""
    return f"{level}{number(range_.low, places)} to {number(range_.high, places)}"
