"""Watching a bot's sign of life, and cancelling its entries when there is none.

Entries are cancelled before anybody is told, and again and again until the exchange has answered.
It needs no profile, no journal and no clock that is right.
"""

from dataclasses import dataclass
from pathlib import Path

from gpt_trader.app.at_exchange import Left, reach_outside, watch_left
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_session import KeptSession, look_at
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.domain.times import format_time
from gpt_trader.errors import TraderError, UsageError
from gpt_trader.observe.notify import PAGE, Addresses, Alert, Notifier
from gpt_trader.runtime.live.alive import EVERY_S, Alive
from gpt_trader.runtime.session import clock_ms
from gpt_trader.runtime.stop import Stop

VERIFY_S = 15.0


@dataclass(frozen=True, slots=True)
class Watched:
    """How a watch ended. silent_s: since the last sign of life, None: no run is under way."""

    silent_s: float | None
    died: bool
    entries_left_open: list[str]


def watch(
    silent_s: float, stop: Stop, *, once: bool, profile: str | None, state_dir: Path | None
) -> Watched:
    """Look every second until the bot ends, dies, or a stop is asked for.

    Raises UsageError if there is no such session; with `once`, or stopped, also what keeps the
    entries from being cancelled.
    """
    folder = session_folder(profile, state_dir)
    if not folder.is_dir():
        raise UsageError(f"no session in {folder}", hint="name the one: --profile NAME")
    alive = Alive(folder)
    silence = alive.silent_s()
    while not once and not stop.asked and silence is not None and silence < silent_s:
        stop.wait(EVERY_S)
        silence = alive.silent_s()
    if silence is None or silence < silent_s:
        return Watched(silence, False, [])
    return Watched(silence, True, _cancel(look_at(folder), profile, silence, stop, once=once))


def _cancel(
    kept: KeptSession, profile: str | None, silence_s: float, stop: Stop, *, once: bool
) -> list[str]:
    """Cancel until it is seen that nothing is open; page once it is known how that goes."""
    is_told = False
    while True:
        try:
            left = _sweep(kept, profile)
        except TraderError as error:
            if not is_told:
                _page(kept, profile, silence_s, f"its entries are not cancelled: {error.message}")
            is_told = True
            if once or stop.asked:
                raise
            stop.wait(EVERY_S)
            continue
        _page(kept, profile, silence_s, f"{len(left.entries)} of its entries are left open")
        return left.entries


def _sweep(kept: KeptSession, profile: str | None) -> Left:
    if not kept.trades_money:
        return Left([], None, [])
    return watch_left(
        reach_outside(kept, profile),
        lambda: kept,
        cancels=True,
        is_done=lambda left: not left.entries,
        timeout_s=VERIFY_S,
    )


def _page(kept: KeptSession, profile: str | None, silence_s: float, said: str) -> None:
    settings = kept_settings(kept.header, profile).settings
    keys, name = settings.alerts, settings.profile or kept.folder.name
    if keys.webhook_url is not None:
        notifier = Notifier(Addresses(keys.webhook_url, None, keys.heartbeat_s), name)
        alert = Alert(PAGE, "silent", f"silent for {silence_s:.0f} s: {said}")
        notifier.tell(alert, format_time(clock_ms()))
        notifier.close()
