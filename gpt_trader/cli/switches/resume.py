"""`gpt-trader resume`: end a pause."""

from typing import Annotated

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName
from gpt_trader.cli.switches.outcome import show
from gpt_trader.cli.switches.waiting import waiting


def command(
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides it.")] = "operator",
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Allow entries again after `pause`."""
    from gpt_trader.app.switch import switch
    from gpt_trader.engine.events import PauseRequested

    with waiting("resuming: a running bot is asked, else the account looked at"):
        data = switch(
            lambda now_ms: PauseRequested(now_ms, by, paused=False),
            profile=profile,
            state_dir=state_dir,
            warn=output.warn,
        )
    show("resume", data, "resumed: entries pass again", again(profile, state_dir), json=json)
