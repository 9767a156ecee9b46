"""What the engine decided about an event. `apply` folds them; nothing else moves the state."""

from typing import Any, NamedTuple

from gpt_trader.domain.decision import Decision, Reason
from gpt_trader.domain.order import Order
from gpt_trader.domain.product import Grid
from gpt_trader.kernel.marks import Marks


class HistoryTaken(NamedTuple):
    """The event's bars open the product's window."""


class SeriesTaken(NamedTuple):
    """The event's bars are in the window of what is read."""


class BarTaken(NamedTuple):
    """The event's bar is the product's newest; `funding` units were exchanged at its close."""

    funding: int


class BarCorrected(NamedTuple):
    """The event's bar is older than the newest: it enters the window, nothing is undone."""


class Marked(NamedTuple):
    """Equity and its counters at a cycle."""

    cycle_ms: int
    marks: Marks


class Decided(NamedTuple):
    """A product's decision, the order it makes and the order it cancels."""

    decision: Decision
    order: Order | None
    cancelled: str | None
    stop: float
    take_profit: float
    trail: float
    max_bars: int
    memory: Any = None


class CycleEnded(NamedTuple):
    """All products of a cycle are decided."""

    cycle_ms: int


class CyclePaused(NamedTuple):
    """The products `left` of a cycle are decided once an order of theirs is seen to end."""

    cycle_ms: int
    left: tuple[int, ...]


class FillBooked(NamedTuple):
    """The event's fill moved cash and position, by what its order's watermark was short of."""

    cash: int  # after it
    lots: int  # what was booked: more than the fill's if an earlier one was missed
    fee: int
    is_late: bool  # the order had already ended: an anomaly, booked all the same
    moved: str = ""  # exact change of the quote currency, fee included; "" in a simulation


class FillIgnored(NamedTuple):
    """The event's fill was booked before (cumulative at or below the watermark)."""


class StatusTaken(NamedTuple):
    """The event's status is the order's."""


class AbsenceCounted(NamedTuple):
    """The event's look counts toward the proof that its order was never placed, or undoes it."""


class DoubtTaken(NamedTuple):
    """What is in doubt since when, or no more, is as the event says."""


class OrderReleased(NamedTuple):
    """An order that waited is sent now: what it needs is free.

    lots: cut to what is free; 0 if it is ordered by value.
    """

    client_order_id: str
    lots: int
    time_ms: int


class ExitPriced(NamedTuple):
    """An exit at market that waits is to leave as a limit order: no other is taken.

    limit: ticks, through the touch of the event.
    """

    client_order_id: str
    limit: int


class OrderEnded(NamedTuple):
    """An order is known not to be at the exchange: it was never sent, or never placed.

    code: NOT_SENT or NOT_PLACED, with what there is to say behind a colon.
    """

    client_order_id: str
    code: str


class OrderTaken(NamedTuple):
    """An operator's order passed its checks."""

    order: Order


class OrderRefused(NamedTuple):
    """A request was refused, and why."""

    command_id: str
    reason: Reason


class CancelTaken(NamedTuple):
    """An order is being cancelled."""

    client_order_id: str


class AmendTaken(NamedTuple):
    """The event's new size and price are the order's."""


class EditTaken(NamedTuple):
    """The order is what the event says; so is the level of a position that it protects."""


class SwitchSet(NamedTuple):
    """Halt or pause were set or cleared."""

    halted: bool
    paused: bool
    by: str
    reason: str


class AssetAdjusted(NamedTuple):
    """The event's amount is in the ledger; cash, high, day's start and equity move by `units`."""

    units: int  # 0 for an asset that is not the plan's quote currency


class PositionCut(NamedTuple):
    """Product j holds no more than so many lots: the rest is gone, and nobody knows where."""

    j: int
    lots: int


class PositionTaken(NamedTuple):
    """The event's position is held, with the protection that rests for it.

    units: what it was worth then, which is brought in as a transfer is; 0 in older journals.
    """

    units: int = 0


class OrdersTaken(NamedTuple):
    """The event's orders are ours, and their fills are booked."""


class DebtSettled(NamedTuple):
    """What was sold of product j beyond what was bought is nobody's position any more.

    units: of cash, what it was worth: they are somebody else's now.
    """

    j: int
    units: int


class ProductFrozen(NamedTuple):
    """Product j takes no entries, and why; "": it does again."""

    j: int
    reason: str


class ProductClosed(NamedTuple):
    """The exchange takes no orders of product j, and why; "": it does.

    limit_only: but for market orders.
    """

    j: int
    reason: str
    limit_only: bool = False


class ProofLost(NamedTuple):
    """Why nothing would prove that product j's stop has ended; "": it would be proven."""

    j: int
    why: str


class ProductRegridded(NamedTuple):
    """The exchange takes other sizes and prices of product j than before."""

    j: int
    grid: Grid


class LackNoted(NamedTuple):
    """So many lots of product j's position are not in the account now: no order can sell them."""

    j: int
    lots: int


class Flattening(NamedTuple):
    """Whatever is held is sold until nothing is; ends with the halt."""


class Disarmed(NamedTuple):
    """No entry until the account was looked at."""


class Armed(NamedTuple):
    """The account was found in line."""


class QuoteTaken(NamedTuple):
    """The event's quote was looked at and asked for nothing."""


class LevelPassed(NamedTuple):
    """The quote is beyond the stop that rests for product j, or no longer (0): since when, ms."""

    j: int
    since_ms: int


class ExitTaken(NamedTuple):
    """A quote passed the stop or the take-profit: this order closes the position."""

    order: Order
    stopped: tuple[str, ...]  # client ids of what is cancelled for it


class ExitRepeated(NamedTuple):
    """An exit that was refused, not sent or not filled is tried again."""

    order: Order


class ExposureNoted(NamedTuple):
    """Whether product j's position has no resting stop, and no exit under way either, from now."""

    j: int
    is_stopless: bool
    is_bare: bool


class ProtectionTaken(NamedTuple):
    """This order is to rest at the exchange as the position's protection."""

    order: Order
    time_ms: int


# Those that leave it to their event to say what happened.
EventTaken = (
    HistoryTaken
    | SeriesTaken
    | BarCorrected
    | FillBooked
    | StatusTaken
    | AbsenceCounted
    | DoubtTaken
    | AmendTaken
    | EditTaken
    | AssetAdjusted
    | PositionTaken
    | OrdersTaken
    | Armed
)

# Those that only a session makes whose stops do not fill by bars.
AtExchange = (
    OrderReleased
    | ExitPriced
    | OrderEnded
    | ExitTaken
    | ExitRepeated
    | ProtectionTaken
    | LevelPassed
    | ExposureNoted
    | LackNoted
)

# Those that turn entries on or off.
Switch = (
    SwitchSet | ProductFrozen | ProductClosed | ProofLost | ProductRegridded | Flattening | Disarmed
)

Record = (
    HistoryTaken
    | SeriesTaken
    | BarTaken
    | BarCorrected
    | Marked
    | Decided
    | CycleEnded
    | CyclePaused
    | FillBooked
    | FillIgnored
    | StatusTaken
    | AbsenceCounted
    | DoubtTaken
    | OrderReleased
    | ExitPriced
    | OrderEnded
    | OrderTaken
    | OrderRefused
    | CancelTaken
    | AmendTaken
    | EditTaken
    | SwitchSet
    | AssetAdjusted
    | PositionCut
    | PositionTaken
    | OrdersTaken
    | DebtSettled
    | ProductFrozen
    | ProductClosed
    | ProofLost
    | ProductRegridded
    | Flattening
    | Disarmed
    | Armed
    | QuoteTaken
    | ExitTaken
    | ExitRepeated
    | ProtectionTaken
    | LevelPassed
    | ExposureNoted
    | LackNoted
)
