"""`gpt-trader account adjust`: write down what came in or went out otherwise than by a fill."""

from pathlib import Path

from gpt_trader.app.adjust import Adjustment, adjust
from gpt_trader.cli import output


def run(asked: Adjustment, *, profile: str | None, state_dir: Path | None, json: bool) -> None:
    """Journal the adjustment, and say so."""
    data = adjust(asked, profile=profile, state_dir=state_dir, warn=output.warn)
    output.emit("account adjust", data, json=json)
    if not json:
        amount = format(data["amount"], "f")
        print(f"journaled: {asked.kind} of {amount} {data['asset']}, neither profit nor loss")
