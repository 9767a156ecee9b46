"""The whole report as one HTML file that needs nothing else."""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np

from gpt_trader.backtest.report import (
    costs,
    equity,
    events,
    luck,
    performance,
    prices,
    returns,
    tables,
)
from gpt_trader.backtest.report import trades as trade_charts
from gpt_trader.backtest.report.chart import PagePart, Readout, TimeSpan
from gpt_trader.backtest.report.head import head, title_of
from gpt_trader.backtest.report.prices import FillsRead
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.result import Result

SYMBOLS = (
    '<svg width="0" height="0" class="symbols" aria-hidden="true"><defs>'
    '<path id="up" d="M0-5L5 4H-5Z"/><path id="down" d="M0 5L-5-4H5Z"/>'
    '<path id="cross" d="M-4-4L4 4M-4 4L4-4"/><path id="diamond" d="M0-5L5 0L0 5L-5 0Z"/>'
    '<circle id="dot" r="3.5"/><circle id="ring" r="3"/></defs></svg>'
)


def html(result: Result, again: str = "") -> str:
    """Return a run's report: one HTML document without any request to the network.

    Style and script stand in the document and are allowed by their digests only; the size is
    bounded whatever the length of the run. again: a figure on how it is done again.
    """
    span = performance.span_of(result.path)
    sections, series, told = _sections(result, span, again)
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    title = title_of(result)
    top = tag(
        "head",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        tag("title", esc(f"{title}, backtest {result.run_id}")),
        f"<style>{style}</style>",
    )
    body = tag(
        "body",
        SYMBOLS,
        tag("button", "Dark or light", type="button", id="theme", hidden=""),
        tag("main", head(result), *sections),
        f'<script type="application/json" id="readings">{_readings(span, series, told)}</script>',
        f"<script>{script}</script>",
    )
    return f'<!doctype html>\n<html lang="en">{top}{body}</html>\n'


def _sections(
    result: Result, span: TimeSpan, again: str
) -> tuple[list[str], list[Readout], list[FillsRead]]:
    """Return the parts of the page in reading order, and what the crosshair reads."""
    path, found, numbers = result.path, result.assessment, result.metrics
    over_time = [
        equity.equity(path, span, found),
        performance.drawdown(path, span),
        performance.exposure(path, span),
        performance.rolling_sharpe(path, span),
    ]
    price, told = prices.prices(path, span, result.trade_rows)
    outcomes = trade_charts.outcomes(result.trades, span)
    went = trade_charts.excursions(result.excursions, result.trades)
    gross, net = float(numbers.gross_pnl), float(numbers.net_pnl)
    paid = [
        ("fees", float(numbers.fees_paid)),
        ("spread", float(numbers.spread_paid)),
        ("slippage", float(numbers.slippage_paid)),
    ]
    worst = tables.falls(result.breakdown)
    waterfall = costs.waterfall(gross, paid, float(numbers.funding_paid), net)
    curve = costs.curve(found, _paid_bps(result))
    guards = events.guards(
        path, span, result.refusals, result.decision_counts.sum(axis=0), result.halts.drawdown
    )
    lucky = luck.luck(found, numbers.sharpe)
    parts = [
        _section("Over time", _htmls(over_time)),
        _section("Trades", [price.html, outcomes.html, went.html]),
        _section("Costs", [_pair(waterfall, curve)]),
        _section(
            "How sure",
            [_pair(lucky, returns.distribution(path)), returns.months(path).html],
        ),
        _section("Guards and data", [guards.html, events.gaps(path.bars, span).html]),
        _section(
            "Tables",
            [
                tables.metrics(numbers, None if found is None else found.inference),
                tables.records("falls", "Deepest drawdowns", "", tables.FALLS, worst),
                tables.records(
                    "breakdown",
                    "Trades by kind",
                    "",
                    tables.BREAKDOWN,
                    tables.breakdown(result.breakdown),
                ),
                tables.terms(result),
                again,
            ],
        ),
    ]
    series = [s for panel in (*over_time, price, outcomes) for s in panel.series]
    return parts, series, told


def _paid_bps(result: Result) -> float | None:
    """What each unit of value traded cost, basis points."""
    numbers = result.metrics
    traded = numbers.turnover * float(np.mean(result.path.equity))
    paid = float(numbers.gross_pnl - numbers.funding_paid - numbers.net_pnl)
    return paid / traded * 10_000.0 if traded > 0.0 else None


def _section(title: str, parts: Iterable[str]) -> str:
    return tag("section", tag("h2", esc(title)), *parts, class_="part")


def _htmls(panels: Iterable[PagePart]) -> list[str]:
    return [panel.html for panel in panels]


def _pair(*panels: PagePart) -> str:
    return tag("div", *_htmls(panels), class_="pair")


def _readings(span: TimeSpan, series: Sequence[Readout], told: Sequence[FillsRead]) -> str:
    """Return what the crosshair reads as JSON that cannot end its script element."""
    data: dict[str, Any] = {
        "start": span.start_ms,
        "end": span.end_ms,
        "at": span.reads.tolist(),
        "series": {
            s.name: {
                "label": s.label,
                "unit": s.unit,
                "places": s.places,
                "values": [
                    round(v, s.places) if v == v else None  # noqa: PLR0124 - NaN
                    for v in s.values.tolist()
                ],
            }
            for s in series
        },
        "fills": {t.name: {"x": t.x, "text": t.text} for t in told},
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _asset(file: str) -> str:
    return (files(__package__) / file).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
