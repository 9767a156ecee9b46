"""`gpt-trader kill`: no entry any more, whatever the bot does; on request sell what is held."""

from typing import Annotated

import typer

from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName


def command(
    *,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell whatever is held, at market.")
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides it.")] = "operator",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "kill",
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Latch a halt that only `rearm` clears, cancel every entry, and look that none is left.

    Once it returns no entry's request begins, also if the bot is dead, hung or starts again.
    Protective stops stay; --flatten sells what they protect.
    """
    from gpt_trader.app.kill import Asked, run

    run(
        Asked(by.strip() or "operator", reason.strip() or "kill", flatten),
        profile=profile,
        state_dir=state_dir,
        json=json,
    )
