"""Watching a bot's sign of life, and cancelling its entries when there is none."""

import os
from dataclasses import dataclass
from pathlib import Path

from gpt_trader.app.cancel_all import left_open
from gpt_trader.app.folders import session_folder
from gpt_trader.config.load import load_profile
from gpt_trader.domain.times import format_time
from gpt_trader.observe.notify import PAGE, Addresses, Alert, Notifier
from gpt_trader.runtime.live.alive import EVERY_S, Alive
from gpt_trader.runtime.session import clock_ms, read_header
from gpt_trader.runtime.stop import Stop


@dataclass(frozen=True, slots=True)
class Watched:
    """How a watch ended. silent_s: since the last sign of life, None: no run is under way."""

    silent_s: float | None
    died: bool
    entries_left_open: list[str]


def watch(
    silent_s: float, stop: Stop, *, once: bool, profile: str | None, state_dir: Path | None
) -> Watched:
    """Look every second until the bot ends, dies, or a stop is asked for."""
    folder = session_folder(profile, state_dir)
    header = read_header(folder)
    alive = Alive(folder)
    silence = alive.silent_s()
    while not once and not stop.asked and silence is not None and silence < silent_s:
        stop.wait(EVERY_S)
        silence = alive.silent_s()
    if silence is None or silence < silent_s:
        return Watched(silence, False, [])
    _page(header.profile, f"silent for {silence:.0f} s: its entries are being cancelled")
    return Watched(silence, True, left_open(folder, header, sweep=True))


def _page(profile: str, said: str) -> None:
    keys = load_profile(profile, env=os.environ, flags={}).settings.alerts
    if keys.webhook_url is not None:
        notifier = Notifier(Addresses(keys.webhook_url, None, keys.heartbeat_s), profile)
        notifier.tell(Alert(PAGE, "silent", said), format_time(clock_ms()))
        notifier.close()
