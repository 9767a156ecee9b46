"""`gpt-trader doctor`: what would keep a profile from trading, one line each."""

from typing import Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName

COMMAND = "doctor"
WORDS = {"ok": "ok", "warning": "warning", "fail": "FAIL", "skipped": "skipped"}


def command(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Check configuration, disk, journal, clock, endpoints, channels, key, fees and sizes.

    Works without a key, and says what it could not check. Exits with the code of the first
    finding, in the order in which one would mend them: 3 configuration, 1 disk or journal,
    5 alerts or network, 4 key, 7 data; 0 with warnings only. Where pages go, a test is sent.
    """
    from gpt_trader.app.doctor import examine

    found = examine(profile, state_dir)
    failed = [one for one in found if one.state == "fail"]
    data: dict[str, Any] = {"ok": not failed, "checks": [one._asdict() for one in found]}
    warnings = [f"{one.name}: {one.detail}" for one in found if one.state == "warning"]
    output.emit(COMMAND, data, warnings if json else [], json=json)
    if not json:
        for one in found:
            took = "" if one.latency_ms is None else f" ({one.latency_ms:.0f} ms)"
            print(f"{WORDS[one.state]:<8} {one.name:<22} {one.detail}{took}")
            if one.hint and one.state in ("fail", "warning"):
                print(f"{'':<8} {'':<22} hint: {one.hint}")
        print(
            "nothing would keep it from trading" if not failed else f"{len(failed)} must be mended"
        )
    if failed:
        raise typer.Exit(failed[0].exit_code)
