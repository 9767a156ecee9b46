"""Measure the journal on this machine: `python scripts/bench_journal.py [FOLDER]`.

Prints appends and entries per second, durable and in groups, reading, verifying, and the
memory that reading takes. Compare ratios, not absolute figures: they are the disk's.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import Journal, open_journal

ENTRY = NewEntry(
    1_700_000_000_000,
    "Bar",
    '{"close":"37000.12","open_ms":1700000000000,"product_id":"BTC-USD"}',
    '["' + "r" * 900 + '"]',
    "[]",
    (("BTC-USD", 1_700_000_000_000),),
)


def rate(count: int, work: Callable[[], object]) -> float:
    """Return `count` per second of `work`, called once."""
    start_s = time.perf_counter()
    work()
    return count / (time.perf_counter() - start_s)


def append(journal: Journal, *, count: int, group: int) -> None:
    """Append `count` entries, `group` to a durable transaction."""
    for _ in range(count // group):
        journal.append([ENTRY] * group)


def main() -> None:
    """Print one line for each measurement."""
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        path = Path(folder) / "journal.db"
        with open_journal(path) as journal:
            for group, count in ((1, 2_000), (10, 10_000), (100, 20_000), (1_000, 68_000)):
                per_s = rate(count, lambda c=count, g=group: append(journal, count=c, group=g))
                print(f"append, {group:>4} entries a transaction: {per_s:>9,.0f} entries/s")
            total = journal.head()[0]
            before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            per_s = rate(total, lambda: sum(1 for _ in journal.read()))
            grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
            print(f"read and check {total:,} entries:     {per_s:>9,.0f} entries/s")
            print(f"memory that reading added:           {grown_kb:>9,} KiB")
            per_s = rate(total, journal.verify)
            print(f"verify:                              {per_s:>9,.0f} entries/s")
        size_bytes = path.stat().st_size / total
        print(f"file size:                           {size_bytes:>9,.0f} bytes/entry")


if __name__ == "__main__":
    main()
