"""`gpt-trader rearm`: let a halted session trade again."""

from typing import Annotated

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName
from gpt_trader.cli.switches.outcome import show
from gpt_trader.cli.switches.waiting import waiting


def command(
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is right.")],
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Clear the halt, the latch and the drawdown limit, and take back a kill --flatten.

    The drawdown counts anew from today's equity. Exits that were begun go on. Refused while an
    order's outcome is unknown.
    """
    from gpt_trader.app.switch import switch
    from gpt_trader.engine.events import Rearmed
    from gpt_trader.errors import UsageError

    if not by.strip() or not reason.strip():
        raise UsageError("expected --by NAME and --reason TEXT", hint="both go into the journal")
    with waiting("rearming: a running bot is asked, else the account looked at"):
        data = switch(
            lambda now_ms: Rearmed(now_ms, by, reason),
            profile=profile,
            state_dir=state_dir,
            warn=output.warn,
        )
    words = f"rearmed by {by}: {reason}"
    if exits := data.get("open_exits"):  # an older bot does not say it
        words += f"\nexits that were begun go on: {exits}, see gpt-trader orders list"
    show("rearm", data, words, again(profile, state_dir), json=json)
