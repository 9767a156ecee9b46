"""Killing: the latch first, then whoever can cancel and sell, then a look at the exchange.

It needs nothing but the session's folder. The latch and the wish to sell are files before anything
else; then the lock and the inbox say whether a bot runs; configuration and network come last. What
cannot be done now is done by whoever runs next: a bot, a single cycle, another `kill`.

A bot that holds the lock and does not answer is passed over: its entries are cancelled at the
exchange. Nothing is sold beside it: it may wake and sell the same coins, and then somebody else's
would go. End it, and the next to run carries the wish out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt_trader.app.at_exchange import Left, held, is_entry, reach_outside, watch_left
from gpt_trader.app.done_since import Done, done_since, taken_over
from gpt_trader.app.folders import name_the_one, session_folder
from gpt_trader.app.kept_session import KeptSession, look_at
from gpt_trader.app.operate import carry_on, open_session, take
from gpt_trader.app.unbooked import sent_of
from gpt_trader.engine.events import FlattenRequested, HaltRequested
from gpt_trader.engine.protect import is_sellable
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, LockedError, StorageError, TraderError
from gpt_trader.journal.faults import UNREADABLE
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.live.upkeep import is_shut_in, is_unsettled
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import Session, clock_ms, hold, no_session, nothing

SILENT_S = 5.0
SENDING_S = 15.0  # an entry's request may be under way for so long
VERIFY_S = 15.0  # entries are waited for, and what is not booked
SELL_S = 30.0  # and so long for what is to be sold

THIS, BOT, OUTSIDE, NOBODY = "this command", "the running bot", "at the exchange", "nobody yet"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KillRequest:
    """Who kills and why; flatten: sell what is held."""

    by: str
    reason: str
    flatten: bool

    def event(self, time_ms: int) -> HaltRequested | FlattenRequested:
        """Return it as what the engine takes."""
        kind = FlattenRequested if self.flatten else HaltRequested
        return kind(time_ms, self.by, self.reason)


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it.

    latched: whether the latch is set, in the end. flatten: whether all is to be sold, by this wish
    or one of before. cancelled_by: who cancels, and sells. session: what its switches say now, None
    if nobody could tell. left: what is there, having looked; None: nobody could look. journal:
    what the journal alone says then, None if it says nothing. not_seen: what could not be seen, in
    words. problem: why not, or why nobody carried it out. is_done:
    nothing is left that was to go, and that was seen. keeps_wish: whether the wish to sell outlives
    this command. done: what the journal says was cancelled and sold meanwhile; None if it does not.
    """

    latched: bool
    flatten: bool
    cancelled_by: str
    session: Json | None
    left: Left | None
    journal: Left | None
    not_seen: list[str]
    problem: TraderError | None
    is_done: bool
    warnings: list[str]
    keeps_wish: bool
    done: Done | None


def kill(
    asked: KillRequest,
    *,
    profile: str | None,
    state_dir: Path | None,
    silent_s: float = SILENT_S,
    say: Callable[[str], object] = nothing,
) -> Killed:
    """Latch, cancel, verify. Raises UsageError if there is no such session.

    silent_s: a bot that does not answer for so long is passed over. say: is told what is done now.
    """
    folder = session_folder(profile, state_dir)
    if not folder.is_dir():
        raise no_session(folder, name_the_one(state_dir))
    latch, warnings = Latch(folder), list[str]()
    say("setting the latch: no entry's request begins after it")
    is_shut = _set(latch, asked, warnings)
    standing = latch.read()
    if standing is not None and standing.flatten:  # a wish of before is a wish
        asked = KillRequest(asked.by, asked.reason, flatten=True)
    kept = look_at(folder)
    if kept.problem:
        warnings.append(kept.problem)
    warnings += kept.doubts
    left: Left | None = None
    problem: TraderError | None = None
    say("letting the session cancel its entries")
    try:
        by, told, is_whole = _hand_over(asked, kept, profile, state_dir, silent_s, warnings)
    except TraderError as error:
        by, told, is_whole, problem = NOBODY, None, False, error
    if by == OUTSIDE and asked.flatten:
        is_kept = "the wish is kept" if latch.wants_flat() else "and the wish could not be kept"
        warnings.append(f"nothing is sold from here, {is_kept}: {_next_step(kept, latch)}")
    if not kept.trades_money:
        left = _by_journal(look_at(folder))
    elif not isinstance(problem, BrokerError):  # else there is nobody to look at
        sells = asked.flatten and by == BOT
        say("looking at the exchange until nothing is left")
        try:
            left, problem = _look(kept, profile, warnings, cancels=by != BOT, sells=sells), None
        except TraderError as error:
            problem = problem or error
    after = look_at(folder)
    journal = _by_journal(after) if left is None else None
    done_here = None
    if kept.plan is not None and kept.state is not None and after.state is not None:
        found = taken_over(kept.folder, kept.entries)
        done_here = done_since(kept.plan, kept.state, after.state, found)
    not_seen = _not_seen(kept, left, is_whole=is_whole)
    done = is_shut and problem is None and not not_seen
    if left is not None:
        done = done and left.is_clear and (left.is_flat or not asked.flatten)
    latched = latch.read() is not None
    if standing is not None and not latched:
        warnings.append("somebody has rearmed meanwhile: entries may be sent again")
    return Killed(
        latched,
        asked.flatten,
        by,
        told,
        left,
        journal,
        not_seen,
        problem,
        latched and done,
        warnings,
        latch.wants_flat(),
        done_here,
    )


def _set(latch: Latch, asked: KillRequest, warnings: list[str]) -> bool:
    """Set the latch; return whether no entry's request begins any more, beyond doubt.

    One that cannot be set keeps nobody from cancelling.
    """
    try:
        if latch.set(Halt(asked.by, asked.reason, asked.flatten), SENDING_S):
            return True
        warnings.append("an entry's request was under way and has not returned")
    except StorageError as error:
        warnings.append(f"the latch: {error.message}")
    return False


def _hand_over(
    asked: KillRequest,
    kept: KeptSession,
    profile: str | None,
    state_dir: Path | None,
    silent_s: float,
    warnings: list[str],
) -> tuple[str, Json | None, bool]:
    """Let the session cancel: its bot if one runs, else its own journal; else nobody does here.

    Returns who, what the switches say, and whether the account told what the journal lacks, as far
    as it was asked.
    """
    try:
        if kept.state is None:
            with hold(kept.locks(), kept.folder):
                return OUTSIDE, None, True
        opened = open_session(profile, state_dir, warnings.append, folder=kept.folder, reduces=True)
        with opened as session:
            _carry_out(asked, session)
            return THIS, switches(session.state), session.is_whole
    except LockedError:
        return *_ask(asked, kept.folder, silent_s), True
    except UNREADABLE as error:  # it cannot be written, or no lock can be had
        warnings.append(f"the journal cannot be used: {error}")
        return OUTSIDE, None, True


def _ask(asked: KillRequest, folder: Path, silent_s: float) -> tuple[str, Json | None]:
    """Ask the running bot. One that is silent finds the latch, should it wake."""
    inbox = Inbox(folder)
    try:
        name = inbox.put(asked.event(clock_ms()))  # the bot takes it at its own time
    except StorageError:
        return OUTSIDE, None
    for answer in inbox.answers(name, silent_s):
        return BOT, answer
    inbox.take_back(name)  # the latch says the same for as long as it is needed
    return OUTSIDE, None


def _carry_out(asked: KillRequest, session: Session) -> None:
    """Hand the wish over, and go on until it is fulfilled or the time is over."""

    def is_settled(state: State) -> bool:
        waits = any(is_entry(one) for one in state.open_orders)
        waits = waits or any(map(is_unsettled, sent_of(state)))
        plan, places = session.plan, range(len(session.plan.products))
        holds = asked.flatten and any(
            is_sellable(plan, state, j) and not is_shut_in(plan, state, j) for j in places
        )
        return not (waits or holds)

    take(session, asked.event(session.said_ms()))
    if session.clock is not None:  # a market of the past goes on with its next bar
        carry_on(session, is_settled, SELL_S if asked.flatten else VERIFY_S)


def _look(
    kept: KeptSession, profile: str | None, warnings: list[str], *, cancels: bool, sells: bool
) -> Left:
    """Look at the exchange until nothing is left that was to go, or the time is over.

    cancels: whether from here. sells: whether somebody does, so that it is worth waiting for.
    """
    outside = reach_outside(kept, profile)
    warnings += [doubt for doubt in outside.doubts if doubt not in warnings]
    return watch_left(
        outside,
        lambda: look_at(kept.folder),
        cancels=cancels,
        is_done=lambda left: left.is_clear and (left.is_flat or not sells),
        timeout_s=SELL_S if sells else VERIFY_S,
    )


def _by_journal(kept: KeptSession) -> Left | None:
    """Return what the journal alone says; of a simulation that is all there is to look at."""
    if kept.plan is None or kept.state is None:
        return None
    state = kept.state
    rests = {order.client_order_id for order in state.open_orders}
    entries = [one.client_order_id for one in state.open_orders if is_entry(one)]
    unknown = [one.client_order_id for one in sent_of(state)] if kept.trades_money else []
    known = held(kept.plan, state, rests)
    return Left(entries, known if known or not unknown else None, unknown, [])


def _not_seen(kept: KeptSession, left: Left | None, *, is_whole: bool) -> list[str]:
    """Return what could not be seen, in words."""
    found = []
    if left is None:
        found.append("which entries are open")
    if left is None and kept.state is not None:
        found.append("what is held, and which stops rest: that is what the journal says")
    if kept.state is None:
        found.append("what is held, and which orders may still turn up: no journal says it")
    elif not is_whole:
        found.append("orders that the journal lacks: the account did not tell its history")
    if left is not None and left.unknown:
        found.append(f"what became of {len(left.unknown)} orders: the journal has not booked it")
    return found


def _next_step(kept: KeptSession, latch: Latch) -> str:
    if not latch.wants_flat():
        return f"make {kept.folder} writable, then kill --flatten again"
    if kept.state is None:
        return "restore the journal or begin without it, then kill --flatten again"
    return "free the journal (end a silent process, make room), then kill --flatten again"
