"""A run as a notebook's cell: verdict, the numbers that matter, equity and drawdown.

One piece of HTML of bounded size that asks nothing of a network, runs no script and styles nothing
but itself: it looks alike in Jupyter, in VS Code and in a page that nbconvert made.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpt_trader.backtest.notebook.curves import curves
from gpt_trader.backtest.notebook.drawing import FONT, GAIN, LOSS, WIDE_PX, Drawing
from gpt_trader.backtest.report.head import NOT_ASSESSED, facts, labels, tiles, title_of
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import true_minus
from gpt_trader.measure.verdict import LOSES, PASS, Verdict

if TYPE_CHECKING:
    from gpt_trader.backtest.result import Result

REASONS_SHOWN, LABELS_SHOWN = 6, 6
LONGEST = 400  # characters of a sentence
SOFT = "font-size:13px;opacity:.75;overflow-wrap:anywhere"
TONES = {LOSES: LOSS, PASS: GAIN}


def html(result: "Result") -> str:
    """Return a run as HTML of at most 40 kB."""
    found = NOT_ASSESSED if result.assessment is None else result.assessment.verdict
    return cell(
        title_of(result),
        facts(result),
        verdict(found),
        numbers(tiles(result)),
        plot(result).markup(),
        *(tag("div", esc(clip(said)), style=SOFT) for said in labels(result)[:LABELS_SHOWN]),
    )


def plot(result: "Result") -> Drawing:
    """Return the drawing of a run."""
    held = None if result.assessment is None else result.assessment.baselines.buy_hold
    return curves(result.path, f"Equity and drawdown: {title_of(result)}", held)


def cell(title: str, facts: Sequence[str], *parts: str) -> str:
    """Return a cell under a heading. facts: plain text. parts: markup."""
    return tag(
        "div",
        tag("div", esc(clip(title)), style="font-size:18px;font-weight:600;overflow-wrap:anywhere"),
        tag("div", esc(clip(" · ".join(facts))), style=SOFT),
        *parts,
        style=f"font:14px/1.5 {FONT};max-width:{WIDE_PX}px;text-align:left",
    )


def verdict(found: Verdict) -> str:
    """Return a verdict and its weightiest reasons."""
    word = f"{found.word}: {', '.join(found.kinds)}" if found.kinds else found.word
    left = len(found.reasons) - REASONS_SHOWN
    said = [*found.reasons[:REASONS_SHOWN], *([f"{left} more"] if left > 0 else [])]
    tone = TONES.get(found.word, "currentColor")
    return tag(
        "div",
        tag("div", esc(word), style="font-weight:600"),
        *(tag("div", esc(clip(true_minus(one))), style="margin-top:2px") for one in said),
        style=f"margin:12px 0;padding:2px 0 2px 12px;border-left:4px solid {tone}",
    )


def numbers(tiles: Sequence[Sequence[str]]) -> str:
    """Return leading numbers beside one another. tiles: label, value, and what else is said."""
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("div", esc(label), style=SOFT),
                tag("div", esc(value), style="font-size:20px;white-space:nowrap"),
                *(tag("div", esc(said), style=SOFT) for said in more if said),
                style="flex:1 1 130px;min-width:0",
            )
            for label, value, *more in tiles
        ),
        style="display:flex;flex-wrap:wrap;gap:12px 20px;margin:0 0 16px",
    )


def clip(text: str) -> str:
    """Return a text of bounded length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
