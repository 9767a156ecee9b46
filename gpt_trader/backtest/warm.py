"""Bars before a run: its strategies warm up on them, and nothing else does.

Targets are known from the run's first bar on, as in a session that was shown the bars before it;
no trade, no equity and no number comes from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.result import History
from gpt_trader.backtest.route import Route
from gpt_trader.data.checks.quality import digest, find_gaps
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars, join
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import DataError
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.sight import bars_needed


def since(history: History, start_ms: int) -> History:
    """Return what of a history opens from start_ms, int64 ms UTC, on; raise DataError if nothing.

    Of a file's report what counts rows is of these; the notes stay.
    """
    bars = history.bars if isinstance(history, Loaded) else history
    first = int(bars.time.searchsorted(start_ms))
    if first == len(bars):
        raise DataError(
            f"no bars of {bars.product.product_id} in the period asked for",
            hint="--from is inclusive, --to exclusive",
        )
    if first == 0 or isinstance(history, Bars):
        return history if first == 0 else bars[first:]
    left = bars[first:]
    report = replace(
        history.report, rows=len(left), first_ms=int(left.time[0]), silent=0,
        gaps=find_gaps(left.time, left.interval_ms), zero_volume=int((left.volume == 0).sum()),
        sha256=digest(left),
    )  # fmt: skip
    return history._replace(bars=left, report=report)


def before(history: History, start_ms: int | None) -> Bars | None:
    """Return the bars that are known before start_ms, or before a file's first; None: none."""
    bars = history.bars if isinstance(history, Loaded) else history
    first = 0 if start_ms is None else int(bars.time.searchsorted(start_ms))
    older = history.earlier if isinstance(history, Loaded) else None
    if first == 0:
        return older
    return bars[:first] if older is None else joined(older, bars[:first])


def known(history: History) -> Bars:
    """Return all bars of a history that were read, those before its first too."""
    if isinstance(history, Bars) or history.earlier is None:
        return history if isinstance(history, Bars) else history.bars
    return joined(history.earlier, history.bars)


def wanted(earlier: Bars | None, bars: Bars, route: Route) -> Bars:
    """Return the newest bars before a run that its route's first answer looks at."""
    if earlier is None:
        return bars[:0]
    own_ms = route.interval_ms or bars.interval_ms
    need = bars_needed(route.strategy, own_ms, bars.interval_ms) - 1
    return earlier[max(len(earlier) - need, 0) :]


def joined(earlier: Bars, bars: Bars) -> Bars:
    """Return bars with those before them."""
    if not len(earlier):
        return bars
    return join(earlier, bars)


def ask_warm(
    assigned: Sequence[Route],
    series: Sequence[Bars],
    earlier: Sequence[Bars],
    reads: Mapping[str, Bars],
) -> list[Targets | None]:
    """Ask each product's strategy about its bars, shown those before them.

    reads: what market strategies read. None: of a product whose strategy decides bar by bar.
    """
    shown = [joined(*pair) for pair in zip(earlier, series, strict=True)]
    strategies = [route.strategy for route in assigned]
    with contained(strategies, shown):
        asked = ask_all(strategies, shown, reads, [route.interval_ms for route in assigned])
    return since_each(asked, earlier)


def since_each(asked: Sequence[Targets | None], earlier: Sequence[Bars]) -> list[Targets | None]:
    """Return each product's targets from its first bar of the run on."""
    return [
        None if targets is None else targets.since(len(one))
        for targets, one in zip(asked, earlier, strict=True)
    ]
