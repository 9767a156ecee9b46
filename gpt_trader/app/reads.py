"""Series that a run reads and does not trade: `--read NAME=FILE`, or from the data store."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gpt_trader.backtest.warm import known
from gpt_trader.data.files.bar_files import read_bars
from gpt_trader.data.store.store import Store
from gpt_trader.data.store.stored import load_stored
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.reads import read_name
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError, UsageError
from gpt_trader.paths import path_given

_HINT = "for example --read BTC-USD@1d=days.csv, or --read BTC-USD@1d of the data store"


def parse_reads(texts: Sequence[str]) -> dict[str, Path | None]:
    """Return each `--read NAME[=PATH]` by name; None: its stored bars.

    Raises UsageError if a name is none, or is given twice.
    """
    found: dict[str, Path | None] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not name or (equals and not path) or "-" not in read_name(name).product_id:
            raise UsageError(f"expected --read NAME=FILE, was {text!r}", hint=_HINT)
        if name in found:
            raise UsageError(f"--read {name} is given twice", hint="give it once")
        found[name] = path_given("--read", path) if equals else None
    return found


def load_reads(
    files: Mapping[str, Path | None], root: Path | None, end_ms: int | None, interval_ms: int
) -> dict[str, Bars]:
    """Return all bars of what is read that open before a time, ms; None: all there are.

    root: the data store. interval_ms: of the bars that are traded, for names that say none.
    Raises DataError if there are none, or of another length than the name says.
    """
    found = {}
    for name, path in files.items():
        product_id, stated_ms = read_name(name)
        wanted_ms = stated_ms or interval_ms
        if path is None:
            assert root is not None  # asked for wherever the store is
            loaded = load_stored(Store(root), product_id, wanted_ms, start_ms=None, end_ms=end_ms)
        else:
            loaded = read_bars(path, product_id, end_ms=end_ms)
        if loaded.bars.interval_ms != wanted_ms:
            raise DataError(
                f"{name} is read, and {path} has {format_interval(loaded.bars.interval_ms)} bars",
                hint=f"a file of {format_interval(wanted_ms)} bars",
            )
        found[name] = known(loaded)
    return found
