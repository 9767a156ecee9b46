"""A long session, measured: `make soak EVENTS=1000000`.

One simulated session takes so many events through the durable journal; then it is recovered, folded
and decided again. Prints time and memory of its first and last tenth, the file's growth, the rates
and a commit's latency.
"""

import argparse
import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gpt_trader.config.load import load_profile
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State, new_state
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime import replay
from gpt_trader.runtime.header import plan_of, signals_of
from gpt_trader.runtime.journaling import read_entries, recover_state
from gpt_trader.runtime.session import JOURNAL, check_chain, start
from gpt_trader.runtime.simulated import feed
from gpt_trader.runtime.wiring import wire

FOLDED = 200_000  # entries from the start that are folded, and decided again


def timed[T](work: Callable[[], T]) -> tuple[float, T]:
    """Return how long some work took, s, and what it returned."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def memory_mb() -> float:
    """Return what the process holds now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def lived(folder: Path, events: int) -> None:
    """Run a session over so many events; print its first and last tenth."""
    bars = events // 3 + 200
    flags = {"synthetic.bars": bars, "interval": "1h", "run.speed_bars_per_s": "none"}
    settings = load_profile("dev", env={}, flags=flags).settings
    wired = wire(settings, None)
    commits: list[float] = []
    taken, tenth = 0, max(events // 10, 1)
    with start(wired, folder, lambda _: False) as session:
        write = session.journal._write  # noqa: SLF001 - what a commit takes is to be measured

        def watched(linked: list) -> None:
            began = time.perf_counter()
            write(linked)
            commits.append(time.perf_counter() - began)

        session.journal._write = watched  # type: ignore[method-assign]  # noqa: SLF001
        marks: list[tuple[float, float]] = [(time.perf_counter(), memory_mb())]

        def seen(_: State, entries: Sequence[Entry]) -> None:
            nonlocal taken
            taken += len(entries)

        for event in feed(wired, session.state):
            session.take(event, seen)
            if taken >= tenth * len(marks):
                marks.append((time.perf_counter(), memory_mb()))
            if taken >= events:
                break
    steps = [(b[0] - a[0]) / tenth * 1e6 for a, b in itertools.pairwise(marks)]
    print(f"events                 {taken:,} in {marks[-1][0] - marks[0][0]:.0f} s")
    print(f"time per event         first tenth {steps[0]:.0f} us, last {steps[-1]:.0f} us")
    print(f"memory                 first tenth {marks[1][1]:.0f} MB, last {marks[-1][1]:.0f} MB")
    commits.sort()
    p50, p99 = (commits[int(len(commits) * share)] * 1e3 for share in (0.5, 0.99))
    print(f"commits                {len(commits):,}: median {p50:.2f} ms, p99 {p99:.2f} ms")


def looked_at(folder: Path) -> None:
    """Recover, fold and decide the session again; print the rates."""
    path = folder / JOURNAL
    with open_journal(path, readonly=True) as journal:
        entries = journal.head()[0]
        header = next(read_entries(journal)).event.header  # type: ignore[union-attr]
        plan = plan_of(header)
        size = path.stat().st_size
        print(f"file                   {size / 1e6:,.0f} MB, {size / entries:,.0f} bytes an event")
        checked_s, _ = timed(lambda: check_chain(journal))
        took_s, state = timed(lambda: recover_state(journal, plan, header.cash))
        print(f"recovery               {checked_s + took_s:.2f} s, its check of the chain included")
        some = list(read_entries_of(journal, FOLDED))
        from gpt_trader.engine.recover import recover  # noqa: PLC0415

        took_s, _ = timed(lambda: recover(plan, new_state(plan, header.cash), some))
        print(f"applied                {len(some) / took_s:,.0f} events/s")
        took_s, _ = timed(lambda: sum(1 for _ in read_entries_of(journal, FOLDED)))
        print(f"read back from texts   {len(some) / took_s:,.0f} events/s")
        took_s, found = timed(lambda: replay.replay(journal, plan, signals_of(header), header.cash))
        print(f"decided again          {found.events / took_s:,.0f} events/s, {found.difference}")
        took_s, report = timed(journal.verify)
        print(f"verified               {entries / took_s:,.0f} events/s, ok: {report.ok}")
        assert state.cycles


def read_entries_of(journal: object, count: int) -> object:
    """Yield the first entries."""
    for number, entry in enumerate(read_entries(journal)):  # type: ignore[arg-type]
        if number == count:
            return
        yield entry


def main() -> int:
    """Run and measure."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "session"
        place.mkdir()
        lived(place, asked.events)
        looked_at(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
