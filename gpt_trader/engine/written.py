"""Events, records and commands as the one JSON text of each: sorted keys, no spaces.

A session spends most of its time on this, so that it is told apart by type once, and a type's
keys are laid out once. What the texts say is described in `codec`, which reads them.
"""

import math
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring as quoted
from operator import attrgetter
from typing import Any

import numpy as np

from gpt_trader.engine.names import ROWS, TAGS, bare, leaves

Writer = Callable[[Any], str]


def written(value: Any) -> str:  # noqa: ANN401
    """Return a value of the engine as JSON text. Raises TypeError on what JSON does not know."""
    return _WRITERS[type(value)](value)


def tagged_text(value: Any) -> str:  # noqa: ANN401
    """Return an event, record or command as JSON text with its tag under "type"."""
    return _TAGGED[type(value)](value)


def tagged_texts(values: Iterable[Any]) -> str:
    """Return events, records or commands as the text of an array."""
    return f"[{','.join(map(tagged_text, values))}]"


def _number(value: float) -> str:
    if value - value == 0.0:
        return float.__repr__(value)
    if math.isnan(value):
        return "null"
    return '"Infinity"' if value > 0.0 else '"-Infinity"'


def _truth(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"


def _nothing(_: None) -> str:
    return "null"


def _array(values: Any) -> str:  # noqa: ANN401
    writers = _WRITERS
    return f"[{','.join([writers[type(value)](value) for value in values])}]"


def _object(values: dict[str, Any]) -> str:
    return f"{{{','.join([f'{quoted(key)}:{written(values[key])}' for key in sorted(values)])}}}"


def _plain(value: np.generic) -> str:
    return written(value.item())


def _fields_of(kind: Any, tag: str = "") -> Writer:  # noqa: ANN401
    """Return what writes a NamedTuple as an object of its fields, in the order of their names."""
    fields = sorted(leaves(kind))
    keys = [f"{quoted(field.name)}:%s" for field in fields]
    if tag:
        keys.insert(sum(field.name < "type" for field in fields), f'"type":{quoted(tag)}')
    layout = f"{{{','.join(keys)}}}"
    writers = _WRITERS
    if not fields:
        return lambda _: layout
    picked = attrgetter(*[field.path for field in fields])
    if len(fields) == 1:  # attrgetter gives no tuple
        return lambda value: layout % written(picked(value))
    kinds = [bare(field.hint) for field in fields]
    rows = [(at, ROWS[kind][0]) for at, kind in enumerate(kinds) if kind in ROWS]

    def fields_text(value: Any) -> str:  # noqa: ANN401
        return layout % tuple([writers[type(item)](item) for item in picked(value)])

    def rows_too(value: Any) -> str:  # noqa: ANN401
        items = [*picked(value)]
        for at, row_of in rows:
            items[at] = row_of(items[at])
        return layout % tuple([writers[type(item)](item) for item in items])

    return rows_too if rows else fields_text


class _ByType(dict[type, Writer]):
    """What writes a value of a type, found when it is first met."""

    def __missing__(self, kind: type) -> Writer:
        self[kind] = found = _writer_of(kind)
        return found


class _ByTag(dict[type, Writer]):
    """The same for what carries a tag."""

    def __missing__(self, kind: type) -> Writer:
        self[kind] = found = _fields_of(kind, TAGS[kind])
        return found


def _writer_of(kind: type) -> Writer:
    if issubclass(kind, np.generic):
        return _plain
    if hasattr(kind, "_fields"):
        return _fields_of(kind)
    for base, writer in _BASES.items():
        if issubclass(kind, base):
            return writer
    raise TypeError(f"expected what JSON knows, was {kind.__name__}")


_BASES: dict[type, Writer] = {
    bool: _truth,
    int: int.__repr__,
    float: _number,
    str: lambda value: quoted(str(value)),
    type(None): _nothing,
    tuple: _array,
    list: _array,
    dict: _object,
}
_WRITERS = _ByType(_BASES | {str: quoted})
_TAGGED = _ByTag()
