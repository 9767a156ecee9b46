"""A search as people read it: out of sample first, then the leaderboard, luck and the map."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gpt_trader.cli.numbers import brief, list_some
from gpt_trader.cli.output import console
from gpt_trader.domain.text import printable
from gpt_trader.domain.times import format_time
from gpt_trader.observe.spark import sparkline
from gpt_trader.optimize.heatmap import NO_MAP, HeatMap
from gpt_trader.optimize.search import Search
from gpt_trader.optimize.space import named
from gpt_trader.optimize.walk import FoldRun

SHADES = "·░▒▓█"
TOP = 10
FAILED_SHOWN = 3
GREEN, RED = (34, 160, 90), (200, 60, 60)


def show(search: Search, *, then: str) -> None:
    """Print a search to stdout; then: the next command."""
    from rich.text import Text

    out = console()
    for line in heading(search):
        out.print(Text(line, style="bold"))
    out.print()
    out.print(Text(verdict_line(search), style="bold"))
    for reason in search.verdict.reasons:
        out.print(Text(f"  {reason}"))
    out.print()
    for line in out_of_sample(search):
        out.print(Text(line))
    out.print(_folds(search))
    out.print(Text(f"best {min(TOP, len(search.best_first))} points by plateau, in sample"))
    out.print(_leaderboard(search))
    for line in say_luck(search):
        out.print(Text(line))
    out.print()
    if search.map.says_something:
        for line in map_lines(search.map, color=out.color_system is not None and out.is_terminal):
            out.print(line)
        out.print(Text(map_note(search)))
    else:
        out.print(Text(NO_MAP))
    out.print()
    out.print(Text(f"Next: {then}"))


def verdict_line(search: Search) -> str:
    """Return the verdict's word, and which it is."""
    word, kinds = search.verdict.word, search.verdict.kinds
    return f"{word} ({', '.join(kinds)})" if kinds else word


def heading(search: Search) -> list[str]:
    """Say what was searched on what."""
    space = search.space
    axes = " x ".join(f"{axis.name} {len(axis.values)}" for axis in space.axes)
    fixed = "".join(f", {name}={value}" for name, value in search.fixed.items())
    run = len(space.points) - space.impossible
    skipped = f", {space.impossible} impossible ({space.why_impossible})"
    fails = [f"{named(space, i)}: {words}" for i, words in search.failed.items()]
    told = f", {len(fails)} failed ({list_some(fails, FAILED_SHOWN)})"
    used = search.data
    lines = [
        printable(f"{search.strategy}: {axes}{fixed} on {', '.join(d.product for d in used)}"),
        f"{run:,} points{skipped if space.impossible else ''}{told if fails else ''}",
        (
            f"{sum(d.bars for d in used):,} bars of {used[0].interval}, "
            f"{_day(min(d.first for d in used))} to {_day(max(d.last for d in used))}"
        ),
    ]
    return [*lines, search.label] if search.label else lines


def out_of_sample(search: Search) -> Iterator[str]:
    """Say what the joined tests come to, beside what was seen when choosing."""
    walk = search.walk
    yield (
        f"out of sample   {_percent(walk.return_pct)} in {len(walk.returns)} days, Sharpe "
        f"{_number(walk.sharpe)}, deepest drawdown {_percent(-walk.max_drawdown_pct)}, "
        f"buy and hold {_percent(walk.buy_hold_return_pct)}"
    )
    kept = "" if walk.kept_sharpe is None else f": {walk.kept_sharpe:.0%} of it was left"
    yield (
        f"against          {_number(walk.in_sharpe)} Sharpe in sample{kept}; "
        f"{_percent(walk.yearly_pct)} a year, in sample {_percent(walk.in_yearly_pct)}"
    )
    if (free := walk.unhalted) is not None:
        yield (
            f"halts            loss limits ended entries in {free.tests} of {len(walk.folds)} "
            f"tests; without them {_percent(free.return_pct)}, Sharpe {_number(free.sharpe)}"
        )
    yield f"equity           {sparkline(np.cumprod(1.0 + walk.returns))}"


def _folds(search: Search) -> Any:  # noqa: ANN401
    rows = [_fold(search, number, run) for number, run in enumerate(search.walk.folds, 1)]
    return _grid(
        ("fold", "chosen on days to", "tested to", "chosen", "Sharpe in", "out", "return out"), rows
    )


def _fold(search: Search, number: int, run: FoldRun) -> tuple[str, ...]:
    return (
        str(number),
        _day(run.split),
        _day(run.end),
        "nothing traded" if run.point is None else named(search.space, run.point),
        _number(run.in_sharpe),
        _number(run.out_sharpe),
        _percent(run.out_return_pct),
    )


def _leaderboard(search: Search) -> Any:  # noqa: ANN401
    rows = [
        (
            named(search.space, i),
            _number(search.scores[i]),
            _number(search.plateau[i]),
            _percent((search.closes[i, -1] / search.terms.start - 1.0) * 100.0),
        )
        for i in search.best_first[:TOP]
    ]
    return _grid(("point", search.objective, "with neighbors", "return"), rows)


def say_luck(search: Search) -> Iterator[str]:
    """Say what the search itself may have made."""
    luck, found = search.luck, search.overfit
    before = f", {luck.earlier:,} of them earlier" if luck.earlier else ""
    yield (
        f"best of {luck.trials:,} lucky   Sharpe {luck.expected_best_sharpe:.2f} is expected of "
        f"the best of so many worthless tries{before}; highest here {_number(luck.best_sharpe)}"
    )
    yield (
        f"deflated Sharpe   {_chance(luck.dsr)} that the chosen point is better than that "
        f"(above 0: {_chance(luck.psr)})"
    )
    yield (
        f"resampled         {_chance(luck.chance)} that luck makes one of the points as good, "
        f"{_chance(luck.beyond_market)} beyond the market (proof: {luck.level:.0%})"
    )
    if found is None:
        yield "overfitting       too few days or points to tell"
    else:
        yield (
            f"overfitting       PBO {found.pbo:.0%} (noise: about 50 %) over {len(found.logits):,} "
            f"halvings of {found.blocks} x {found.block_days} days; the best then lost in "
            f"{found.loss_share:.0%}"
        )


def map_lines(found: HeatMap, *, color: bool) -> Iterator[Any]:
    """Draw the map: one line a value of y, labels beside and below."""
    from rich.style import Style
    from rich.text import Text

    rows = [""] if found.y is None else [str(value) for value in found.y.values]
    wide = max(map(len, rows))
    name = "" if found.y is None else found.y.name
    yield Text(f"{name:>{wide}}")
    known = found.values[~np.isnan(found.values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    for r in reversed(range(len(rows))):
        line = Text(f"{rows[r]:>{wide}} ")
        for c, value in enumerate(found.values[r]):
            here = "><" if (r, c) == found.chosen else None
            if np.isnan(value):
                line.append("  ")
            elif color:
                shade = Style(color="white", bgcolor=_shade(float(value), float(low), float(high)))
                line.append(here or "  ", style=shade)
            else:
                share = (value - low) / (high - low) if high > low else 0.5
                line.append(here or SHADES[min(int(share * len(SHADES)), len(SHADES) - 1)] * 2)
        yield line
    first, last = found.x.values[0], found.x.values[-1]
    gap = max(1, 2 * len(found.x.values) - len(str(first)) - len(str(last)))
    yield Text(f"{'':{wide}} {first}{' ' * gap}{last}  {found.x.name}")


def map_note(search: Search) -> str:
    """Say what the map shows."""
    found = search.map
    known = found.values[~np.isnan(found.values)]
    over = f", the best over {', '.join(found.over)}" if found.over else ""
    return (
        f"{search.objective} in sample: {known.min():.2f} to {known.max():.2f}{over}; "
        ">< the chosen point, blank: no score"
    )


def _shade(value: float, low: float, high: float) -> str:
    """Green above 0 and red below, the deeper the further from it."""
    bound = max(abs(low), abs(high)) or 1.0
    depth = 0.15 + 0.85 * min(abs(value) / bound, 1.0)
    tone = GREEN if value >= 0.0 else RED
    return "#" + "".join(f"{round(40 + (part - 40) * depth):02x}" for part in tone)


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        grid.add_column(column, justify="left" if column in {"point", "chosen"} else "right")
    for row in rows:
        grid.add_row(*row)
    return grid


def _day(time_ms: int) -> str:
    return format_time(time_ms)[:10]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{brief(value)} %"


def _number(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else brief(value)


def _chance(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1%}"
