"""The numbers behind the charts: metrics, drawdowns, terms, data, how to repeat the run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import figure
from gpt_trader.backtest.report.labels import spell
from gpt_trader.backtest.report.svg import esc, rows, tag
from gpt_trader.backtest.report.words import DASH, Number, day, minute, name, number, percent
from gpt_trader.backtest.result import DataUsed, Result, StrategyUsed
from gpt_trader.measure.breakdown import Breakdown
from gpt_trader.measure.inference import Inference, Range
from gpt_trader.measure.measure import Metrics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_ROWS = 40
BREAKDOWN = ("Trades by", "Number", "Won", "Mean return", "Profit")
FALLS = ("Depth", "Peak", "Trough", "Back", "Days")


def metrics(found: Metrics, inference: Inference | None) -> str:
    """Return every number of a run, those with an interval beside it."""
    ranges: dict[str, Range | None] = {}
    if inference is not None:
        ranges = {
            "return_pct": inference.return_pct,
            "sharpe": inference.sharpe,
            "max_drawdown_pct": inference.max_drawdown_pct,
        }
    cells = []
    for one in fields(found):
        value = getattr(found, one.name)
        if isinstance(value, int | float | Decimal) or value is None:
            label, unit = spell(one.name)
            cells.append(
                (
                    esc(label),
                    esc(format_quantity(value, unit)),
                    _interval(ranges.get(one.name), unit),
                )
            )
    level = "" if inference is None else f"{inference.level * 100:g} % interval"
    half = -(-len(cells) // 2)
    head = tag("tr", tag("th", "", scope="col"), tag("th", "", scope="col"),
               tag("th", esc(level), scope="col"))  # fmt: skip
    tables = [
        tag("table", tag("thead", head), tag("tbody", rows(part)), class_="numbers")
        for part in (cells[:half], cells[half:])
    ]
    says = "Money is quote; percentages of equity unless they say otherwise; a dash is undefined."
    return figure("metrics", "Numbers", says, tag("div", *tables, class_="pair"))


def _interval(range_: Range | None, unit: str) -> str:
    if range_ is None:
        return ""
    return esc(f"{format_quantity(range_.low, '')} to {format_quantity(range_.high, unit)}")


def format_quantity(value: Number | None, unit: str) -> str:
    """Return a number with its unit; whole numbers without decimals."""
    text = number(value, 0 if isinstance(value, int) else 2)
    return text if text == DASH or not unit else f"{text} {unit}"


def records(
    key: str, title: str, says: str, columns: Sequence[str], lines: Sequence[Sequence[str]]
) -> str:
    """Return a table of plain text with a column a heading, its first column naming the row."""
    if not lines:
        return figure(key, title, "", tag("p", "Nothing to list.", class_="empty"), more="void")
    head = tag("tr", *(tag("th", esc(c), scope="col") for c in columns))
    body = rows([[esc(cell) for cell in line] for line in lines[:MOST_ROWS]])
    left = len(lines) - MOST_ROWS
    note = f"{left:,} more rows are not shown." if left > 0 else ""
    table = tag("table", tag("thead", head), tag("tbody", body), class_="records")
    return figure(key, title, says, tag("div", table, class_="scroll", tabindex=0), note=note)


def breakdown(found: Breakdown) -> list[list[str]]:
    """Return closed trades by product, side, reason and weekday of the entry."""
    kinds = {
        "": found.products,
        "side ": found.sides,
        "entry by ": found.entry_reasons,
        "exit by ": found.exit_reasons,
        "entered on ": found.weekdays,
    }
    return [
        [
            f"{kind}{name(group.name) if kind.endswith('by ') else group.name}",
            number(group.trades, 0),
            percent(group.win_rate_pct, 0),
            percent(group.expectancy_pct, sign=True),
            number(group.pnl, sign=True),
        ]
        for kind, groups in kinds.items()
        for group in groups
    ]


def terms(result: Result) -> str:
    """Return everything that the run was given, with the digests of its data."""
    risk = result.terms.risk
    groups = [
        *(_group(f"strategy {s.name}", _strategy(s)) for s in result.strategy),
        *(
            _group(f"data {d.product}", _data(d, warm))
            for d, warm in zip(result.data, result.warmed_up, strict=True)
        ),
        _group("costs", asdict(result.terms.costs)),
        _group("risk", {"policy": "none"} if risk is None else asdict(risk)),
        _group("run", {
            "run id": result.run_id,
            "engine": result.terms.engine,
            "close at end": result.terms.close_at_end,
            "start equity": number(result.metrics.start_equity),
        }),
    ]  # fmt: skip
    says = "The effective configuration. The same data, code and terms give the same run id."
    return figure("terms", "What was run", says, tag("div", *groups, class_="terms"))


def _strategy(used: StrategyUsed) -> dict[str, Any]:
    style = asdict(used.style)
    return {
        "products": ", ".join(used.products),
        "budget": f"{used.budget:g} of equity",
        **used.params,
        "entry": _leg(style["entry"]),
        "exit": _leg(style["exit"]),
    }


def _leg(leg: Mapping[str, Any]) -> str:
    return ", ".join(f"{name(k)} {v}" if k != "style" else name(str(v)) for k, v in leg.items())


def _data(used: DataUsed, warmed_up: int) -> dict[str, Any]:
    return {
        "bars": f"{used.bars:,} of {used.interval}",
        "first": minute(used.first),
        "last": minute(used.last),
        "warmed up on": f"{warmed_up:,} bars before",
        "gaps": f"{used.gaps:,} ({used.missing_bars:,} bars)",
        "coverage": f"{used.coverage_pct:,.2f} %",
        "sha256": used.sha256,
    }


def _group(title: str, values: Mapping[str, Any]) -> str:
    items = (
        tag("div", tag("dt", esc(name(key))), tag("dd", esc(_plain(value))))
        for key, value in values.items()
    )
    return tag("section", tag("h4", esc(title)), tag("dl", *items))


def _plain(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def falls(found: Breakdown) -> list[list[str]]:
    """Return the deepest falls from a peak: depth, peak, trough, back at the peak, days."""
    return [
        [
            percent(-fall.depth_pct),
            day(fall.start),
            day(fall.trough),
            "not yet" if fall.end is None else day(fall.end),
            number(fall.days, 1),
        ]
        for fall in found.drawdowns
    ]


def reproduce(run_id: str) -> str:
    """Return how to show and to repeat a run that was stored, as the command does."""
    command = f"gpt-trader backtest --reproduce {run_id}"
    says = (
        "A stored run is shown again with --show, compared with another with --diff, and run "
        "again with --reproduce, which fails if a single fill differs."
    )
    return figure("again", "Do it again", says, tag("pre", tag("code", esc(command))))
