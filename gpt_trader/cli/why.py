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

    product_id = normalize_id(product)
    at_ms = None if at is None else parse_time(at)
    data, warnings = why(product_id, profile, state_dir, at_ms=at_ms, last=last)
    found = data["decisions"]
    output.emit(COMMAND, data, warnings, json=json)
    if json:
        return
    if last == 1:
        _show(found[0], data["interval"])
        print(f"Next: gpt-trader why {product_id} --last 72{again(profile, state_dir)}")
    else:
        _show_history(product_id, data)
        newest = next((d for d in reversed(found) if d["action"] != "hold"), found[-1])
        when = newest["bar_time"]
        print(f"Next: gpt-trader why {product_id} --at {when}{again(profile, state_dir)}")


def _show(one: dict[str, Any], interval: str) -> None:
    """One decision in full."""
    from gpt_trader.observe.words import number

    rows = [("bar", f"{one['bar_time']}, {interval}, close {one['close']}")]
    first, *others = one["reasons"]
    rows += [("signal", _reason(reason)) for reason in others]
    weight = one["target_weight"]
    target = "no opinion" if weight is None else f"{weight:.2%} of equity"
    rows.append(("target", f"{target}; position {one['position']}"))
    rows += [("guard", _guard(guard)) for guard in one["guards"]]
    rows.append(("decision", f"{one['action'].upper()}: {_reason(first)}"))
    order = one["order"]
    if one["cancelled"]:
        rows.append(("cancelled", one["cancelled"]))
    if order is not None:
        rows.append(("order", f"{one['order_words']} ({order['client_order_id']})"))
        levels = [f"{name} {number(v)}" for name, v in one["protection"].items() if v is not None]
        if levels:
            rows.append(("protected", ", ".join(levels)))
        rows += [("fill", _fill(fill)) for fill in one["fills"]]
        why = one["outcome_reason"]
        rows.append(("outcome", one["outcome"] if why is None else f"{one['outcome']}: {why}"))
    print(one["product"])
    for name, text in rows:
        print(f"  {name:<10}{text}")


def _reason(reason: dict[str, Any]) -> str:
    from gpt_trader.observe.words import number

    words = f"{reason['code']}: {reason['detail']}"
    if reason["value"] is None:
        return words
    return f"{words}: {number(reason['value'])} v {number(reason['threshold'])}"


def _guard(guard: dict[str, Any]) -> str:
    from gpt_trader.observe.words import number

    verdict = {"OK": "PASS", "TRIPPED": "BLOCK"}.get(guard["state"], guard["state"])
    limit = "none" if guard["limit"] is None else number(guard["limit"])
    return f"{verdict:<8}{guard['name']:<16}{number(guard['value'])} v limit {limit}"


def _fill(fill: dict[str, Any]) -> str:
    return (
        f"{fill['side']} {fill['size']} at {fill['price']} in the bar of {fill['time']}, "
        f"fee {fill['fee']}, {fill['liquidity']}"
    )


def _runs(decisions: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return decisions in a row that came to the same, together."""

    def came_to(one: dict[str, Any]) -> tuple[str, str]:
        return one["action"], one["reasons"][0]["code"]

    return [list(same) for _, same in groupby(decisions, came_to)]


def _show_history(product_id: str, data: dict[str, Any]) -> None:
    """Many bars in brief: a line for each that did something, the holds counted."""
    decisions = data["decisions"]
    print(f"{product_id}  {decisions[0]['bar_time']} to {decisions[-1]['bar_time']}")
    for same in _runs(decisions):
        one, count = same[0], len(same)
        if one["action"] != "hold":
            more = f" (and the {count - 1:,} bars after it)" if count > 1 else ""
            print(f"  {one['bar_time']}  {one['action']:<8}{_reason(one['reasons'][0])}{more}")
    held = sum(data["held"].values())
    named = ", ".join(f"{code} {count:,}" for code, count in data["held"].items())
    print(f"  {held:,} of {data['bars']:,} bars held{': ' if named else ''}{named}")
    refused = ", ".join(f"{code} {count:,}" for code, count in data["refused"].items())
    if refused:
        print(f"  refused: {refused}")
