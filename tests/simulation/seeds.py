"""One seed: what it is to run, and what came of it."""

import gc
import pickle
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.home.sitecustomize import live_in
from tests.simulation.chances import stormy
from tests.simulation.table import Times, times_of
from tests.simulation.world import World


@dataclass(frozen=True)
class Work:
    """What a seed is to run. kinds: of faults; kept: a folder of what came of other seeds."""

    seed: int
    hours: float
    kinds: tuple[str, ...]
    is_cron: bool
    kept: Path | None


class Came(NamedTuple):
    """What came of a seed."""

    seed: int
    is_cron: bool
    failure: str
    counts: Counter[str]
    happened: Counter[str]
    log: str
    times: Times
    exits: Counter[int]


def come(work: Work) -> Came:
    """Return what comes of a seed, or came of it before."""
    if work.kept is None:
        return run(work)
    path = work.kept / f"{work.seed}.came"
    if path.exists():
        return pickle.loads(path.read_bytes())  # noqa: S301 - written below
    came = run(work)
    path.write_bytes(pickle.dumps(came))
    return came


def run(work: Work) -> Came:
    """Run a seed under some kinds of faults; its failure is text."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        live_in(folder)
        chances = stormy(work.seed, work.kinds)
        place = Path(folder) / "world"
        world = World(work.seed, place, chances, people=True, cron=work.is_cron)
        failure, log = "", ""
        try:
            world.run(work.hours)
            log = world.decision_log()
        except Exception:  # noqa: BLE001 - every failure of a seed is its result
            failure = traceback.format_exc()
        books, times = world.exchange.books, times_of(world.exchange.truth)
        counts = Counter(
            events=world.events,
            decisions=world.decisions,
            orders=len(books.orders),
            fills=len(books.fills),
            crashes=world.crashes,
        )
        happened = world.exchange.happened
        return Came(work.seed, work.is_cron, failure, counts, happened, log, times, world.exits)


def spare_collector() -> None:
    """Let the garbage collector look seldom, and never at what is there: a fifth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def memory() -> str | None:
    """Return a folder in memory, where there is one: a simulated disk need not be slow."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
