"""Doubts that outlive the process that has them: since when what is doubted is a journaled fact.

Told when a doubt begins, changes or ends, not at each look. One that is over within seconds is not
worth an entry.
"""

from collections.abc import Mapping

from gpt_trader.engine.events import Doubted
from gpt_trader.engine.state import Doubt

BEGINS_MS = 2_000  # for so long something was in doubt before it is written down, or carried over


def news_of_doubts(
    known: Mapping[str, Doubt], doubts: Mapping[str, Doubt], now_ms: int
) -> list[Doubted]:
    """Return what makes a journal that knows some doubts know those that there are."""
    news = []
    for about in sorted({*known, *doubts}):
        doubt = doubts.get(about, Doubt(0, {}))
        if known.get(about, Doubt(0, {})) != doubt:
            news.append(Doubted(now_ms, about, doubt.since_ms, doubt.said))
    return news
