"""The guards: one row each. A guard can refuse an entry; none can refuse an exit.

From the rows come the profile's `risk` section and the policy (settings), the table that the
kernel's loop evaluates (table), the readings and reasons of every decision, and docs/guards.md
(page). How a further guard is added stands in docs/guards.md.
"""

from dataclasses import dataclass
from typing import Literal

from gpt_trader.kernel.codes import (
    DECISION_NAMES,
    FIRST_REFUSAL,
    N_CODES,
    REFUSED_CASH,
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
    REFUSED_ENTRIES,
    REFUSED_GRID,
    REFUSED_GROSS_CAP,
    REFUSED_HALTED,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PAUSED,
    REFUSED_PRODUCT_CAP,
    REFUSED_STALE_BAR,
    REFUSED_UNKNOWN_ORDER,
    REFUSED_UNRECONCILED,
)
from gpt_trader.kernel.readings import MOVES, OF_ORDER, OF_PRODUCT
from gpt_trader.risk.settings import (
    MAX_BAR_AGE,
    MAX_DAILY_LOSS,
    MAX_DRAWDOWN,
    MAX_ENTRIES,
    MAX_GROSS,
    MAX_PRODUCT,
    MIN_SIZE,
    REBALANCE_BAND,
    Setting,
)

Scope = Literal["account", "product", "order"]
Kind = Literal["entry", "order", "start", "watch", "evidence"]
Action = Literal["refuse", "reduce-only", "halt"]
Comparison = Literal["below", "at most", "at least", "above"]
Route = Literal["ask", "cut", "size"]
Changes = Literal["never", "at time", "at equity", "at day", "any bar"]

# What a product is decided on, what it is, and what decides: a word of each group.
BARS, QUOTES, LIVE = "bars", "quotes", "live"
SPOT, PERPETUAL = "spot", "perpetual"
RULES, MODELS = "rules", "models"
GROUPS = (
    frozenset((BARS, QUOTES, LIVE)),
    frozenset((SPOT, PERPETUAL)),
    frozenset((RULES, MODELS)),
)
EVERYWHERE = frozenset().union(*GROUPS)

# What sizing decides of a route's entry, whatever its row says: reading, comparison, against.
_SIZED = (
    ("order_off_grid", "at most", ""),
    ("order_overflow", "at most", ""),
    ("least_input", "above", ""),
    ("order_worth", "at least", "order_least"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a decision shows of a guard, where that is not what refuses. limit None: the row's."""

    reading: str
    comparison: Comparison
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # a row is itself
class Guard:
    """One guard.

    code, reason: number and name of its refusal, as journals keep them; never used anew. words:
    when it refuses, for the page; detail: the sentence of the refusal. default: the limit in words,
    where there is no setting.

    It refuses unless `reading` is `comparison` its limit: the setting's, else `limit`, or the
    reading `against`. latch: a reading that alone refuses while it is 1. flag: a refusal says 1
    against 0. needs: settings without a row of their own; without one of them it refuses, too.
    route: what is done about a route's order: it is asked, cut to `room` (the readings per, used:
    limit x per - used is left), or sizing sees to it, which it does of what it knows only.

    kind: `entry` guards are asked before an entry is sized and cancel one that rests, `order`
    guards are about its own size and price. `start`, `watch` and `evidence` stand in the table and
    on the page and refuse no order themselves. applies: the words (BARS, SPOT, ...) of the
    products that it is for; a group of which it has no word does not restrict it.

    changes: when the answer can change next while bars go by and nothing is ordered, as its
    readings move (`kernel.readings.MOVES`). Whoever is not sure leaves `any bar`: slow, never
    wrong.

    Raises ValueError for a row that contradicts itself.
    """

    code: int
    reason: str
    name: str
    words: str
    detail: str
    reading: str
    test: str
    scope: Scope
    kind: Kind = "entry"
    action: Action = "refuse"
    unit: str = ""
    comparison: Comparison = "at most"
    limit: float = 0.0
    setting: Setting | None = None
    needs: tuple[Setting, ...] = ()
    default: str = ""
    against: str = ""
    latch: str = ""
    flag: bool = False
    route: Route = "ask"
    room: tuple[str, str] = ("", "")
    shown: Shown | None = None
    applies: frozenset[str] = EVERYWHERE
    changes: Changes = "any bar"

    def __post_init__(self) -> None:
        if not FIRST_REFUSAL <= self.code < N_CODES:
            raise ValueError(f"{self.name}: codes are from {FIRST_REFUSAL} to {N_CODES - 1}")
        for name in (self.reading, self.against, self.latch, *self.room):
            if name and name not in OF_PRODUCT + OF_ORDER:
                raise ValueError(f"{self.name}: there is no reading {name}")
            if name in OF_ORDER and self.kind != "order":
                raise ValueError(f"{self.name}: {name} is read of an order only")
        if (self.route == "cut") != bool(self.room[0]):
            raise ValueError(f"{self.name}: a guard that cuts needs its room, and no other")
        if not self.applies <= EVERYWHERE:
            raise ValueError(f"{self.name}: {sorted(self.applies - EVERYWHERE)} is nowhere")
        asked = (self.reading, self.comparison, self.against)
        if self.route == "size" and (asked not in _SIZED or self.limit or self.latch):
            raise ValueError(f"{self.name}: sizing does not decide this: ask it or let it cut")
        if self.changes not in self.permitted:
            raise ValueError(f"{self.name}: its answer changes {' or '.join(self.permitted)}")

    @property
    def permitted(self) -> tuple[str, ...]:
        """The words that are true of when its answer changes, by how its readings move."""
        asked = [self.latch or self.reading, *([self.against] if self.against else [])]
        moves = {MOVES.get(name, "any bar") for name in asked}
        if len(moves) > 1:
            moves.discard("never")
        # of a difference or a latch the limit says no time
        if len(moves) > 1 or (moves == {"at time"} and (self.latch or self.against)):
            return ("any bar",)
        return tuple(sorted({*moves, "any bar"}, reverse=True))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings whose limits it needs, its own first."""
        return (*((self.setting,) if self.setting else ()), *self.needs)

    @property
    def shows(self) -> Shown | None:
        """What every decision shows of it; None: nothing, as it is about an order."""
        if self.shown is None and self.kind == "entry":
            return Shown(self.reading, self.comparison)
        return self.shown


# In the order in which the first that refuses is named.
GUARDS = (
    Guard(
        code=REFUSED_GRID,
        reason="OFF_GRID",
        name="grid",
        words="side, size or price is missing or not positive",
        detail="price or size is not on the product's grid",
        reading="order_off_grid",
        scope="order",
        kind="order",
        route="size",
        test="test_off_grid",
    ),
    Guard(
        code=REFUSED_MISSING_INPUT,
        reason="MISSING_INPUT",
        name="missing input",
        words="equity or the price is missing or not positive, or the rebalance band is missing",
        detail="equity or price is missing",
        reading="least_input",
        comparison="above",
        needs=(REBALANCE_BAND,),
        scope="order",
        kind="order",
        route="size",
        test="test_missing_input",
    ),
    Guard(
        code=REFUSED_HALTED,
        reason="HALTED",
        name="halt",
        words="a person or the engine halted trading; open entries are cancelled",
        detail="trading is halted: only exits until `gpt-trader rearm`",
        reading="halt",
        scope="account",
        action="halt",
        flag=True,
        default="off",
        changes="never",
        test="test_halted",
    ),
    Guard(
        code=REFUSED_DRAWDOWN,
        reason="DRAWDOWN",
        name="drawdown",
        words="equity fell by the limit or more from its highest, transfers aside; until a person "
        "rearms",
        detail="the drawdown limit was reached: only exits until a person rearms",
        unit="of equity",
        reading="drawdown",
        comparison="below",
        setting=MAX_DRAWDOWN,
        latch="drawdown_latch",
        scope="account",
        action="halt",
        changes="at equity",
        test="test_drawdown",
    ),
    Guard(
        code=REFUSED_DAILY_LOSS,
        reason="DAILY_LOSS",
        name="daily loss",
        words="equity fell by the limit or more since the UTC day began, transfers aside; until "
        "the next day",
        detail="the daily loss limit was reached today: only exits until the next UTC day",
        unit="of equity",
        reading="daily_loss",
        comparison="below",
        setting=MAX_DAILY_LOSS,
        latch="daily_loss_latch",
        scope="account",
        action="reduce-only",
        changes="at equity",
        test="test_daily_loss",
    ),
    Guard(
        code=REFUSED_PAUSED,
        reason="PAUSED",
        name="pause",
        words="the operator paused; open entries are cancelled",
        detail="paused by the operator: only exits until `gpt-trader resume`",
        reading="pause",
        scope="account",
        action="reduce-only",
        flag=True,
        default="off",
        changes="never",
        test="test_paused",
    ),
    Guard(
        code=REFUSED_UNKNOWN_ORDER,
        reason="UNKNOWN_ORDER",
        name="unknown order",
        words="an order of the product has an unknown outcome; it also keeps `rearm` from clearing "
        "a halt",
        detail="an order's outcome is unknown: only exits until it is known",
        unit="orders",
        reading="unknown_orders",
        scope="product",
        action="reduce-only",
        flag=True,
        changes="never",
        test="test_unknown_order",
    ),
    Guard(
        code=REFUSED_UNRECONCILED,
        reason="UNRECONCILED",
        name="reconciliation",
        words="the product is frozen (something about it could not be explained; until a person "
        "rearms), or the exchange takes no orders of it, or the account was not found in line with "
        "the journal for the limit",
        detail="the account is not in line with the journal, or the product is closed: only exits",
        reading="unreconciled",
        scope="product",
        action="reduce-only",
        flag=True,
        default="5 min",
        changes="never",
        test="test_unreconciled",
    ),
    Guard(
        code=REFUSED_STALE_BAR,
        reason="STALE_BAR",
        name="bar age",
        words="the newest bar closed more than the limit ago",
        detail="the newest bar is too old, ms",
        unit="ms",
        reading="bar_age_ms",
        setting=MAX_BAR_AGE,
        scope="product",
        changes="never",  # a bar is late only where somebody waits for it: no simulation does
        test="test_stale_bar",
    ),
    Guard(
        code=REFUSED_ENTRIES,
        reason="MAX_ENTRIES",
        name="entries a day",
        words="as many entries as allowed were sent this UTC day",
        detail="as many entries today as are allowed",
        unit="entries",
        reading="entries_today",
        comparison="below",
        setting=MAX_ENTRIES,
        scope="account",
        changes="at day",
        test="test_max_entries",
    ),
    Guard(
        code=REFUSED_OVERFLOW,
        reason="OVERFLOW",
        name="overflow",
        words="larger than the exchange takes, or than can be counted exactly",
        detail="the order is larger than the exchange takes, or than can be counted exactly",
        unit="lots",
        reading="order_overflow",
        scope="order",
        kind="order",
        route="size",
        default="9e9 quote",
        test="test_overflow",
    ),
    Guard(
        code=REFUSED_MINIMUM,
        reason="BELOW_MINIMUM",
        name="minimum",
        words="the order is below so many exchange minimums, after fees and the stop's distance",
        detail="the order would be below the least sellable size, quote",
        unit="quote",
        reading="order_worth",
        comparison="at least",
        against="order_least",
        setting=MIN_SIZE,
        scope="order",
        kind="order",
        route="size",
        test="test_below_minimum",
    ),
    Guard(
        code=REFUSED_PRODUCT_CAP,
        reason="PRODUCT_CAP",
        name="product share",
        words="position and open orders of the product would exceed the share of equity",
        detail="the product is at its share of equity",
        unit="of equity",
        reading="product_share_after",
        setting=MAX_PRODUCT,
        scope="product",
        kind="order",
        route="cut",
        room=("equity", "product_used"),
        shown=Shown("product_share", "below"),
        test="test_product_cap",
    ),
    Guard(
        code=REFUSED_GROSS_CAP,
        reason="GROSS_CAP",
        name="gross share",
        words="all positions and open entries would exceed the share of equity",
        detail="all positions and entries together are at their share of equity",
        unit="of equity",
        reading="gross_share_after",
        setting=MAX_GROSS,
        scope="account",
        kind="order",
        route="cut",
        room=("equity", "gross_used"),
        shown=Shown("gross_share", "below"),
        test="test_gross_cap",
    ),
    Guard(
        code=REFUSED_CASH,
        reason="CASH",
        name="cash",
        words="cost and fee exceed the cash that nothing has set aside",
        detail="not enough free cash, fees included",
        unit="quote",
        reading="order_worth",
        against="free_cash",
        limit=1.0,
        scope="account",
        kind="order",
        route="cut",
        room=("spendable", ""),
        shown=Shown("free_cash", "above", 0.0),
        test="test_cash",
    ),
)

# Decisions have always listed these readings first, in this order; others follow by their rows.
_FIRST_SHOWN = (
    "halt", "pause", "daily_loss", "drawdown", "entries_today", "bar_age_ms", "unknown_orders",
    "unreconciled", "product_share", "gross_share", "free_cash",
)  # fmt: skip


def shown_rows(guards: tuple[Guard, ...]) -> list[tuple[int, Shown]]:
    """Return what decisions show of the guards, in order: (place of the row, what)."""
    shown = [(k, guard.shows) for k, guard in enumerate(guards)]
    listed = [(k, what) for k, what in shown if what is not None]
    return sorted(
        listed,
        key=lambda row: (
            _FIRST_SHOWN.index(row[1].reading)
            if row[1].reading in _FIRST_SHOWN
            else len(_FIRST_SHOWN)
        ),
    )


def decision_name(code: int, guards: tuple[Guard, ...] = GUARDS) -> str:
    """Return what a decision code is called in journals and in print."""
    if code in DECISION_NAMES:
        return DECISION_NAMES[code]
    return next((guard.reason for guard in guards if guard.code == code), f"REFUSED_{code}")
