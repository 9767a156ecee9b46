"""What the switches say."""

from typing import Any

from gpt_trader.cli import output


def show(command: str, data: dict[str, Any], words: str, options: str, *, json: bool) -> None:
    """Say what was switched and what holds then. options: they name the session again."""
    output.emit(command, data, json=json)
    if not json:
        print(words)
        print(f"Next: gpt-trader status{options}")
