"""The forms on disk, name by name: a rename in code leaves them as they are."""

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from gpt_trader.domain.order import Order
from gpt_trader.engine.codec import state_text
from gpt_trader.engine.commands import Command
from gpt_trader.engine.events import Event
from gpt_trader.engine.names import OLD_TAGS, ROWS, SLOT_COLUMNS, TAGS, bare, leaves
from gpt_trader.engine.records import Record
from gpt_trader.kernel.marks import Marks
from tests.engine_helpers import Desk

PINNED = Path(__file__).parents[1] / "golden" / "names.txt"
STATE_TYPES = {"marks": Marks, "orders": tuple[Order, ...]}
UNIONS = {"event": Event, "record": Record, "command": Command}
WORDS = {int: "int", float: "number", str: "text", bool: "bool", Any: "any"}


def form(hint: Any, name: str) -> Iterator[str]:
    """Lines `name form` of a value on disk; of an object one for each of its fields."""
    origin = get_origin(hint)
    if bare(hint) in ROWS:
        yield f"{name}[] number"
    elif origin is tuple:
        yield from form(get_args(hint)[0], f"{name}[]")
    elif origin is UnionType:
        yield from form(bare(hint), f"{name}?")
    elif origin is dict:
        yield f"{name} object"
    elif hint in WORDS:
        yield f"{name} {WORDS[hint]}"
    elif issubclass(hint, Enum):
        yield f"{name} {' '.join(one.value for one in hint)}"
    else:
        for leaf in sorted(leaves(hint)):
            yield from form(leaf.hint, f"{name}.{leaf.name}")


def forms() -> Iterator[str]:
    for what, union in UNIONS.items():
        for kind in get_args(union):
            yield f"{what} {TAGS[kind]}"
            yield from (line.replace(".", "  ", 1) for line in form(kind, ""))
    yield from (f"{tag} is {TAGS[kind]} now" for tag, kind in OLD_TAGS.items())
    yield "snapshot"
    for key in json.loads(state_text(Desk().state)):
        yield from state_forms(key)


def state_forms(key: str) -> Iterator[str]:
    """Lines of one part of a snapshot; of the slots' columns only the number is on disk."""
    if key in SLOT_COLUMNS:
        yield f"  {key}[] {len(SLOT_COLUMNS[key])} numbers"
    elif key in STATE_TYPES:
        yield from form(STATE_TYPES[key], f"  {key}")
    else:
        yield f"  {key}"


def test_what_is_on_disk_is_what_was_pinned():
    """A name that is to stay on disk gets a row in `names.FIELDS`; a new form, a new line here."""
    assert list(forms()) == PINNED.read_text(encoding="utf-8").splitlines()


def test_every_type_has_a_tag_of_its_own():
    kinds = [kind for union in UNIONS.values() for kind in get_args(union)]
    assert set(TAGS) == set(kinds)
    assert len(set(TAGS.values())) == len(kinds)
    assert not set(OLD_TAGS) & set(TAGS.values())
