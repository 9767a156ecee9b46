"""`make simulate SEEDS=n`: whole worlds, one a seed; a seed that fails replays exactly.

`make simulate CRON=24`: worlds without a process but a one-shot cycle each minute.
`make crashes`: one script, killed at each of its points and failed at each of its operations.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.home.sitecustomize import live_in
from tests.simulation import crashes
from tests.simulation.chances import KINDS
from tests.simulation.seeds import Came, Work, come, memory, spare_collector
from tests.simulation.table import CRON, RUNNING, broken, table

EVERY_CRON = 8  # one world of so many
BEGIN, END = "<!-- simulated: begin -->", "<!-- simulated: end -->"


def crash(work: tuple[str, int, int]) -> tuple[str, int]:
    """Kill or fail the script in one way at every `step`-th point from `first` on."""
    way, step, first = work
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        live_in(folder)
        if way in crashes.WAYS:
            return f"killed by {way}", crashes.every(Path(folder), way, step, first)
        return f"{way} failed", crashes.every_operation(Path(folder), way, step, first)


def crash_everywhere(step: int, jobs: int) -> int:
    """Try every point and operation; print how many."""
    began = time.perf_counter()
    ways = (*crashes.WAYS, *crashes.OPERATIONS)
    work = [(way, step * jobs, 1 + step * job) for way in ways for job in range(jobs)]
    tried: Counter[str] = Counter()
    with ProcessPoolExecutor(jobs) as pool:
        for name, number in pool.map(crash, work):
            tried[name] += number
    for name, number in tried.items():
        print(f"{name:<20} {number:>5} points, each converged")
    took = time.perf_counter() - began
    print(f"{sum(tried.values()):,} crashes and failures in {took:.0f} s: 0 lost, 0 twice")
    return 0


def report(all_came: Sequence[Came], hours: float, took_s: float) -> Iterator[str]:
    """Yield what worlds came to, and tables of a line a kind of fault, in Markdown."""
    counts = sum((came.counts for came in all_came), Counter())
    happened = sum((came.happened for came in all_came), Counter())
    words = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    yield f"{hours * len(all_came):,.0f} simulated hours in {took_s:,.0f} s: {words}."
    yield ""
    yield "Went wrong: " + ", ".join(f"{name} {n:,}" for name, n in happened.most_common()) + "."
    for is_cron, columns in ((False, RUNNING), (True, CRON)):
        all_times = [came.times for came in all_came if came.is_cron == is_cron]
        if not all_times:
            continue
        yield ""
        yield f"{len(all_times)} worlds with " + (
            "a one-shot cycle each minute:" if is_cron else "a process that runs:"
        )
        yield ""
        yield from table(all_times, columns)
    exits = sum((came.exits for came in all_came), Counter())
    if exits:
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(exits.items()))
        yield ""
        yield f"Exit codes of the one-shot cycles: {codes}."


def verdict(all_came: Sequence[Came], again: str) -> int:
    """Print what failed or broke a bound, and how to see it again; return the exit code."""
    is_well = True
    for came in all_came:
        found = list(broken(came.times, CRON if came.is_cron else RUNNING))
        for one in found:
            print(f"seed {came.seed}: {one}", file=sys.stderr)
        if came.failure:
            print(f"seed {came.seed}:\n{came.failure}", file=sys.stderr)
        if came.failure or found:
            is_well = False
            print(f"FAILED: {again} SEEDS=1 FIRST={came.seed}")
    if is_well:
        print("0 orders lost, 0 sent twice, every bound held")
    return 0 if is_well else 1


def write_into(page: Path, lines: Sequence[str], command: str) -> None:
    """Put a report between the marks of a page, with its command and day."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    day = datetime.now(UTC).date().isoformat()
    told = "\n".join([f"`{command}` on {day}:", "", *lines])
    page.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", encoding="utf-8")


def parse() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--hours", type=float, default=10.0, help="simulated, each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--log", action="store_true", help="print each decision log's SHA-256")
    parser.add_argument("--kinds", help=f"faults, comma-separated, of: {', '.join(KINDS)}")
    parser.add_argument("--cron", action="store_true", help="every world has one-shot cycles only")
    parser.add_argument("--kept", type=Path, help="folder of results; those that are there stay")
    parser.add_argument("--page", type=Path, help="page that gets the tables, between its marks")
    parser.add_argument("--crash-points", type=int, metavar="STEP", help="crash at every STEP-th")
    return parser.parse_args()


def main() -> int:
    """Run the seeds that were asked for; say what went wrong, and how to see it again."""
    asked = parse()
    if asked.crash_points:
        return crash_everywhere(asked.crash_points, asked.jobs)
    kinds = tuple(asked.kinds.split(",")) if asked.kinds else KINDS if asked.cron else ()
    if asked.kept:
        asked.kept.mkdir(parents=True, exist_ok=True)
    seeds = range(asked.first, asked.first + asked.seeds)
    work = [
        Work(seed, asked.hours, kinds, asked.cron or seed % EVERY_CRON == 0, asked.kept)
        for seed in seeds
    ]
    began = time.perf_counter()
    all_came = []
    with ProcessPoolExecutor(asked.jobs, initializer=spare_collector) as pool:
        for came in pool.map(come, work):
            all_came.append(came)
            if asked.log:
                print(f"{came.seed} {came.log}")
            if came.failure:
                print(f"seed {came.seed} failed", file=sys.stderr, flush=True)
    again = f"make simulate {'CRON' if asked.cron else 'HOURS'}={asked.hours:g}"
    again += f" KINDS={asked.kinds}" if asked.kinds else ""
    lines = list(report(all_came, asked.hours, time.perf_counter() - began))
    print("\n".join(lines))
    if asked.page:
        write_into(asked.page, lines, f"{again} SEEDS={asked.seeds} FIRST={asked.first}")
    return verdict(all_came, again)


if __name__ == "__main__":
    sys.exit(main())
