"""`gpt-trader account reconcile`: the exchange against the journal."""

from pathlib import Path
from typing import Any

import typer

from gpt_trader.app.reconcile import reconcile
from gpt_trader.cli import output

DIFFERENT = 1


LACKING = "of this bot's orders are not in its journal: an older one was put back, or its end lost"


def _hint(data: dict[str, Any]) -> str:
    """Return what helps: what the bot traded itself is no deposit, and no withdrawal."""
    if data["lacking"]:
        return f"{len(data['lacking'])} {LACKING}; gpt-trader run or gpt-trader kill takes it over"
    if data["taken_over"]:
        return "what was taken over of a journal that is not here is booked by gpt-trader run"
    return "a deposit or withdrawal is written down with: gpt-trader account adjust"


def run(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show every difference; exit 1 if there is one."""
    data, warnings = reconcile(profile, state_dir)
    found = data["differences"]
    output.emit("account reconcile", data, warnings, json=json)
    if not json and found:
        columns = ("what", "name", "journal", "exchange")
        output.table(columns, [[one[name] for name in columns] for one in found])
        print(_hint(data))
    elif not json:
        print(f"agrees to the last digit: {data['wallets']} wallets, {data['orders']} open orders")
    if found:
        raise typer.Exit(DIFFERENT)
