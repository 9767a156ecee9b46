"""Why a product was, or was not, traded at a bar: in full, for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from gpt_trader.domain.text import shown
from gpt_trader.observe.words import number

Json = Mapping[str, Any]
PLAIN = "background:none;color:inherit;margin:0;font-family:monospace"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision explained. data: what `gpt-trader why --json` says of it. interval: as text.

    Its `repr` is what that command prints: signal, thresholds, guards, order and what came of it.
    """

    data: Json
    interval: str

    def __repr__(self) -> str:
        return shown(lines(self.data, self.interval))

    def _repr_html_(self) -> str:
        return f'<pre style="{PLAIN}">{escape(repr(self))}</pre>'


def lines(one: Json, interval: str) -> Iterator[str]:
    """Yield one decision in full, a line a step."""
    yield one["product"]
    for name, text in _rows(one, interval):
        yield f"  {name:<10}{text}"


def _rows(one: Json, interval: str) -> Iterator[tuple[str, str]]:
    yield "bar", f"{one['bar_time']}, {interval}, close {one['close']}"
    first, *others = one["reasons"]
    yield from (("signal", reason_line(reason)) for reason in others)
    weight = one["target_weight"]
    target = "no opinion" if weight is None else f"{weight:.2%} of equity"
    yield "target", f"{target}; position {one['position']}"
    yield from (("guard", _guard(guard)) for guard in one["guards"])
    yield "decision", f"{one['action'].upper()}: {reason_line(first)}"
    if one["cancelled"]:
        yield "cancelled", one["cancelled"]
    if one["order"] is not None:
        yield "order", f"{one['order_words']} ({one['order']['client_order_id']})"
        levels = [f"{name} {number(v)}" for name, v in one["protection"].items() if v is not None]
        if levels:
            yield "protected", ", ".join(levels)
        yield from (("fill", _fill(fill)) for fill in one["fills"])
        why = one["outcome_reason"]
        yield "outcome", one["outcome"] if why is None else f"{one['outcome']}: {why}"


def reason_line(reason: Json) -> str:
    """Return a reason with what was read and what it was held against."""
    words = f"{reason['code']}: {reason['detail']}"
    if reason["value"] is None:
        return words
    return f"{words}: {number(reason['value'])} v {number(reason['threshold'])}"


def _guard(guard: Json) -> str:
    verdict = {"OK": "PASS", "TRIPPED": "BLOCK"}.get(guard["state"], guard["state"])
    limit = "none" if guard["limit"] is None else number(guard["limit"])
    return f"{verdict:<8}{guard['name']:<16}{number(guard['value'])} v limit {limit}"


def _fill(fill: Json) -> str:
    return (
        f"{fill['side']} {fill['size']} at {fill['price']} in the bar of {fill['time']}, "
        f"fee {fill['fee']}, {fill['liquidity']}"
    )
