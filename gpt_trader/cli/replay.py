"""`gpt-trader replay`: decide a recorded session again and compare."""

from dataclasses import asdict

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName

COMMAND = "replay"
DIFFERENT = 1


def command(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Decide a recorded session again and compare every record and command.

    Says "identical" with the final digest, or shows the first difference and exits 1.
    """
    from gpt_trader.app.inspect import decide_again
    from gpt_trader.domain.times import format_time

    found, changes = decide_again(profile, state_dir)
    warnings = [f"recorded with {one}" for one in changes]
    difference = found.difference
    if json:
        data = asdict(found) | {"identical": difference is None}
        error = None
        if difference is not None:
            message = f"entry {difference.seq} differs in {difference.field}"
            error = {"code": "DIFFERENT", "message": message, "hint": "", "where": None}
        print(output.document(COMMAND, data=data, warnings=warnings, error=error))
    elif difference is None:
        print(f"identical: {found.events:,} events, {found.decisions:,} decisions")
        print(f"digest {found.head}")
        output.emit(COMMAND, None, warnings, json=False)
    else:
        output.emit(COMMAND, None, warnings, json=False)
        when = format_time(difference.time_ms)
        print(f"different at entry {difference.seq}, {difference.event} of {when}:")
        print(f"  {difference.field}")
        print(f"  recorded  {difference.recorded}")
        print(f"  now       {difference.now}")
    if difference is not None:
        raise typer.Exit(DIFFERENT)
