"""`gpt-trader account reconcile`: the exchange against the journal."""

from pathlib import Path

import typer

from gpt_trader.app.reconcile import reconcile
from gpt_trader.cli import output

DIFFERENT = 1


def run(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show every difference; exit 1 if there is one."""
    data, warnings = reconcile(profile, state_dir)
    found = data["differences"]
    output.emit("account reconcile", data, warnings, json=json)
    if not json and found:
        columns = ("what", "name", "journal", "exchange")
        output.table(columns, [[one[name] for name in columns] for one in found])
        print("a deposit or withdrawal is written down with: gpt-trader account adjust")
    elif not json:
        print(f"agrees to the last digit: {data['wallets']} wallets, {data['orders']} open orders")
    if found:
        raise typer.Exit(DIFFERENT)
