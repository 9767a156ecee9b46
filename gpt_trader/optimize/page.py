"""A search as one self-contained page: heat map, tests joined, logits of overfitting."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.times import format_time
from gpt_trader.optimize.heat import heat
from gpt_trader.optimize.heatmap import NO_MAP
from gpt_trader.optimize.search import Search

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 640, 200

_STYLE = """
:root{--ink:#1b1f24;--paper:#fff;--dim:#667;--good:34,150,90;--bad:205,60,60}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--paper:#15181c;--dim:#9aa}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:60rem;margin:2rem auto;padding:0 1rem}
svg{max-width:100%;height:auto}text{fill:var(--dim);font-size:11px}
table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:right}
.scroll{overflow-x:auto}p{max-width:45rem}
"""


def html(search: Search) -> str:
    """Return the page; nothing in it is fetched."""
    walk, luck = search.walk, search.luck
    title = f"{search.strategy}: {len(search.space.points):,} points"
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in search.verdict.reasons)
    grown = np.concatenate([[1.0], np.cumprod(1.0 + walk.returns)])
    label = f"<p><b>{escape(search.label)}</b></p>" if search.label else ""
    parts = [
        f"<h1>{escape(title)}</h1>{label}<h2>{escape(search.verdict.word)}</h2><ul>{reasons}</ul>",
        "<h2>Out of sample</h2>",
        (
            f"<p>{walk.return_pct:+.2f} % in {len(walk.returns)} days, buy and hold "
            f"{_signed(walk.buy_hold_return_pct)}. Sharpe {_number(walk.sharpe)}, in sample "
            f"{_number(walk.in_sharpe)}.</p>"
        ),
        _line(grown),
        _folds(search),
        "<h2>The grid</h2>",
        _grid(search),
        "<h2>Luck</h2>",
        (
            f"<p>Of {luck.trials:,} worthless tries the best is expected to show a Sharpe of "
            f"{luck.expected_best_sharpe:.2f}; the highest here is {_number(luck.best_sharpe)}. "
            f"Deflated Sharpe of the chosen point: {_number(luck.dsr)}. By resampling all points "
            f"at once, the chance that luck makes one as good is {_number(luck.chance)}, beyond "
            f"the market {_number(luck.beyond_market)}.</p>"
        ),
        _logits(search),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>"
    )


def _folds(search: Search) -> str:
    head = "<tr><th>tested from<th>to<th>chosen<th>Sharpe in<th>out<th>return out</tr>"
    rows = "".join(
        f"<tr><td>{format_time(run.split)[:10]}<td>{format_time(run.end)[:10]}"
        f"<td>{_name(search, run.point)}<td>{_number(run.in_sharpe)}"
        f"<td>{_number(run.out_sharpe)}<td>{run.out_return_pct:+.2f} %</tr>"
        for run in search.walk.folds
    )
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _name(search: Search, point: int | None) -> str:
    if point is None:
        return "nothing traded"
    return escape(" ".join(f"{k}={v}" for k, v in search.space.points[point].items()))


def _grid(search: Search) -> str:
    found = search.map
    if not found.says_something:
        return f"<p>{NO_MAP[:1].upper()}{NO_MAP[1:]}.</p>"
    over = f" Best over {', '.join(found.over)}." if found.over else ""
    said = f"{search.objective} in sample; the framed point is the chosen one.{over}"
    return f"<p>{escape(said)}</p>{heat(found, said, search.objective).markup()}"


def _line(grown: Floats) -> str:
    low, high = min(float(grown.min()), 1.0), max(float(grown.max()), 1.0)
    span = high - low or 1.0
    x = np.linspace(0.0, WIDTH, len(grown))
    y = HEIGHT - (grown - low) / span * (HEIGHT - 20) - 10
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    even = HEIGHT - (1.0 - low) / span * (HEIGHT - 20) - 10
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        'aria-label="equity out of sample">'
        f'<line x1="0" x2="{WIDTH}" y1="{even:.1f}" y2="{even:.1f}" stroke="var(--dim)"'
        f' stroke-dasharray="4"/><polyline points="{points}" fill="none"'
        ' stroke="rgb(var(--good))" stroke-width="2"/></svg>'
    )


def _logits(search: Search) -> str:
    found = search.overfit
    if found is None:
        return "<p>Too few days or points to tell how much is overfit.</p>"
    counts, edges = np.histogram(np.clip(found.logits, -6.0, 6.0), 24, (-6.0, 6.0))
    wide = WIDTH / len(counts)
    bars = "".join(
        f'<rect x="{i * wide:.1f}" y="{HEIGHT - 20 - count / counts.max() * (HEIGHT - 40):.1f}"'
        f' width="{wide - 1:.1f}" height="{count / counts.max() * (HEIGHT - 40):.1f}"'
        f' fill="rgb(var({"--bad" if edges[i] < 0.0 else "--good"}))"/>'
        for i, count in enumerate(counts)
    )
    return (
        f"<p>Probability of backtest overfitting {found.pbo:.0%} (noise: about 50 %), over "
        f"{len(found.logits):,} halvings of the days. Left of the middle, the best of one half was "
        "below average in the other.</p>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="logits">{bars}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">0</text></svg>'
    )


def _signed(pct: float | None) -> str:
    return "not known" if pct is None else f"{pct:+.2f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
