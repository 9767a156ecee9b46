"""Watching a bot's sign of life, and cancelling its entries when there is none.

Entries are cancelled before anybody is told, and again and again until the exchange shows that none
is open, and none may turn up. It needs no profile, no journal and no clock that is right.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpt_trader.app.at_exchange import Left, reach_outside, watch_left
from gpt_trader.app.folders import name_the_one, session_folder
from gpt_trader.app.kept_session import KeptSession, look_at
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.domain.times import format_time
from gpt_trader.errors import TraderError
from gpt_trader.observe.notify import PAGE, Addresses, Alert, Notifier
from gpt_trader.runtime.live.alive import EVERY_S, Alive
from gpt_trader.runtime.session import clock_ms, no_session
from gpt_trader.runtime.stop import Stop

VERIFY_S = 15.0  # of cancelling, before somebody is told that it does not go well
UNSEEN_S = 600.0  # an order that the exchange has not shown by then turns up no more


@dataclass(frozen=True, slots=True)
class Watched:
    """How a watch ended. silent_s: since the last sign of life, None: no run is under way.

    unknown_orders: those of whose fills or end the journal does not know all.
    """

    silent_s: float | None
    died: bool
    entries_left_open: list[str]
    unknown_orders: list[str]


def watch(
    silent_s: float, stop: Stop, *, once: bool, profile: str | None, state_dir: Path | None
) -> Watched:
    """Look every second until the bot ends, dies, or a stop is asked for.

    Raises UsageError if there is no such session; with `once`, stopped, or where the bot is back,
    also what keeps the entries from being cancelled.
    """
    folder = session_folder(profile, state_dir)
    if not folder.is_dir():
        raise no_session(folder, name_the_one(state_dir))
    alive = Alive(folder)
    silence = alive.silent_s()
    while not once and not stop.asked and silence is not None and silence < silent_s:
        stop.wait(EVERY_S)
        silence = alive.silent_s()
    if silence is None or silence < silent_s:
        return Watched(silence, False, [], [])

    def is_back() -> bool:
        now_s = alive.silent_s()
        return now_s is not None and now_s < silent_s

    left = _cancel(
        look_at(folder), profile, silence, stop, once=once, is_back=is_back, silent_s=alive.silent_s
    )
    return Watched(silence, True, left.entries, left.unknown or [])


def _cancel(
    kept: KeptSession,
    profile: str | None,
    silence_s: float,
    stop: Stop,
    *,
    once: bool,
    is_back: Callable[[], bool],
    silent_s: Callable[[], float | None],
) -> Left:
    """Cancel until nothing is open, or the bot is back and does it; page how that goes, and ends.

    Entries that stay open, and an exchange that does not answer, are asked for as long as it takes.
    """
    until_s = time.monotonic() + UNSEEN_S
    told = ""
    while True:
        found = _sweep(kept, profile)
        if isinstance(found, Left):
            said = _words(found)
            is_over = found.is_stopped or (not found.entries and time.monotonic() >= until_s)
        else:
            said, is_over = f"its entries are not cancelled: {found.message}", False
        is_over = is_over or once or stop.asked or is_back()
        if said != told and (is_over or not told):
            _page(kept, profile, max(silence_s, silent_s() or 0.0), said)
            told = said
        if is_over:
            if isinstance(found, TraderError):
                raise found
            return found
        stop.wait(EVERY_S)


def _words(left: Left) -> str:
    said = f"{len(left.entries)} of its entries are left open"
    if left.unseen:
        said += f", {len(left.unseen)} may still turn up"
    if left.unknown:
        said += f"; not booked is what became of {len(left.unknown)} orders"
    bare = [
        f"{one['size']} {one['product']}"
        for one in left.held or ()
        if one["stop"] is None and not one["dust"]
    ]
    return f"{said}; held without a stop: {', '.join(bare)}" if bare else said


def _sweep(kept: KeptSession, profile: str | None) -> Left | TraderError:
    """Cancel for a while; return what is left, or what keeps that from being known."""
    if not kept.trades_money:
        return Left([], None, [], [])
    try:
        return watch_left(
            reach_outside(kept, profile),
            lambda: look_at(kept.folder),
            cancels=True,
            is_done=lambda left: left.is_stopped,
            timeout_s=VERIFY_S,
        )
    except TraderError as error:
        return error


def _page(kept: KeptSession, profile: str | None, silence_s: float, said: str) -> None:
    settings, doubts = kept_settings(kept.header, profile)
    keys, name = settings.alerts, settings.profile or kept.folder.name
    if keys.webhook_url is not None:
        notifier = Notifier(Addresses(keys.webhook_url, None, keys.heartbeat_s), name)
        words = "; ".join([f"silent for {silence_s:.0f} s: {said}", *doubts])
        alert = Alert(PAGE, "silent", words)
        notifier.tell(alert, format_time(clock_ms()))
        notifier.close()
