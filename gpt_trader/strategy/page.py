"""The page docs/strategies.md, written from the strategies themselves.

`python -m gpt_trader.strategy.page > docs/strategies.md` writes it; a test holds it in step.
"""

import inspect
import sys
from typing import Any

from gpt_trader.strategy.base import Param, params_of
from gpt_trader.strategy.params import range_of
from gpt_trader.strategy.registry import GROUP, builtin

_INTRO = f"""\
# Strategies

<!-- Written by: python -m gpt_trader.strategy.page > docs/strategies.md -->

A strategy is a frozen dataclass of parameters with one pure function, `targets(bars)`. It says
for every bar which fraction of equity it would hold: `weight` in [-1, 1], 0 to sell all, NaN for
no opinion (the lots are kept). The risk policy sizes it down afterwards, by default to 25 % of
equity a product; what is below 0 counts as 0 on spot. With every weight come its conditions,
each a value and a threshold, from which `gpt-trader why` explains a bar.

Targets are states ("be in"), not events ("buy now"), so a missed bar cannot lose a position. Row
*i* is computed from bars up to and including *i*. *Bars needed* is the number of bars for a first
opinion; *trailing window* is the number of bars whose last row equals that of the full history to
the last bit, which is what a live run loads.

Defaults are taken from the sources named, once, and are not tuned on any data: they are places
to start from, not advice. Set a parameter with `--set name=value`.

Your own strategy: `gpt-trader new-strategy NAME` writes a working file and its test; run it with
`--strategy file.py:Class`, or install a package with an entry point in the group
`{GROUP}`. A class with `on_bar(view, memory)` in place of `targets(bars)` may do
anything a bar at a time, and runs in replay and live only.
"""


def render() -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRO, *(_section(name, found) for name, found in builtin().items())])


def _section(name: str, strategy: type[Any]) -> str:
    made = strategy()
    lines = [f"## {name}", "", inspect.getdoc(strategy) or "", ""]
    lines.append(f"Bars needed: {made.min_bars:,}; trailing window: {made.warmup:,} (by default).")
    lines.append("")
    params = params_of(strategy)
    if not params:
        return "\n".join([*lines, "No parameters.", ""])
    lines += ["| parameter | default | range | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_row, params), ""])


def _row(param: Param) -> str:
    default = str(param.default).lower() if isinstance(param.default, bool) else param.default
    shown = f"`{default}`" if default != "" else "empty"
    return f"| `{param.name}` | {shown} | {range_of(param) or 'text'} | {param.doc} |"


if __name__ == "__main__":
    sys.stdout.write(render())
