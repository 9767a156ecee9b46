"""`gpt-trader pause`: keep a session from entering."""

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
    """Allow only exits until `resume`: no entry passes."""
    from gpt_trader.app.switch import switch
    from gpt_trader.engine.events import PauseRequested

    with waiting("pausing: a running bot is asked, else the account looked at"):
        data = switch(
            lambda now_ms: PauseRequested(now_ms, by, paused=True),
            profile=profile,
            state_dir=state_dir,
            warn=output.warn,
        )
    show("pause", data, "paused: only exits", again(profile, state_dir), json=json)
