"""`gpt-trader resume`: end a pause."""

from typing import Annotated

import typer

from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName


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

    switch(
        "resume",
        lambda now_ms: PauseRequested(now_ms, by, paused=False),
        "resumed: entries pass again",
        profile=profile,
        state_dir=state_dir,
        json=json,
    )
