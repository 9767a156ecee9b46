"""A difference between an account and its session, look by look: how much of it has stayed.

Each wallet's difference may grow while it is looked at, as by a friend's small deposits. What all
looks show of it is as sure as a difference that never moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import has_lasted
from gpt_trader.domain.times import format_time
from gpt_trader.engine.orders import seen_again
from gpt_trader.engine.state import Absence, Doubt

LOOKS = 4  # that must have shown a difference
STAYS_MS = 30_000  # for so long
MOVES_MS = 60_000  # for so long one that goes on changing, before the newest looks are enough
NEWEST_LOOKS = 3
APART_MS = 120_000  # out of line, before somebody is told
UNTOLD_MS = 120_000  # of looks with fills that the order itself does not tell: then it never will
UNTOLD_LOOKS = 12
EXPLAINED_MS = UNTOLD_MS + 15_000  # after which looks that are answered hardly tell more
APART = "account out of line"  # what notes are about
IN_LINE = "in line again"  # what the last of them says
HELP = (
    "see gpt-trader account reconcile; with the bot stopped, gpt-trader account adjust writes down "
    "what came in or went out"
)


class Look(NamedTuple):
    """By how much each wallet that is not as it must be holds more (> 0) or less, at a time."""

    time_ms: int
    assets: Mapping[str, Decimal]


class Difference(NamedTuple):
    """An account out of line since a time. looks: the newest, as far as they count.

    same_ms: since when it is what the newest of them shows.
    """

    since_ms: int
    looks: tuple[Look, ...] = ()
    same_ms: int = 0

    def at(self, look: Look) -> "Difference":
        """Return what it is after one more look; a clock that was set back counts anew."""
        now_ms = look.time_ms
        looks = [one for one in self.looks if one.time_ms <= now_ms] + [look]
        while len(looks) > LOOKS and has_lasted(looks[1].time_ms, STAYS_MS, now_ms):
            del looks[0]
        is_same = bool(self.looks) and self.assets == look.assets
        same_ms = min(self.same_ms, now_ms) if is_same else now_ms
        return Difference(min(self.since_ms, now_ms), tuple(looks), same_ms)

    @property
    def assets(self) -> Mapping[str, Decimal]:
        """What the newest look shows."""
        return self.looks[-1].assets

    def tells_more(self, known: "Difference") -> bool:
        """Whether a start that knows `known` of it would judge otherwise by this."""
        looks, newest_ms = known.looks, known.looks[-1].time_ms
        is_proven = len(looks) >= LOOKS and has_lasted(looks[0].time_ms, STAYS_MS, newest_ms)
        return self.assets != known.assets or self.since_ms != known.since_ms or not is_proven

    @property
    def is_new(self) -> bool:
        """Whether the look before the newest showed another one, or none."""
        return len(self.looks) == 1 or self.looks[-2].assets != self.assets

    def stayed(self, now_ms: int) -> dict[str, Decimal]:
        """Return what was the same, look after look; of one that never rests the newest tell."""
        if len(self.looks) < LOOKS:
            return {}
        if has_lasted(self.since_ms, MOVES_MS, now_ms):
            newest = in_common(self.looks[-NEWEST_LOOKS:])
            if newest == self.assets:
                return newest
        has_stayed = has_lasted(self.looks[0].time_ms, STAYS_MS, now_ms)
        return in_common(self.looks) if has_stayed else {}

    def without(self, part: Mapping[str, Decimal]) -> "Difference | None":
        """Return what is left of it once a part was explained; None: nothing."""
        if not part:
            return self
        looks = tuple(Look(one.time_ms, _less(one.assets, part)) for one in self.looks)
        found = Difference(self.since_ms, looks, looks[-1].time_ms)
        return found if found.assets else None


def _less(assets: Mapping[str, Decimal], part: Mapping[str, Decimal]) -> dict[str, Decimal]:
    none = Decimal(0)
    left = {one: assets.get(one, none) - part.get(one, none) for one in {*assets, *part}}
    return {one: amount for one, amount in sorted(left.items()) if amount}


def in_common(looks: Sequence[Look]) -> dict[str, Decimal]:
    """Return what all looks show of each wallet's difference: the least, if one way."""
    found = {}
    for asset in looks[-1].assets:
        amounts = [look.assets.get(asset, Decimal(0)) for look in looks]
        if all(amount > 0 for amount in amounts):
            found[asset] = min(amounts)
        elif all(amount < 0 for amount in amounts):
            found[asset] = max(amounts)
    return found


class Untold(NamedTuple):
    """Orders of which fills tell more than the order does, by the exchange's id.

    Looks at them are counted as those that do not find an order: a time without looks proves
    nothing.
    """

    seen: Mapping[str, Absence] = {}

    def at(self, order_ids: Iterable[str], now_ms: int) -> "Untold":
        """Return what it is after one more look; beyond what proves it none are counted."""
        known = {one: self.seen.get(one) for one in order_ids}
        return Untold(
            {
                one: seen if seen is not None and _never_tells(seen) else seen_again(seen, now_ms)
                for one, seen in known.items()
            }
        )

    @property
    def may_be_told(self) -> bool:
        """Whether one of them may still tell it itself."""
        return not all(map(_never_tells, self.seen.values()))


def _never_tells(seen: Absence) -> bool:
    return seen.looks >= UNTOLD_LOOKS and seen.absent_ms >= UNTOLD_MS


def doubt_of(found: Difference, untold: Untold) -> Doubt:
    """Return what a later start is to know of a difference."""
    looks = [
        [time_ms, {asset: format(amount, "f") for asset, amount in assets.items()}]
        for time_ms, assets in found.looks
    ]
    return Doubt(
        found.since_ms,
        {
            "looks": looks,
            "untold": {k: [*v] for k, v in untold.seen.items()},
            "same_ms": found.same_ms,
        },
    )


def missing_before(doubts: Mapping[str, Doubt], ms: int) -> Mapping[str, Decimal]:
    """Return by how much wallets differed before a time, where they still differ by just that."""
    doubt = doubts.get(APART)
    if doubt is None:
        return {}
    found, _ = difference_of(doubt, doubt.since_ms)
    return found.assets if found.same_ms < ms else {}


def difference_of(doubt: Doubt, now_ms: int) -> tuple[Difference, Untold]:
    """Return the difference that an earlier process knew of; a clock that was set back counts."""
    looks = tuple(
        Look(time_ms, {asset: Decimal(text) for asset, text in assets.items()})
        for time_ms, assets in doubt.said["looks"]
    )
    untold = {key: Absence(*seen) for key, seen in doubt.said["untold"].items()}
    same_ms = doubt.said.get("same_ms", looks[-1].time_ms)  # older journals do not say it
    return Difference(min(doubt.since_ms, now_ms), looks, same_ms), Untold(untold)


def words(found: Difference, expected: Mapping[str, Decimal]) -> str:
    """Say of each wallet what it holds and should, and since when something differs."""
    none = Decimal(0)
    wallets = "; ".join(
        f"{asset} holds {expected.get(asset, none) + amount:f}, {expected.get(asset, none):f} "
        "is expected"
        for asset, amount in sorted(found.assets.items())
    )
    return f"out of line since {format_time(found.since_ms)}: {wallets}"
