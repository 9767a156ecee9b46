"""From a file of another tool to its judgement."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpt_trader.app.history import ALL_OF_IT, load_files, parse_data
from gpt_trader.backtest.seals import refuse_sealed
from gpt_trader.data.files.records import read_record
from gpt_trader.domain.costs import DEFAULT_COSTS
from gpt_trader.domain.times import format_time
from gpt_trader.errors import UsageError
from gpt_trader.measure.record import judge_record

ONLY_ENDS = (
    "only what trades made is known, not what they were worth in between: falls and volatility "
    "read too small"
)


def assess(
    file: Path, *, cash: float | None, trials: int | None, data: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the judgement of a file as JSON holds it, and what is to be said of it.

    cash: at its start; None: as the file says. trials: how many were tried, this one included.
    data: `[PRODUCT=]PATH` of what could have been held. Raises UsageError, DataError, and
    ValidationGateError where the market is sealed.
    """
    record = read_record(file, cash)
    paths = parse_data(data, [])
    files = {product: path for product, path in paths.items() if path is not None}
    if len(files) < len(paths):
        raise UsageError("the market is read from files here", hint="--data BTC-USD=bars.csv")
    loaded = load_files(files, ALL_OF_IT, interval_ms=None, specs={})
    bars = [one.bars for one in loaded]
    refuse_sealed(bars)
    found = judge_record(
        record.time, record.equity, record.start, trials=trials, bars=bars, costs=DEFAULT_COSTS,
        last_ms=record.last_ms,
    )  # fmt: skip
    about = {
        "file": str(file),
        "kind": record.kind,
        "rows": len(record.time),
        "first": format_time(int(record.time[0])),
        "last": format_time(int(record.time[-1])),
        "market": list(files),
    }
    said = [*record.notes, *(note for one in loaded for note in one.report.notes)]
    return about | found.to_json_dict(), [*said, *([ONLY_ENDS] if record.kind == "trades" else [])]
