"""How often what goes wrong in a simulated world."""

import random
from dataclasses import dataclass, fields, replace


@dataclass
class Chances:
    """How often what goes wrong, per request, frame or minute; 0: never."""

    # Requests.
    lost_before: float = 0.0  # a write that never arrives, and nobody knows
    lost_after: float = 0.0  # a write that is carried out, its answer lost or unreadable
    refused: float = 0.0  # 429, 500 before: not carried out
    read: float = 0.0  # a read that fails: 502, 401, 429, nothing, cut
    not_found: float = 0.0  # an order that is there, looked up
    unknown_stops: float = 0.0  # a stop whose answer is lost: it is there, or it is not
    late_fills: float = 0.0  # a fill before an order's end, reported after it; answers tell
    late_rows: float = 0.0  # the same, and answers about the order and fills tell it late
    hidden_stops: float = 0.0  # a stop is placed, and no answer, list or frame tells it
    ghosts: float = 0.0  # an order that is answered with an id, and never exists
    # Frames.
    frame_lost: float = 0.0  # a gap: the link breaks
    frame_twice: float = 0.0
    frame_late: float = 0.0  # out of order, by one
    odd_rows: float = 0.0  # a report on an order that cannot be read
    odd_numbers: float = 0.0  # a ticker whose numbers are none
    # Minutes.
    link_breaks: float = 0.0
    clock_steps: float = 0.0  # of what the bot thinks the time is: up to 1.5 s
    machine_steps: float = 0.0  # of the machine's clock: minutes, both ways
    bursts: float = 0.0  # all is refused for seconds
    never_answers: float = 0.0  # one endpoint does not answer for minutes
    half_pages: float = 0.0  # one endpoint tells half for minutes
    silent_tickers: float = 0.0  # a product's ticker says nothing for minutes, all else goes on
    closed_products: float = 0.0  # delisted, or cancel_only
    owner: float = 0.0  # another person trades, sends or takes coins of a traded product
    holds: float = 0.0  # his order holds all coins that are free: exits are refused
    restarts: float = 0.0  # the process is ended in good order, and started again
    put_backs: float = 0.0  # at a start: the journal is one of an earlier start
    crash: float = 0.0  # at each point where one can happen
    # Lies about a stop of the bot's that rests. The wallets, what they hold and fills are true.
    false_fill_rows: float = 0.0  # in an order list: it was filled
    false_fill_frames: float = 0.0  # a minute, over the stream: the same
    false_ends: float = 0.0  # either of them: it was cancelled
    false_own_ends: float = 0.0  # the order itself, for seconds: it was cancelled
    refused_stops: float = 0.0  # the answer to a stop says that it is refused: it rests
    # No lies, but as little expected.
    edited_stops: float = 0.0  # a minute: the owner moves a stop of the bot's, or cuts it
    stuck_stops: float = 0.0  # a stop that rests, and does not trigger
    far_prices: float = 0.0  # a minute: one source tells a product's price far off, for a while
    modes: float = 0.0  # a minute: a product takes only limit orders, or only resting ones
    # What the account's owner does to the bot.
    takes: float = 0.0  # a minute: cancels its stops, and takes some of its coins for a while
    seconds: float = 0.0  # a minute: a second bot of the portfolio buys, and sells what it bought

    latency_ms: tuple[int, int] = (20, 120)  # there and back


NONE = Chances()
RARELY = ("crash", "link_breaks", "clock_steps", "frame_lost", "machine_steps", "closed_products")
WIRE = (  # what any network does
    *("lost_before", "lost_after", "refused", "read", "not_found", "frame_lost", "frame_twice"),
    *("frame_late", "link_breaks", "clock_steps", "crash"),
)
APART = ("late_rows", "hidden_stops", "ghosts")  # only when asked for: a seed stays what it was
LIES = (
    *("false_fill_rows", "false_fill_frames", "false_ends", "false_own_ends", "refused_stops"),
    *("edited_stops", "stuck_stops", "far_prices", "modes"),
)
OWNERS = ("takes", "seconds")
KINDS = tuple(one.name for one in fields(Chances) if one.name not in (*APART, "latency_ms"))
FIRST = tuple(one for one in KINDS if one not in (*LIES, *OWNERS))  # that a seed has always had


def stormy(seed: int, kinds: tuple[str, ...] = ()) -> Chances:
    """Return how often what goes wrong under a seed: all of some kinds, or where none is given
    two of all, or every one. What came later is drawn apart, so that what was chosen before stays.
    """
    rng = random.Random(seed + 3)
    often = rng.choice((0.005, 0.02, 0.06))
    crash = rng.choice((0.0, 0.0002, 0.002))
    chosen = kinds or (KINDS if rng.random() < 0.5 else tuple(rng.choices(FIRST, k=2)))
    if not kinds and len(chosen) < len(KINDS):
        later = random.Random(seed + 4)
        chosen = (*chosen, later.choice(LIES), *(kind for kind in OWNERS if later.random() < 0.2))
    found = {kind: often / 4 if kind in RARELY else often for kind in chosen}
    if "crash" in found:
        found["crash"] = crash
    low, high = rng.choice(((20, 120), (20, 120), (250, 350)))
    return replace(NONE, **found, latency_ms=(low, high))
