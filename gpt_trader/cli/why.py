"""`gpt-trader why PRODUCT`: why it did, or did not, trade."""

from itertools import groupby
from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName

COMMAND = "why"


def command(
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="The bar open at this time, UTC.")
    ] = None,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="The last N bars, in brief.")
    ] = 1,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Explain a decision: signal, thresholds, guards, order and what came of it.

    Reads the journal only, also beside a running bot.
    """
    from gpt_trader.app.inspect import why
    from gpt_trader.data.catalog import normalize_id
    from gpt_trader.domain.times import parse_time
    from gpt_trader.observe.explanation import lines

    product_id = normalize_id(product)
    at_ms = None if at is None else parse_time(at)
    data, warnings = why(product_id, profile, state_dir, at_ms=at_ms, last=last)
    found = data["decisions"]
    output.emit(COMMAND, data, warnings, json=json)
    if json:
        return
    if last == 1:
        print("\n".join(lines(found[0], data["interval"])))
        print(f"Next: gpt-trader why {product_id} --last 72{again(profile, state_dir)}")
    else:
        _show_history(product_id, data)
        newest = next((d for d in reversed(found) if d["action"] != "hold"), found[-1])
        when = newest["bar_time"]
        print(f"Next: gpt-trader why {product_id} --at {when}{again(profile, state_dir)}")


def _runs(decisions: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return decisions in a row that came to the same, together."""

    def came_to(one: dict[str, Any]) -> tuple[str, str]:
        return one["action"], one["reasons"][0]["code"]

    return [list(same) for _, same in groupby(decisions, came_to)]


def _show_history(product_id: str, data: dict[str, Any]) -> None:
    """Many bars in brief: a line for each that did something, the holds counted."""
    from gpt_trader.observe.explanation import reason_line

    decisions = data["decisions"]
    print(f"{product_id}  {decisions[0]['bar_time']} to {decisions[-1]['bar_time']}")
    for same in _runs(decisions):
        one, count = same[0], len(same)
        if one["action"] != "hold":
            more = f" (and the {count - 1:,} bars after it)" if count > 1 else ""
            print(f"  {one['bar_time']}  {one['action']:<8}{reason_line(one['reasons'][0])}{more}")
    held = sum(data["held"].values())
    named = ", ".join(f"{code} {count:,}" for code, count in data["held"].items())
    print(f"  {held:,} of {data['bars']:,} bars held{': ' if named else ''}{named}")
    refused = ", ".join(f"{code} {count:,}" for code, count in data["refused"].items())
    if refused:
        print(f"  refused: {refused}")
