"""The words that say where bars come from, where orders go, and what is at stake.

An exchange is one word here, one section in `config.venues`, one row in `runtime.venues` and a
folder below `broker`. Whoever asks which word it is matches them all: a new one that nobody has
thought of is a type error there, and can never fall through to another word's meaning.
"""

from typing import Literal, assert_never, get_args

Venue = Literal["coinbase"]
Feed = Literal["synthetic", "file", Venue]
Broker = Literal["paper", Venue, "observe"]
Mode = Literal["dev", "paper", "observe", "live"]

VENUES: tuple[Venue, ...] = get_args(Venue)
DEFAULT_VENUE: Venue = "coinbase"  # of commands for which no profile was named


def trades_money(mode: Mode) -> bool:
    """Whether a mode's orders move money."""
    match mode:
        case "dev" | "paper" | "observe":
            return False
        case "live":
            return True
        case _:
            assert_never(mode)


def makes_bars(feed: Feed) -> bool:
    """Whether a feed's bars are made here, from a seed; all others' were traded somewhere."""
    match feed:
        case "synthetic":
            return True
        case "file":
            return False
        case venue:
            _: Venue = venue
            return False


def venue_in(word: Feed | Broker) -> Venue | None:
    """Return the exchange that a word names, None if it names none."""
    match word:
        case "synthetic" | "file" | "paper" | "observe":
            return None
        case venue:
            return venue
