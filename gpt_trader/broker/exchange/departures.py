"""What is to leave for an exchange, and in which order: a pure queue, its clock an argument.

What is more urgent leaves first, what is as urgent in the order in which it was put. What waited
too long goes before all, and the budget is saved up for it: else many cheap ones would keep a dear
one waiting for ever. Of one key one is under way at a time, of each kind so many, and all of them
within a budget.
"""

import bisect
import itertools
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gpt_trader.broker.exchange.carry import Key

SLOWEST = 0.1  # of the allowed rate, after refusals
RECOVERY = 1.05  # faster by so much after an answer


class Kind(NamedTuple):
    """What has things in common. rank: 0 leaves first. most: so many are under way at a time.

    costs: so many requests one makes. spares: so many of the budget are left to what is urgent.
    patience_ms: having waited so long one goes before all, longer where the budget is slowed down:
    what is urgent has its part of a small one, too; 0: never.
    """

    rank: int
    most: int
    costs: float = 1.0
    spares: float = 0.0
    patience_ms: int = 0


class Departure[T](NamedTuple):
    """Something that waits. until_ms: not begun by then it is not to leave; 0: it may always."""

    key: Key
    kind: str
    what: T
    until_ms: int = 0


@dataclass(slots=True)
class Budget:
    """So many requests a second, and as many at once after a pause; fewer after a refusal."""

    per_s: float
    rate: float = field(init=False)
    left: float = field(init=False)
    at_ms: int = 0

    def __post_init__(self) -> None:
        self.rate, self.left = self.per_s, max(self.per_s, 1.0)

    def has(self, requests: float, now_ms: int) -> bool:
        """Whether so many requests may leave now."""
        passed_s = max(now_ms - self.at_ms, 0) / 1000  # a clock that is set back gives nothing
        self.at_ms = now_ms
        self.left = min(self.left + passed_s * self.rate, max(self.rate, 1.0))
        return self.left >= min(requests, max(self.rate, 1.0))

    @property
    def slowness(self) -> float:
        """How many times as long as at the allowed rate it takes; 1: it is not slowed down."""
        return self.per_s / self.rate

    def slow_down(self) -> None:
        """Halve the rate: the exchange said that it was too fast."""
        self.rate = max(self.rate / 2.0, SLOWEST * self.per_s)
        self.left = min(self.left, 1.0)

    def speed_up(self) -> None:
        """Grow back towards the allowed rate."""
        self.rate = min(self.rate * RECOVERY, self.per_s)


@dataclass(slots=True)
class Departures[T]:
    """The queue. kinds: by name."""

    kinds: Mapping[str, Kind]
    budget: Budget
    _waiting: list[tuple[int, int, Departure[T]]] = field(default_factory=list)
    _under_way: dict[Key, Departure[T]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _since_ms: dict[int, int] = field(default_factory=dict)  # when one was first to leave

    def put(self, one: Departure[T]) -> None:
        """Let something wait for its turn."""
        item = (self.kinds[one.kind].rank, next(self._numbers), one)
        bisect.insort(self._waiting, item, key=lambda kept: kept[:2])

    def begin(self, now_ms: int) -> list[Departure[T]]:
        """Return what leaves now, in order; each is under way until its key is `end`ed."""
        if not self._waiting:
            return []
        under_way = Counter(one.kind for one in self._under_way.values())
        left: list[tuple[int, int, Departure[T]]] = []
        begun: list[Departure[T]] = []
        held: set[Key] = set(self._under_way)
        overdue, saves = self._overdue(now_ms), False
        for item in sorted(self._waiting, key=lambda item: item[1] not in overdue):
            one, kind = item[2], self.kinds[item[2].kind]
            is_free = one.key not in held and under_way[one.kind] < kind.most
            held.add(one.key)  # what waits behind it about the same waits longer
            if is_free and not saves and self.budget.has(kind.costs + kind.spares, now_ms):
                self.budget.left -= kind.costs
                self._under_way[one.key] = one
                under_way[one.kind] += 1
                begun.append(one)
            else:
                saves |= is_free and item[1] in overdue
                left.append(item)
        self._waiting = sorted(left, key=lambda kept: kept[:2])
        return begun

    def _overdue(self, now_ms: int) -> set[int]:
        """Return the numbers of those that have waited too long for their turn."""
        kept, found, slowness = dict[int, int](), set[int](), self.budget.slowness
        for _, number, one in self._waiting:
            since_ms = kept[number] = min(self._since_ms.get(number, now_ms), now_ms)
            patience_ms = self.kinds[one.kind].patience_ms * slowness
            if patience_ms and now_ms - since_ms >= patience_ms:
                found.add(number)
        self._since_ms = kept
        return found

    def end(self, key: Key) -> T:
        """Return what was under way about a key, and has come back."""
        return self._under_way.pop(key).what

    def drop_late(self, now_ms: int) -> list[Departure[T]]:
        """Take out, and return, what has not begun in its time."""
        if not self._waiting:
            return []
        late = [item for item in self._waiting if 0 < item[2].until_ms < now_ms]
        self._waiting = [item for item in self._waiting if item not in late]
        return [item[2] for item in late]

    def withdraw(self, keys: Container[Key] | None = None) -> list[Departure[T]]:
        """Take out, and return, what waits about some keys, None for all: it will not leave."""
        taken = [item for item in self._waiting if keys is None or item[2].key in keys]
        self._waiting = [item for item in self._waiting if item not in taken]
        return [item[2] for item in taken]

    def holds(self, key: Key) -> bool:
        """Whether something about a key waits or is under way."""
        return key in self._under_way or any(item[2].key == key for item in self._waiting)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not self._waiting and not self._under_way

    @property
    def waits(self) -> bool:
        """Whether something waits for its turn."""
        return bool(self._waiting)
