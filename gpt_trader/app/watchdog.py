"""Watching a bot's sign of life, and cancelling its entries when there is none."""

import os
from pathlib import Path

import typer

from gpt_trader.app.cancel_all import left_open
from gpt_trader.cli import output
from gpt_trader.cli.options import session_folder
from gpt_trader.config.load import load_profile
from gpt_trader.domain.times import format_time
from gpt_trader.observe.notify import PAGE, Addresses, Alert, Notifier
from gpt_trader.runtime.live.alive import EVERY_S, Alive
from gpt_trader.runtime.session import clock_ms, read_header
from gpt_trader.runtime.stop import stop_signals

DIED = 1


def run(
    silent_s: float, *, once: bool, profile: str | None, state_dir: Path | None, json: bool
) -> None:
    """Look every second until the bot ends, or dies."""
    folder = session_folder(profile, state_dir)
    header = read_header(folder)
    alive = Alive(folder)
    with stop_signals() as stop:
        silence = alive.silent_s()
        while not once and not stop.asked and silence is not None and silence < silent_s:
            stop.wait(EVERY_S)
            silence = alive.silent_s()
        died = silence is not None and silence >= silent_s
        left: list[str] = []
        if died:
            said = f"silent for {silence:.0f} s: its entries are being cancelled"
            _page(header.profile, said)
            left = left_open(folder, header, sweep=True)
    data = {"silent_s": silence, "died": died, "entries_left_open": left}
    output.emit("watchdog", data, json=json)
    if not json:
        words = f"silent for {silence:.0f} s" if silence is not None else "no run is under way"
        print(f"{words}; entries left open: {len(left)}" if died else words)
    if died:
        raise typer.Exit(DIED)


def _page(profile: str, said: str) -> None:
    keys = load_profile(profile, env=os.environ, flags={}).settings.alerts
    if keys.webhook_url is not None:
        notifier = Notifier(Addresses(keys.webhook_url, None, keys.heartbeat_s), profile)
        notifier.tell(Alert(PAGE, "silent", said), format_time(clock_ms()))
        notifier.close()
