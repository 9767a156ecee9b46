"""Where two runs differ: by the names of their documents, and in their fills."""

from collections.abc import Iterator, Mapping
from typing import Any

IDENTITY = ("run_id", "timing.")
INPUTS = (
    "universe",
    "data",
    "detail",
    "reads",
    "strategy",
    "costs",
    "risk",
    "engine",
    "close_at_end",
    "cash",
    "label",
)


def fills_differ(a: Any, b: Any) -> dict[str, Any]:  # noqa: ANN401 - (m,) FILL_DTYPE
    """Return the lengths, how many first fills are the same, and the first pair that is not."""
    shorter = min(len(a), len(b))
    unequal = (a[:shorter] != b[:shorter]).nonzero()[0]
    same = int(unequal[0]) if len(unequal) else shorter
    first = None if same == len(a) == len(b) else {"a": _fill(a, same), "b": _fill(b, same)}
    return {"a": len(a), "b": len(b), "same": same, "first": first}


def _fill(fills: Any, row: int) -> dict[str, int] | None:  # noqa: ANN401
    """Return one fill by column, None behind the last."""
    if row >= len(fills):
        return None
    return dict(zip(fills.dtype.names, fills[row].tolist(), strict=True))


def flat(value: Any, name: str = "") -> dict[str, Any]:  # noqa: ANN401
    """Return the leaves of a JSON document by dotted name."""
    if isinstance(value, Mapping):
        parts = [(f"{name}.{key}" if name else key, item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{name}[{i}]", item) for i, item in enumerate(value)]
    else:
        return {name: value}
    return {key: leaf for part, item in parts for key, leaf in flat(item, part).items()}


def differing(
    a: Mapping[str, Any], b: Mapping[str, Any], skipped: tuple[str, ...]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield name and both values where two documents differ; absent is None."""
    one, other = flat(a), flat(b)
    for name in dict.fromkeys([*one, *other]):
        was, now = one.get(name), other.get(name)
        if was != now and not name.startswith(skipped):
            yield name, was, now
