"""What a journal says of an account before a run: what is held against it begins there."""

import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gpt_trader.broker.exchange.refused_key import KEY, TAKEN
from gpt_trader.engine.codec import event_from_json
from gpt_trader.engine.events import Noted, Reconciled, Started
from gpt_trader.engine.names import TAGS
from gpt_trader.journal.sqlite import Journal
from gpt_trader.runtime.live.apart import APART, IN_LINE

MOST_NOTES = 300  # that are looked through


class Untold(NamedTuple):
    """Orders that could not all be read: those since a time.

    is_sure: whether what is held is as the journal says all the same.
    """

    since_ms: int
    is_sure: bool


class Told(NamedTuple):
    """What is known. unknown: returns those of some client ids that no entry of the journal names.

    in_line_ms: when the account was last found in line; None: never, as far as the journal goes.
    untold_ms: since when its orders have not been told in full; None: they have. begins_ms: when
    the journal began: of orders before it another one knew; None: it is not said. is_told_apart:
    whether a person was told that it is out of line, and not since that it is in line again.
    is_unsure: whether what is held may be another than the journal says.
    """

    unknown: Callable[[Iterable[str]], set[str]]
    in_line_ms: int | None = None
    untold_ms: int | None = None
    begins_ms: int | None = None
    is_told_apart: bool = False
    is_unsure: bool = False


def told_by(journal: Journal, untold: Untold | None) -> Told:
    """Return what a journal says; untold as `take_over` returns it."""
    told = Told(journal.unknown, _in_line_ms(journal), None, begins_ms(journal))
    told = told._replace(is_told_apart=bool(told_apart(journal)))
    if untold is None:
        return told
    return told._replace(untold_ms=untold.since_ms, is_unsure=not untold.is_sure)


def told_apart(journal: Journal) -> str:
    """Return what was last said of an account out of line; "" if it is in line again."""
    _, text = _newest_note(journal, APART)
    return "" if text == IN_LINE else text


def told_key(journal: Journal) -> str:
    """Return why the exchange refuses what the key sends; "" if it does not, as far as is known.

    A start asks what its key may do: what was said before is over.
    """
    seq, text = _newest_note(journal, KEY)
    started = journal.newest(TAGS[Started])
    is_past = started is not None and started.seq > seq
    return "" if is_past or text == TAKEN else text


def _newest_note(journal: Journal, about: str) -> tuple[int, str]:
    """Return where the newest note about something stands, and its words; 0 and "" if none does."""
    stored = journal.newest(TAGS[Noted])
    for _ in range(MOST_NOTES):
        if stored is None:
            break
        note = event_from_json(json.loads(stored.event))
        assert isinstance(note, Noted)
        if note.about == about:
            return stored.seq, note.text
        stored = journal.newest(TAGS[Noted], stored.seq)
    return 0, ""


def begins_ms(journal: Journal) -> int:
    """Return when a journal began: what is older was another's; 0 if that was cut off."""
    if journal.anchor()[0]:
        return 0
    first = next(journal.read(limit=1), None)
    return 0 if first is None else first.time_ms


def _in_line_ms(journal: Journal) -> int | None:
    stored = journal.newest(TAGS[Reconciled])
    while stored is not None:
        look = event_from_json(json.loads(stored.event))
        assert isinstance(look, Reconciled)
        if look.differences == 0:
            return look.time_ms
        stored = journal.newest(TAGS[Reconciled], stored.seq)
    return None
