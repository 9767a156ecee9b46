"""`gpt-trader account settle`: write off what was sold beyond what was bought."""

from pathlib import Path
from typing import Any

from gpt_trader.app.settle import Settlement, settle
from gpt_trader.cli import output
from gpt_trader.cli.confirm import confirm

COMMAND = "account settle"


def run(
    asked: Settlement, *, profile: str | None, state_dir: Path | None, yes: bool, json: bool
) -> None:
    """Say what will be done, let the user confirm it, do it, and say so."""

    def ask(told: dict[str, Any]) -> None:
        base, quote = asked.product_id.split("-")[:2]
        if not json:
            print(f"sold beyond what was bought: {told['oversold']:f} {base}")
            print(f"worth {told['value']:f} {quote} at the ask of {told['price']:f}")
            print(f"the account holds {told['wallet'] or 0:f} {base}; nothing is bought")
            print(
                f"{told['value']:f} {quote} leave the session's cash: they are the coins' owner's"
            )
            print(f"and {asked.product_id} takes entries again")
        confirm(asked.product_id, "a debt is written off", yes=yes)

    data = settle(asked, profile=profile, state_dir=state_dir, warn=output.warn, confirm=ask)
    output.emit(COMMAND, data, json=json)
    if not json:
        print(f"journaled by {asked.by}: {asked.product_id} is flat")
