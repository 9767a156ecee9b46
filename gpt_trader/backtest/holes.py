"""Whether enough of a history is there: asked by the command and by the library."""

from collections.abc import Sequence

from gpt_trader.backtest.result import History
from gpt_trader.data.checks.quality import coverage_pct, find_gaps
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.times import DAY_MS
from gpt_trader.errors import GapError


def check_coverage(histories: Sequence[History], least_pct: float) -> None:
    """Raise GapError if less of a history is there than `least_pct` of its bars."""
    for one in histories:
        if isinstance(one, Loaded):
            name, there_pct, gaps = str(one.report.path), one.report.coverage_pct, one.report.gaps
        else:
            name, gaps = one.product.product_id, find_gaps(one.time, one.interval_ms)
            there_pct = coverage_pct(len(one), gaps)
        if there_pct < least_pct:
            raise GapError(
                f"{there_pct:.2f} % of the bars of {name} are there, {least_pct:g} % are wanted: "
                f"{gaps.missing_bars:,} are missing in {gaps.count:,} gaps, the longest "
                f"{(gaps.longest_ms or 0) / DAY_MS:,.1f} days",
                hint="shorten the period, fill the gaps, or state what is enough: --min-coverage "
                f"{there_pct // 1:g}",
            )
