"""What the exchange knows of the bot: never more sold than bought, and how long nothing guarded.

Times are the exchange's. A position lasts from flat to flat. It is guarded while a stop of the
bot's rests that covers it; and while a process that knows of it has a fresh quote of it and no
order of it whose outcome is open, for such a process can sell it itself.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tests.emulator.books import Books, Order

ZERO = Decimal(0)
FRESH_MS = 10_000  # how old a quote may be that a process acts on
LOOK_MS = 2_000  # for so long a look may be under way
STUCK_MS = 1_800_000  # no order is unknown for so long while it is answered, whatever speaks for it
LEAST = Decimal(2)  # quote; less cannot be protected
DEAD, DOWN, UNKNOWN, RUNS = "no process", "no answers", "unknown order", "process runs"


class Belief(NamedTuple):
    """What a running process thinks of a product. held: base; is_unknown: an order's outcome.

    lacking: how much of what is held it knows not to be there. starts: whether it reads the account
    for the first time, and does nothing else.
    """

    held: Decimal
    is_unknown: bool
    lacking: Decimal = ZERO
    starts: bool = False


class Resolved(NamedTuple):
    """An order whose outcome the bot did not know: until when, and how long a process asked.

    took_ms: while it was answered, since the last look that spoke for the order.
    """

    client_order_id: str
    took_ms: int
    at_ms: int
    kinds: frozenset[str]


@dataclass
class Stretch:
    """Time from when a position was guarded last. longest_ms: the most of it, until at_ms."""

    ms: int = 0
    longest_ms: int = 0
    at_ms: int = 0

    def last(self, passed_ms: int, now_ms: int) -> None:
        """Let it go on."""
        self.ms += passed_ms
        if self.ms > self.longest_ms:
            self.longest_ms, self.at_ms = self.ms, now_ms


@dataclass
class Position:
    """One position. bare_ms: unguarded, by circumstance.

    unguarded: while one process runs and knows of every order; unsure: while one runs; unwatched:
    as unguarded, or while none runs. What passes otherwise, as while the exchange does not answer,
    does not count, and ends none of them.
    """

    product_id: str
    rests: bool
    before: Counter[str]
    began_ms: int
    unstopped_ms: int = 0
    bare_ms: Counter[str] = field(default_factory=Counter)
    unguarded: Stretch = field(default_factory=Stretch)
    unsure: Stretch = field(default_factory=Stretch)
    unwatched: Stretch = field(default_factory=Stretch)
    kinds: frozenset[str] = frozenset()


def nobody(_: str) -> Belief | None:
    """Return what no process thinks."""
    return None


def up(_: str) -> bool:
    """Return that the exchange is not down."""
    return False


@dataclass
class Truth:
    """Watches the books. ours: the product of each client id that was sent; forgotten: before the
    journal was one of earlier; heard_ms: a product's newest quote.

    taken: what the owner took; adopted: what the journal gave up of that; enlarged: how much more
    he let a stop sell, owed: how much of that it did.

    rests: whether stops rest there; is_wanted: whether positions are to have one at all. belief:
    asks the running process about a product. is_down: whether questions about it get no answer;
    is_silent: whether what was asked last of the account was not answered, or not in full.
    """

    books: Books
    happened: Counter[str]
    now_ms: int
    rests: bool = True
    is_wanted: bool = True
    belief: Callable[[str], Belief | None] = nobody
    is_down: Callable[[str], bool] = up
    is_silent: Callable[[], bool] = bool
    ours: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    filled: dict[str, Decimal] = field(default_factory=dict)
    taken: dict[str, Decimal] = field(default_factory=dict)
    adopted: dict[str, Decimal] = field(default_factory=dict)
    turned_down: set[str] = field(default_factory=set)
    enlarged: dict[str, Decimal] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    theirs: set[str] = field(default_factory=set)
    brought: set[str] = field(default_factory=set)
    moved_ms: dict[str, int] = field(default_factory=dict)
    held: dict[str, Decimal] = field(default_factory=dict)
    stops: dict[str, dict[str, Order]] = field(default_factory=dict)
    heard_ms: dict[str, int] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    resolved: list[Resolved] = field(default_factory=list)
    _open: dict[str, Position] = field(default_factory=dict)
    _asked_ms: dict[str, int] = field(default_factory=dict)
    _unknown_before: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books.on_order.append(self.on_order)

    # Orders.

    def on_send(self, client_id: str, product_id: str) -> None:
        """Take note that a process sends an order; no id may leave twice.

        But where the journal that knew of it is gone: the same decision has the same id, by which
        the exchange knows it again.
        """
        assert client_id not in self.ours or client_id in self.forgotten, "an order was sent twice"
        self.ours[client_id] = product_id

    def on_order(self, order: Order) -> None:
        """Take an order's change in: what the bot sold it had bought."""
        key, name = order.client_order_id, order.product_id
        if key not in self.ours:
            return
        if order.side == "SELL" and order.kind.startswith(("stop_limit", "trigger")):
            self.stops.setdefault(name, {})[key] = order
        new = order.filled - self.filled.get(key, ZERO)
        if not new:
            return
        self.filled[key], self.moved_ms[name] = order.filled, self.now_ms
        self.held[name] = self.held.get(name, ZERO) + (new if order.side == "BUY" else -new)
        if self.held[name] < 0:  # its owner may have let it sell his own, too
            owed = self.owed.get(name, ZERO) + self.enlarged.pop(key, ZERO)
            # Or it took over what a second bot sold, and not what that had bought.
            self.owed[name] = max(owed, -self.held[name]) if key in self.theirs else owed
        sold = -self.held[name] - self.owed.get(name, ZERO)
        assert sold <= 0, f"{sold} of somebody else's {name} were sold"

    def on_start(self) -> None:
        """Take note that a process begins: what one before it left does not count against it."""
        for one in self._open.values():
            one.unguarded.ms = one.unsure.ms = 0

    # The owner.

    def there(self, name: str) -> Decimal:
        """Return how much of what the bot bought and did not sell is in the account."""
        held = self.held.get(name, ZERO)
        return min(held, self.books.totals.get(self.books.rules[name].base, ZERO))

    def on_moved(self, name: str) -> None:
        """Take note that the owner may have taken coins of the bot's, or brought them back."""
        gone = self.held.get(name, ZERO) - self.there(name)
        if not gone:
            self.turned_down.discard(name)
        self.taken[name] = max(self.taken.get(name, ZERO), gone)

    def on_refused(self, client_id: str) -> None:
        """Take note that an order was turned down: from now on it counts that coins are gone."""
        name = self.ours.get(client_id, "")
        if name and self.held.get(name, ZERO) > self.there(name):
            self.turned_down.add(name)

    def on_cut(self, name: str, amount: Decimal) -> None:
        """Take in that the bot gives so much up: it had been taken."""
        gone = self.taken.get(name, ZERO)
        assert amount <= gone, f"{amount} of {name} were given up, and {gone} had been taken"
        self.taken[name] = gone - amount
        self.held[name] -= amount
        self.adopted[name] = self.adopted.get(name, ZERO) + amount

    def on_settled(self, name: str, lots: Decimal) -> None:
        """Take in that a person wrote off what was sold beyond what was bought."""
        self.held[name] += lots
        self.owed[name] -= lots

    def on_found(self, key: str) -> None:
        """Take in that the journal knows of an order: again, or as the second bot's no more."""
        self.forgotten.discard(key)
        order = self.books.by_client[key]
        if key not in self.ours:
            self.ours[key] = order.product_id
            self.theirs.add(key)
            self.brought.add(order.product_id)  # whose stop nobody here knows
            self.on_order(order)
            self.on_moved(order.product_id)  # its coins may have gone before

    def on_put_back(self, adopted: dict[str, Decimal], theirs: set[str]) -> None:
        """Take note that the journal does not know any more what it gave up since then.

        theirs: the second bot's orders that it had taken over by then; the later ones it may find.
        """
        for key in self.theirs - theirs:
            order, name = self.books.by_client[key], self.ours.pop(key)
            filled = self.filled.pop(key, ZERO)
            self.held[name] = self.held.get(name, ZERO) - (
                filled if order.side == "BUY" else -filled
            )
        self.theirs &= theirs
        self.forgotten |= self.ours.keys()
        for name, amount in self.adopted.items():
            again = amount - adopted.get(name, ZERO)
            self.held[name] += again
            self.taken[name] = self.taken.get(name, ZERO) + again
        self.adopted = dict(adopted)

    # Time.

    def pass_time(self, to_ms: int) -> None:
        """Let time pass under what is so now."""
        passed_ms, self.now_ms = to_ms - self.now_ms, max(to_ms, self.now_ms)
        for key in () if self.is_silent() else self.unknown:
            name = self.ours.get(key, "")
            if name and self.belief(name) is not None and not self.is_down(name):
                self.unknown[key] += passed_ms
                self._asked_ms[key] = self._asked_ms.get(key, 0) + passed_ms
                assert self._asked_ms[key] < STUCK_MS, f"order {key} of {name} stays unknown"
        if not self.is_wanted:
            return
        for name in self.held:
            held = self.there(name)
            worth = held * self.books.touch[name][0]
            known = self._open.get(name)
            if worth < LEAST:
                self.brought.discard(name)
                if known is not None:
                    self._end(self._open.pop(name))
            elif known is None:
                self._open[name] = Position(name, self.rests, self.happened.copy(), to_ms)
            elif passed_ms > 0:
                self._count(known, held, passed_ms)

    def _count(self, one: Position, held: Decimal, passed_ms: int) -> None:
        is_stopped = self._stopped(one.product_id) >= held
        one.unstopped_ms += 0 if is_stopped else passed_ms
        why = "" if is_stopped else self._unguarded(one.product_id, held)
        if why:
            one.bare_ms[why] += passed_ms
        for stretch, counted in (
            (one.unguarded, (RUNS,)),
            (one.unsure, (RUNS, UNKNOWN)),
            (one.unwatched, (RUNS, DEAD)),
        ):
            if not why:
                stretch.ms = 0
            elif why in counted:
                stretch.last(passed_ms, self.now_ms)

    def _stopped(self, name: str) -> Decimal:
        """Return for how much a stop rests."""
        stops = self.stops.get(name)
        if not stops:
            return ZERO
        for key in [key for key, order in stops.items() if order.is_final]:
            del stops[key]
        return sum(
            (
                order.left
                for order in stops.values()
                if order.status != "PENDING" and not self._has_failed(order)
            ),
            ZERO,
        )

    def _has_failed(self, stop: Order) -> bool:
        """Whether a stop's price has passed, and it has not triggered."""
        price = stop.stop
        return stop.is_stuck and price is not None and self.books.touch[stop.product_id][0] <= price

    def _is_left_alone(self, name: str) -> bool:
        """Whether a stop has failed, and the bot has not so much as cancelled it."""
        stops = self.stops.get(name, {}).values()
        return any(one.status == "OPEN" and self._has_failed(one) for one in stops)

    def _unguarded(self, name: str, held: Decimal) -> str:
        """Return under which circumstances nobody can act; "" if a process can."""
        belief = self.belief(name)
        if belief is None:  # one that ran would do no more while nobody answers
            return DOWN if self.is_down(name) else DEAD
        is_fresh = self.now_ms - self.heard_ms.get(name, 0) <= FRESH_MS
        acts = not self._is_left_alone(name)
        gone = self.held[name] - held if name in self.turned_down else ZERO
        is_known = belief.held >= held and belief.lacking >= gone
        if is_known and is_fresh and acts and not belief.is_unknown:
            return ""
        waits = belief.held < held or belief.starts
        if self.is_down(name) or (waits and self.is_silent()):
            return DOWN
        return UNKNOWN if belief.is_unknown else RUNS

    def _end(self, one: Position) -> None:
        one.kinds = since(one.before, self.happened)
        self.positions.append(one)

    def bare(self) -> list[str]:
        """Return the products that are held with neither a stop nor an order that sells them.

        But for what was filled while the last look was under way, and a second bot's.
        """
        return [
            name
            for name in self._open.keys() - self.brought
            if self._stopped(name) < self.there(name)
            and self.now_ms - self.moved_ms[name] > LOOK_MS
            and not any(
                order.product_id == name and order.side == "SELL"
                for order in self.books.live()
                if order.client_order_id in self.ours
            )
        ]

    @property
    def is_holding(self) -> bool:
        """Whether the bot holds a position that counts."""
        return bool(self._open)

    def end(self) -> None:
        """Count what is still held."""
        for one in self._open.values():
            self._end(one)
        self._open.clear()

    # Orders whose outcome the bot does not know.

    def on_unknown(self, keys: set[str]) -> None:
        """Take in which orders of ours have an outcome that the bot does not know."""
        for key in keys - self.unknown.keys():
            self.unknown[key] = 0
            self._unknown_before[key] = self.happened.copy()
        for key in [key for key in self.unknown if key not in keys]:
            kinds = since(self._unknown_before.pop(key), self.happened)
            took_ms, _ = self.unknown.pop(key), self._asked_ms.pop(key, 0)
            self.resolved.append(Resolved(key, took_ms, self.now_ms, kinds))

    def on_contradiction(self, key: str) -> None:
        """Take note that a look spoke for an order that it did not find: proof begins anew."""
        if key in self.unknown:
            self.unknown[key] = 0


def since(before: Counter[str], now: Counter[str]) -> frozenset[str]:
    """Return what happened meanwhile, a crash being one kind wherever it was."""
    return frozenset(
        "crashed" if name.startswith("crashed") else name
        for name, count in now.items()
        if count > before[name]
    )
