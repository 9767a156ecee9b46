"""How much memory a history will take, and how much there is: asked before anything is loaded."""

import gzip
import os
from collections.abc import Iterable
from pathlib import Path

from gpt_trader.data.files.regular import check_regular
from gpt_trader.errors import UsageError

BYTES_PER_BAR = 300  # measured: 255 a bar of a CSV file at the peak, 194 of a synthetic one
SAMPLE_BYTES = 65_536
GIB = 2**30


def available_bytes() -> int | None:
    """Return the memory that this process can still take; None where nobody tells."""
    found = [n for n in (_free_of_machine(), _free_of_group()) if n is not None]
    return min(found, default=None)


def bars_in(path: Path) -> int:
    """Return about how many bars a file holds, without reading it; 0 if that cannot be told.

    Raises DataError for what is no file.
    """
    check_regular(path)
    try:
        if path.suffix == ".parquet":
            from pyarrow import ArrowException  # noqa: PLC0415
            from pyarrow.parquet import read_metadata  # noqa: PLC0415

            try:
                return int(read_metadata(path).num_rows)
            except ArrowException:
                return 0
        size = path.stat().st_size
        if path.suffix == ".gz":
            with path.open("rb") as raw:  # the last four bytes: the size before, modulo 4 GiB
                raw.seek(-4, os.SEEK_END)
                size = int.from_bytes(raw.read(), "little")
            with gzip.open(path) as text:
                sample = text.read(SAMPLE_BYTES)
        else:
            with path.open("rb") as text:
                sample = text.read(SAMPLE_BYTES)
    except (OSError, EOFError, ValueError):  # reading it will say what is wrong
        return 0
    return size * sample.count(b"\n") // max(len(sample), 1)


def check_fits(bars: Iterable[int], free: int | None) -> None:
    """Raise UsageError if a backtest over series of so many bars does not fit in free bytes.

    free: as `available_bytes` tells; None: not known, and no reason to refuse.
    """
    total = sum(bars)
    needed = total * BYTES_PER_BAR
    if free is not None and needed > free:
        raise UsageError(
            f"{total:,} bars need about {needed / GIB:,.1f} GiB of memory, "
            f"{free / GIB:,.1f} GiB are free",
            hint="shorten the data, use longer bars, or try anyway: --no-memory-check",
        )


def _free_of_machine() -> int | None:
    path = Path("/proc/meminfo")
    if not path.exists():
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    lines = path.read_text(encoding="utf-8").splitlines()
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return kilobytes[0] * 1024 if kilobytes else None


def _free_of_group() -> int | None:
    """Return what a container may still take, None without a limit."""
    limit, used = (Path(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    if not limit.exists() or not used.exists():
        return None
    text = limit.read_text(encoding="utf-8").strip()
    return None if text == "max" else int(text) - int(used.read_text(encoding="utf-8"))
