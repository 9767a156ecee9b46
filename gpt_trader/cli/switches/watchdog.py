"""`gpt-trader watchdog`: a second process that cancels entries if the bot dies or hangs."""

from typing import Annotated

import typer

from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName


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
    from gpt_trader.app.watchdog import run

    run(silent_s, once=once, profile=profile, state_dir=state_dir, json=json)
