"""An order's life: what every report makes of every status, as a table.

Reports may come late, twice or out of order, so most of what does not move an order forward is an
echo. What cannot be an echo is an anomaly: its fill is booked all the same, and the product takes
no entries until a person has looked. What must not happen at all is illegal, and freezes it too.
"""

from enum import StrEnum

from gpt_trader.domain.order import OrderStatus

S = OrderStatus


class Move(StrEnum):
    """What a report does to an order."""

    TAKEN = "taken"  # the report is the order's status now
    ECHO = "echo"  # known, or older than what is known: nothing changes
    ANOMALY = "anomaly"  # it had ended, and yet: booked, the product is frozen
    ILLEGAL = "illegal"  # two ends that exclude each other: the product is frozen


_FORWARD = (
    S.WAITING,
    S.SUBMITTED,
    S.SUBMIT_UNKNOWN,
    S.OPEN,
    S.TRIGGERED,
    S.PENDING_CANCEL,
)
_ENDS = (S.FILLED, S.CANCELLED, S.EXPIRED, S.REJECTED)


def _from_alive(known: OrderStatus) -> dict[OrderStatus, Move]:
    """Return the row of an order that has not ended: its life never runs back."""
    at = _FORWARD.index(known)
    return {
        one: Move.TAKEN if i > at else Move.ECHO for i, one in enumerate(_FORWARD)
    } | dict.fromkeys(_ENDS, Move.TAKEN)


_ECHOES = dict.fromkeys((*_FORWARD, *_ENDS), Move.ECHO)
TRANSITIONS: dict[OrderStatus, dict[OrderStatus, Move]] = {
    **{known: _from_alive(known) for known in _FORWARD},
    S.FILLED: _ECHOES | dict.fromkeys((S.CANCELLED, S.EXPIRED, S.REJECTED), Move.ILLEGAL),
    S.CANCELLED: _ECHOES | {S.FILLED: Move.ANOMALY},
    S.EXPIRED: _ECHOES | {S.FILLED: Move.ANOMALY},
    S.REJECTED: _ECHOES
    | dict.fromkeys((S.OPEN, S.TRIGGERED, S.FILLED, S.CANCELLED, S.EXPIRED), Move.ANOMALY),
}


def move(known: OrderStatus, reported: OrderStatus, *, was_placed: bool) -> Move:
    """Return what a report does. was_placed: whether the exchange had given the order an id.

    One that it had taken and then rejected may echo; one that it never had must not live.
    """
    found = TRANSITIONS[known][reported]
    is_echo = known is S.REJECTED and was_placed and reported in (S.OPEN, S.TRIGGERED)
    return Move.ECHO if is_echo else found
