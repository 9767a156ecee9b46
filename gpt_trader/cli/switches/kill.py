"""`gpt-trader kill`: no entry any more, whatever the bot does; on request sell what is held."""

from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName

LEFT = 1


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
    from gpt_trader.app.kill import KillRequest, kill

    asked = KillRequest(by.strip() or "operator", reason.strip() or "kill", flatten)
    killed = kill(asked, profile=profile, state_dir=state_dir)
    data = {"latched": True, "by": asked.by, "reason": asked.reason}
    data |= {"cancelled_by": killed.cancelled_by, "flatten": flatten}
    data |= {"entries_left_open": killed.entries_left_open, "session": killed.session}
    output.emit("kill", data, killed.warnings, json=json)
    if not json:
        _show(data, again(profile, state_dir))
    if killed.entries_left_open:
        raise typer.Exit(LEFT)


def _show(data: dict[str, Any], options: str) -> None:
    print(f"halted by {data['by']}: {data['reason']}; no entry is sent until rearm")
    print(
        f"cancelled by {data['cancelled_by']}, entries left open: {len(data['entries_left_open'])}"
    )
    told = data["session"]
    if told is not None and told["positions"]:
        what = "being sold" if told["flattening"] else "kept, with their stops"
        print(f"positions: {told['positions']}, {what}")
    print(f"Next: gpt-trader status{options}")
