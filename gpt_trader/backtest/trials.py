"""The ledger of every trial: what was tried on which products and times, counted once each.

The best of many tries looks good by luck alone, so a result is worth what is left after the
number of tries. Nothing here fails a backtest: what cannot be read or written becomes a note,
and the verdict is never PASS while there is one.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import platformdirs

from gpt_trader.backtest.asked import DEFAULT_CASH
from gpt_trader.backtest.chain import (
    ANY,
    Chain,
    Mark,
    Stamp,
    append_lines,
    held,
    read_chain,
    read_marks,
    renew_mark,
    stamp,
    write_marks,
)
from gpt_trader.backtest.content import is_continued, is_same, sketch
from gpt_trader.backtest.identity import plain, tell_grid, tell_route
from gpt_trader.backtest.outcome import NOT_TWICE, is_other
from gpt_trader.backtest.prepare import assign, cash_units
from gpt_trader.backtest.route import Route
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.times import format_time
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.metrics import DAYS_PER_YEAR
from gpt_trader.risk.policy import RiskPolicy

PATIENCE_S = 2.0
REST_S = 30.0  # after waiting in vain, before waiting as long again
TIRED_S = 0.04  # how long until then
WAIT_MS = 1_000  # for other trials, to be written together
ID_DIGITS = 16
NEW = "new-"  # begins the id of what cannot be told from other trials


@dataclass(frozen=True, slots=True)
class Books:
    """Where trials are written. ledger: in the state folder. anchor: elsewhere, one a user."""

    ledger: Path
    anchor: Path


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried.

    id: digest of strategies (with all that their code rests on), parameters, products, interval,
    first bars, costs, order style, policy, cash and grids. The same with more bars at its end is
    one trial, brought up to date; an earlier end, chosen afterwards, is another, and so is another
    history under the same names, which has the same id and another content. products: marked where
    bars are synthetic. first_ms, last_ms: the first and the last bar's open, int64 ms UTC. sharpe:
    of a day, not annualized; None: undefined. content: a sketch of each product's bars; none in
    lines of older versions. did: as `outcome.tell_outcome` tells it: what is not the same twice is
    another trial each time; empty of what is built in, not at its end, or a search's.
    """

    id: str
    strategy: str
    products: tuple[str, ...]
    first_ms: int
    last_ms: int
    sharpe: float | None = None
    content: tuple[str, ...] = ()
    did: str = ""


def books(state_root: Path) -> Books:
    """Return the books of a state folder; the anchor is in the user's data folder."""
    return Books(
        state_root / "trials.jsonl", platformdirs.user_data_path("gpt-trader") / "trials.json"
    )


def identify(
    routes: Sequence[Route],
    bars: Sequence[Bars],
    *,
    costs: CostModel,
    risk: RiskPolicy | None,
    label: str | None,
    universe: Mapping[str, Any] | None = None,
    content: Sequence[str] | None = None,
    warmed_up: Sequence[int] = (),
    cash: Decimal | int = DEFAULT_CASH,
    close_at_end: bool = False,
    detail: Sequence[Bars] = (),
    reads: Mapping[str, Bars] = EMPTY,
) -> Trial:
    """Return the trial that a backtest of these routes on these bars is; its Sharpe is not known.

    label: as in `backtest`; bars with one are not those of the market. universe: what decides who
    may be held, as JSON holds it. content: sketches of the bars, None: to be made. warmed_up:
    bars before each product's first. cash, close_at_end, detail, reads: as in `backtest`. What is
    as by default is left out, so that older lines stand for it. What cannot be told from other code
    or values is a new trial.
    """
    assigned = assign(routes, [one.product.product_id for one in bars])
    routes_told, known = _tell(assigned)
    mark = _mark(label)
    inputs = {
        "routes": routes_told,
        "data": [
            [mark + one.product.product_id, one.interval_ms, int(one.time[0])] for one in bars
        ],
        "costs": plain(costs),
        "risk": None if risk is None else plain(risk),
    }
    if universe is not None:
        inputs["universe"] = dict(universe)
    if any(warmed_up):
        inputs["warmed_up"] = list(warmed_up)
    if cash_units(cash) != cash_units(DEFAULT_CASH):
        inputs["cash"] = cash_units(cash)
    if close_at_end:
        inputs["close_at_end"] = True
    if detail:
        inputs["detail"] = [one.interval_ms for one in detail]
    if reads:
        inputs["reads"] = {name: one.interval_ms for name, one in reads.items()}
    grids = {one.product.product_id: dict(tell_grid(one.product)) for one in bars}
    if any(grids.values()):
        inputs["grids"] = grids
    text = json.dumps(inputs, sort_keys=True, default=str)
    told = hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]
    names = " + ".join(dict.fromkeys(route.strategy.name for route in routes))
    found = of_data(names, bars, label, content)
    return replace(found, id=told if known else NEW + uuid4().hex[:ID_DIGITS])


def of_data(
    strategy: str, bars: Sequence[Bars], label: str | None, content: Sequence[str] | None = None
) -> Trial:
    """Return a trial on bars that has no id yet; content: as in `identify`."""
    mark = _mark(label)
    return Trial(
        id="",
        strategy=strategy,
        products=tuple(mark + one.product.product_id for one in bars),
        first_ms=min(int(one.time[0]) for one in bars),
        last_ms=max(int(one.time[-1]) for one in bars),
        content=tuple(map(sketch, bars) if content is None else content),
    )


def _mark(label: str | None) -> str:
    return "" if label is None else f"{label.partition(':')[0]} "


def _tell(assigned: Sequence[Route]) -> tuple[list[Mapping[str, Any]], bool]:
    """Return what each route does, and whether that could be told."""
    try:
        return [tell_route(route) for route in assigned], True
    except ValueError:
        return [], False


def say_new(trial: Trial) -> str | None:
    """Return that a trial counts as a new one at each run, or None if it does not."""
    if not trial.id.startswith(NEW):
        return None
    return "its code or a parameter has no form that stays: every run counts as a new trial"


def with_sharpe(trial: Trial, annual: float | None) -> Trial:
    """Return a trial with its outcome: an annualized Sharpe ratio, as results state it."""
    return replace(trial, sharpe=None if annual is None else annual / DAYS_PER_YEAR**0.5)


def others(books: Books, trial: Trial, *, now_ms: int, patience_s: float = PATIENCE_S) -> Trials:
    """Return the trials that share bars with this one, by product or content, itself left out.

    All ledgers count that the anchor knows, and what waits to be written. now_ms: int64 ms UTC, the
    date before which trials are unknown if some are found missing now.
    """
    problem = settle(now_ms=now_ms, patience_s=patience_s)
    rows = [
        one
        for there, waiting in list(_WAITING.items())
        if there.anchor == books.anchor
        for one in list(waiting.trials.values())
    ]
    note = (
        problem if any(not _is_one(one, trial) and _overlap(one, trial) for one in rows) else None
    )
    try:
        with _hold(books, patience_s):
            chains, marks = _look(books, read_marks(books.anchor), now_ms)
    except OSError as error:
        marks, note = {}, f"the ledger of trials cannot be read ({_why(error)})"
    else:
        read = (_trial(row) for chain in chains.values() for row in chain.rows)
        rows += [row for row in read if row is not None]
    if any(_is_other_outcome(row, trial) for row in rows):
        note = note or NOT_TWICE
    trial = _placed(trial, [row.last_ms for row in rows if _is_one(row, trial)])
    newest = _newest([row for row in rows if _overlap(row, trial)])
    found = [row for row in newest if not _is_one(row, trial)]
    lost = [m.lost_ms for m in marks.values() if m.lost_ms is not None and _touches(m, trial)]
    return Trials(
        sharpes=tuple(row.sharpe for row in found if row.sharpe is not None),
        count=len(found),
        note=f"trials before {format_time(max(lost))[:10]} unknown" if lost else note,
    )


def _is_one(a: Trial, b: Trial) -> bool:
    """Whether two are one trial, of any length: older lines, without content, are by their id."""
    if a.id != b.id or is_other(a.did, b.did):
        return False
    end_ms = min(a.last_ms, b.last_ms)
    return a.content == b.content or all(
        is_continued(mine, theirs, end_ms=end_ms)
        for mine, theirs in zip(a.content, b.content, strict=False)
    )


def _is_other_outcome(a: Trial, b: Trial) -> bool:
    return a.id == b.id and is_other(a.did, b.did)


def _newest(rows: Sequence[Trial]) -> list[Trial]:
    """Return each trial once, at its newest length."""
    found: dict[str, list[Trial]] = {}
    for row in sorted(rows, key=lambda row: row.last_ms):
        same = found.setdefault(row.id, [])
        k = next((k for k, one in enumerate(same) if _is_one(one, row)), len(same))
        same[k : k + 1] = [row]
    return [row for same in found.values() for row in same]


def _placed(trial: Trial, lengths: Collection[int]) -> Trial:
    """Return a trial as it counts beside the last bars with which it is on record."""
    if not lengths or trial.last_ms in lengths or trial.last_ms > max(lengths):
        return trial
    told = hashlib.sha256(f"{trial.id} until {trial.last_ms}".encode()).hexdigest()
    return replace(trial, id=told[:ID_DIGITS])


type _Key = tuple[str, int, tuple[str, ...], str]


def _key(trial: Trial) -> _Key:
    return trial.id, trial.last_ms, trial.content, trial.did


@dataclass(slots=True)
class _Waiting:
    """Trials to be written, by id, last bar, content, outcome. since_ms: when that was tried last.

    problem: why it failed.
    """

    trials: dict[_Key, Trial] = field(default_factory=dict)
    since_ms: int = -WAIT_MS
    problem: str | None = None


def count(books: Books, trial: Trial, *, now_ms: int) -> str | None:
    """Count one of many trials; return what is wrong, None if nothing.

    The first is written at once, the others together every WAIT_MS and when the process ends, a
    worker's too: a loop of backtests stays as fast as they are. Only a kill loses what waits.
    """
    waiting = _wait(books, [trial])
    if now_ms - waiting.since_ms < WAIT_MS:
        return waiting.problem
    return _write_down(books, waiting, now_ms, PATIENCE_S)


def record(
    books: Books, trials: Sequence[Trial], *, now_ms: int, patience_s: float = PATIENCE_S
) -> str | None:
    """Write down trials that are not in the ledger yet; return what went wrong, None if nothing.

    now_ms: int64 ms UTC. Durable on return, with all that waits; what cannot be written waits.
    """
    return _write_down(books, _wait(books, trials), now_ms, patience_s)


def settle(*, now_ms: int | None = None, patience_s: float = PATIENCE_S) -> str | None:
    """Write down every trial that waits; return what went wrong, None if nothing."""
    problem = None
    for books, waiting in list(_WAITING.items()):
        moment = waiting.since_ms if now_ms is None else now_ms
        problem = _write_down(books, waiting, moment, patience_s) or problem
    return problem


def _settle_at_end() -> None:
    """Write down what waits, with patience; say what is lost."""
    _IN_VAIN.clear()
    settle()
    for books, waiting in _WAITING.items():
        if waiting.trials:
            sys.stderr.write(
                f"warning: {books.ledger} lacks {len(waiting.trials)} of this process's trials: "
                f"{waiting.problem}; later verdicts will not know of what it lacks\n"
            )


def _wait(books: Books, trials: Sequence[Trial]) -> _Waiting:
    waiting = _WAITING.setdefault(books, _Waiting())
    for trial in trials:
        waiting.trials.setdefault(_key(trial), trial)
    if os.getpid() not in _SETTLING:
        _SETTLING.add(os.getpid())
        Finalize(None, _settle_at_end, exitpriority=0)
    return waiting


def _write_down(books: Books, waiting: _Waiting, now_ms: int, patience_s: float) -> str | None:
    waiting.since_ms = now_ms
    trials = list(waiting.trials.values())
    if trials:
        waiting.problem = _record(books, trials, now_ms, patience_s)
    if waiting.problem is None:
        for trial in trials:
            waiting.trials.pop(_key(trial), None)
    return waiting.problem


def _record(books: Books, trials: Sequence[Trial], now_ms: int, patience_s: float) -> str | None:
    """Write down trials that are not in the ledger yet.

    What this process has looked through is not read again: only what others appended since.
    """
    try:
        with _hold(books, patience_s):
            looked = _LOOKED.pop(books, None)
            looked = (looked and _look_on(books, looked)) or _look_whole(books, now_ms)
            if fresh := _not_in(looked, trials):
                looked = _append(books, looked, fresh, now_ms)
            _LOOKED[books] = looked
    except OSError as error:
        return f"this trial could not be recorded ({_why(error)})"
    return None


@contextlib.contextmanager
def _hold(books: Books, patience_s: float) -> Iterator[None]:
    """Hold the books; who has just waited for them in vain hardly waits for a while."""
    tired = time.monotonic() - _IN_VAIN.get(books.anchor, -REST_S) < REST_S
    try:
        with held(books.anchor, min(patience_s, TIRED_S) if tired else patience_s):
            _IN_VAIN.pop(books.anchor, None)
            yield
    except BlockingIOError:
        if not tired:
            _IN_VAIN[books.anchor] = time.monotonic()
        raise


class _Looked(NamedTuple):
    """What the books held when this process last had them.

    lengths: by id, the trials that are in the ledger, of each length one.
    """

    stamps: tuple[Stamp, Stamp]
    lengths: dict[str, list[Trial]]
    marks: dict[str, Mark]


_WAITING: dict[Books, _Waiting] = {}
_SETTLING: set[int] = set()  # processes that settle when they end
_LOOKED: dict[Books, _Looked] = {}  # used while the books are held
_IN_VAIN: dict[Path, float] = {}  # when an anchor was last waited for in vain, monotonic seconds


def _stamps(books: Books) -> tuple[Stamp, Stamp]:
    return stamp(books.ledger), stamp(books.anchor)


def _look_on(books: Books, looked: _Looked) -> _Looked | None:
    """Return what the books hold, of the ledger reading what was appended since.

    None if they have to be read whole: something else was done to them than trials appended.
    """
    stamps = _stamps(books)
    if stamps == looked.stamps:
        return looked
    (before, _), (ledger, _), path = looked.stamps, stamps, str(books.ledger)
    marks = read_marks(books.anchor)
    if marks is None or path not in marks or before is None or ledger is None:
        return None
    was, mark = looked.marks[path], marks[path]
    if ledger != before and (ledger[0] != before[0] or ledger[1] <= before[1]):
        return None
    tail = read_chain(books.ledger, begin=before[1], head=was.head)
    if tail.broken or mark.broken != was.broken or mark.lines != was.lines + len(tail.digests):
        return None
    if mark.head != (tail.digests[-1] if tail.digests else was.head):
        return None
    return _Looked(stamps, _lengths(tail.rows, looked.lengths), marks)


def _look_whole(books: Books, now_ms: int) -> _Looked:
    """Read every known ledger, and let the anchor know what is missing."""
    before = read_marks(books.anchor)
    chains, marks = _look(books, before, now_ms)
    if marks != before:
        write_marks(books.anchor, marks)
    lengths = _lengths(chains[str(books.ledger)].rows, {})
    return _Looked(_stamps(books), lengths, marks)


def _lengths(
    rows: Sequence[Mapping[str, Any]], known: dict[str, list[Trial]]
) -> dict[str, list[Trial]]:
    """Return the lengths that are known with those of more lines."""
    for trial in filter(None, map(_trial, rows)):
        known.setdefault(trial.id, []).append(trial)
    return known


def _not_in(looked: _Looked, trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials that no line tells of, as they are to be counted."""
    fresh = []
    for trial in trials:
        same = [one for one in looked.lengths.get(trial.id, ()) if _is_one(one, trial)]
        placed = _placed(trial, [one.last_ms for one in same])
        lengths = looked.lengths.setdefault(placed.id, [])
        if not any(one.last_ms == placed.last_ms and _is_one(one, placed) for one in lengths):
            lengths.append(placed)
            fresh.append(placed)
    return fresh


def _append(books: Books, looked: _Looked, fresh: Sequence[Trial], now_ms: int) -> _Looked:
    """Append trials, and let the anchor know; return what the books hold then."""
    mark = looked.marks[str(books.ledger)]
    rows = [asdict(trial) | {"time": now_ms} for trial in fresh]
    head = append_lines(books.ledger, mark.head, rows)
    products = set(mark.products).union(*(trial.products for trial in fresh))
    looked.marks[str(books.ledger)] = replace(
        mark, lines=mark.lines + len(rows), head=head, products=tuple(sorted(products))
    )
    write_marks(books.anchor, looked.marks)
    return looked._replace(stamps=_stamps(books))


def _look(
    books: Books, before: dict[str, Mark] | None, now_ms: int
) -> tuple[dict[str, Chain], dict[str, Mark]]:
    """Read every known ledger, and mark what is missing; before: None if that is not known."""
    marks = before or {}
    chains = {path: read_chain(Path(path)) for path in sorted({str(books.ledger), *marks})}
    found = {
        path: renew_mark(chain, marks.get(path), now_ms=now_ms, trusted=before is not None)
        for path, chain in chains.items()
    }
    return chains, found


def _touches(mark: Mark, trial: Trial) -> bool:
    """Whether lost lines may be of this trial's products and times.

    Bars newer than the loss cannot have been tried before it.
    """
    shared = ANY in mark.products or not set(mark.products).isdisjoint(trial.products)
    return shared and mark.lost_ms is not None and trial.first_ms < mark.lost_ms


def _trial(row: Mapping[str, Any]) -> Trial | None:
    """Return a line's trial, None if it is not one; such a line breaks the chain as well."""
    try:
        sharpe = row["sharpe"]
        return Trial(
            id=str(row["id"]),
            strategy=str(row["strategy"]),
            products=tuple(map(str, row["products"])),
            first_ms=int(row["first_ms"]),
            last_ms=int(row["last_ms"]),
            sharpe=None if sharpe is None else float(sharpe),
            content=tuple(sys.intern(str(one)) for one in row.get("content", ())),
            did=str(row.get("did", "")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _overlap(a: Trial, b: Trial) -> bool:
    """Whether two trials share a time, and there a product: by its name, or by its bars."""
    if a.first_ms > b.last_ms or b.first_ms > a.last_ms:
        return False
    if not set(a.products).isdisjoint(b.products):
        return True
    return any(is_same(mine, theirs) for mine in a.content for theirs in b.content)


def _why(error: OSError) -> str:
    if isinstance(error, BlockingIOError):
        return "another process holds it"
    return error.strerror or type(error).__name__
