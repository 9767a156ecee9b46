"""The page about an order's life, written from the table that decides it."""

from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.order_life import TRANSITIONS, Move

WORDS = {
    OrderStatus.WAITING: "decided, nothing sent: others still hold the coins that it needs",
    OrderStatus.SUBMITTED: "the intent is durable; its request has left, or is about to",
    OrderStatus.SUBMIT_UNKNOWN: "the answer was lost: looked up until proof, never sent again",
    OrderStatus.OPEN: "the exchange has it; with fills it is partially filled",
    OrderStatus.TRIGGERED: "a stop's price was reached; it sells",
    OrderStatus.PENDING_CANCEL: "a cancel was asked for; it may still fill",
    OrderStatus.FILLED: "all of it was filled",
    OrderStatus.CANCELLED: "it ended before that",
    OrderStatus.EXPIRED: "its end time came",
    OrderStatus.REJECTED: "proven not to be at the exchange: refused, never sent, or never placed",
}
MARKS = {
    Move.TAKEN: "taken",
    Move.ECHO: "·",
    Move.ANOMALY: "**anomaly**",
    Move.ILLEGAL: "**illegal**",
}
TOP = """# An order's life

This page is generated from `gpt_trader/domain/order_life.py`, the table that the engine asks.

| Status | What is known |
|---|---|
"""
MIDDLE = """
An order that is partly filled stays `OPEN`, with its filled lots beside it; an edit that waits
for its answer stays `OPEN`, with the lots and the price that were asked for, and the larger of
both costs is set aside. Whatever is not final counts at its worst case: the cash of an entry is
set aside until proof.

What a report (columns) makes of a status (rows):

"""
END = """
- **taken**: the report is the status now. `·`: an echo, late or twice; nothing changes.
- **anomaly**: it had ended, and yet. Its fills are booked, an order that lives is watched and
  cancelled, and its product takes no entries until a person rearms. A rejected order that the
  exchange had once taken may echo as open.
- **illegal**: two ends that exclude each other. Nothing is booked; the product takes no entries
  until a person rearms.
- Fills are booked by the order's cumulative count, whatever its status: never twice, never
  dropped. One that comes after the order's end is an anomaly.
"""


def render() -> str:
    """Return the page."""
    names = list(TRANSITIONS)
    lines = [f"| `{status}` | {words} |" for status, words in WORDS.items()]
    head = "| | " + " | ".join(f"`{name}`" for name in names) + " |"
    rule = "|---" * (len(names) + 1) + "|"
    rows = [
        f"| `{known}` | " + " | ".join(MARKS[row[reported]] for reported in names) + " |"
        for known, row in TRANSITIONS.items()
    ]
    return TOP + "\n".join(lines) + "\n" + MIDDLE + "\n".join([head, rule, *rows]) + "\n" + END
