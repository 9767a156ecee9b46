"""`gpt-trader watchdog`: a second process that cancels entries if the bot dies or hangs."""

from typing import Annotated

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName
from gpt_trader.errors import TraderError


def command(
    *,
    silent_s: Annotated[
        float, typer.Option("--silent-s", metavar="S", min=1, help="Silence that is a death.")
    ] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, then end.")] = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Watch a bot from outside: once its loop is silent, cancel its entries at the exchange.

    Protective stops stay. Nothing is latched: the bot may start again, and finds what happened.
    Ends when the run it watches has ended in good order; exits 1 after a death.
    """
    from gpt_trader.app.watchdog import watch
    from gpt_trader.runtime.stop import stop_signals

    with stop_signals() as stop:
        found = watch(silent_s, stop, once=once, profile=profile, state_dir=state_dir)
    words = "no run is under way"
    if found.silent_s is not None:
        words = f"silent for {found.silent_s:.0f} s"
    if found.died:
        words += f"; entries left open: {len(found.entries_left_open)}"
    if found.unknown_orders:
        words += f"; orders of which not all is booked: {len(found.unknown_orders)}"
    if json:
        output.emit("watchdog", found, refused=TraderError(words) if found.died else None)
        return
    print(words)
    if found.died:
        raise typer.Exit(TraderError.exit_code)
