"""Whether enough of a history is there: asked by the command and by the library."""

from collections.abc import Mapping, Sequence

from gpt_trader.backtest.result import History
from gpt_trader.data.checks.quality import coverage_pct, find_gaps
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
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


def check_reads(reads: Mapping[str, Bars], series: Sequence[Bars], least_pct: float) -> None:
    """Raise GapError if less of what is read closes during the bars that are traded."""
    begin_ms = min(int(one.time[0]) for one in series)
    end_ms = max(int(one.time[-1]) + one.interval_ms for one in series)
    for name, bars in reads.items():
        due = end_ms // bars.interval_ms - begin_ms // bars.interval_ms
        ends = bars.time + bars.interval_ms
        there = int(((ends > begin_ms) & (ends <= end_ms)).sum())
        if there < due * least_pct / 100.0:
            raise GapError(
                f"{name} is read, and {there:,} of the {due:,} bars are there that close during "
                f"those that are traded; {least_pct:g} % are wanted",
                hint="shorten the period, give more of it, or state what is enough: --min-coverage "
                f"{100 * there // due}",
            )
