"""Which products may be traded: rules over what was known at a moment, and membership over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.errors import DataError, UsageError

DAY_MS = 86_400_000
LOOKBACK_DAYS = 30
NAMED = 5  # products that a hint names
MONDAY = 4  # 1970-01-05, as a day since the epoch
LEAVING_BARS = 2  # before the end of a listing: an exit that rests in the first crosses in the last
Span = tuple[int, int]  # ms UTC, start inclusive, end exclusive
ALWAYS: Span = (0, 2**62)
Every = Literal["1d", "1w", "1M"]


class Candidate(NamedTuple):
    """What is known of a product at a moment.

    age_days: whole days since its listing, else since its first bar. quote_volume: mean a day.
    spread_bps: None if not known. price: last close, quote. volatility: standard deviation of
    daily log returns times sqrt(365), NaN under three closes.
    """

    product_id: str
    age_days: int
    quote_volume: float
    spread_bps: float | None
    price: float
    volatility: float


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which candidates are taken; a bound of None does not ask, an unknown value fails a bound.

    top: at most so many, those with the most of `by`; ties go by product id.
    """

    top: int | None = None
    by: Literal["volume", "volatility"] = "volume"
    min_age_days: int | None = None
    min_quote_volume: float | None = None
    max_spread_bps: float | None = None
    min_price: float | None = None
    max_price: float | None = None
    min_volatility: float | None = None
    max_volatility: float | None = None

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise UsageError(f"expected at least 1 product of the universe, was {self.top}")


class Choice(NamedTuple):
    """A candidate taken (code IN), or refused by the first rule that it fails.

    value, threshold: what the rule compared; under TOO_LOW_RANK ranks from 1. NaN: not known.
    """

    product_id: str
    code: str
    value: float
    threshold: float

    @property
    def kept(self) -> bool:
        """Whether the product is a member."""
        return self.code == "IN"


class Membership(NamedTuple):
    """Who is in, from each moment until the next.

    moments: (k,) int64 ms UTC. product_ids: p of them. mask: (k, p) bool. listed: when each
    product could be traded, by listing and bars; empty: always.
    """

    moments: Ints
    product_ids: tuple[str, ...]
    mask: NDArray[np.bool_]
    listed: tuple[tuple[Span, ...], ...] = ()

    def spans(self, product_id: str) -> tuple[Span, ...]:
        """Return when a product could be traded. Raises UsageError on one that is not known."""
        if product_id not in self.product_ids:
            raise UsageError(f"the universe says nothing of {product_id}")
        return self.listed[self.product_ids.index(product_id)] if self.listed else (ALWAYS,)


def select(candidates: Sequence[Candidate], rules: Criteria) -> tuple[Choice, ...]:
    """Return a choice a candidate, in their order."""
    failed = {c.product_id: _failed(c, rules) for c in candidates}
    left = [c for c in candidates if failed[c.product_id] is None]
    ranked = sorted(left, key=lambda c: (-_rank(c, rules), c.product_id))
    ranks = {c.product_id: float(i) for i, c in enumerate(ranked, 1)}
    return tuple(
        failed[c.product_id] or _ranked(c.product_id, ranks[c.product_id], rules)
        for c in candidates
    )


def _rank(candidate: Candidate, rules: Criteria) -> float:
    value = candidate.quote_volume if rules.by == "volume" else candidate.volatility
    return value if np.isfinite(value) else -np.inf


def _ranked(product_id: str, rank: float, rules: Criteria) -> Choice:
    last = float("inf") if rules.top is None else float(rules.top)
    return Choice(product_id, "IN" if rank <= last else "TOO_LOW_RANK", rank, last)


def _failed(c: Candidate, rules: Criteria) -> Choice | None:
    spread_bps = float("nan") if c.spread_bps is None else c.spread_bps
    bounds = (
        ("TOO_YOUNG", float(c.age_days), rules.min_age_days, 1),
        ("TOO_LITTLE_VOLUME", c.quote_volume, rules.min_quote_volume, 1),
        ("SPREAD_TOO_WIDE", spread_bps, rules.max_spread_bps, -1),
        ("PRICE_TOO_LOW", c.price, rules.min_price, 1),
        ("PRICE_TOO_HIGH", c.price, rules.max_price, -1),
        ("TOO_CALM", c.volatility, rules.min_volatility, 1),
        ("TOO_WILD", c.volatility, rules.max_volatility, -1),
    )
    for code, value, bound, sign in bounds:
        if bound is not None and not value * sign >= bound * sign:
            return Choice(c.product_id, code, value, float(bound))
    return None


def candidate(
    bars: Bars, at_ms: int, *, listed_ms: int | None = None, days: int = LOOKBACK_DAYS
) -> Candidate | None:
    """Return what bars that had closed by a moment say of their product; None if none had.

    Volume and volatility are of the `days` days before the moment; a day without bars traded
    nothing.
    """
    known = bars[: int(np.searchsorted(bars.time + bars.interval_ms, at_ms, "right"))]
    if not len(known):
        return None
    first_ms = int(known.time[0]) if listed_ms is None else listed_ms
    recent = known[int(np.searchsorted(known.time, at_ms - days * DAY_MS)) :]
    closes = recent.close * bars.product.tick
    quote = float(np.sum(recent.volume * closes)) / days
    day = recent.time // DAY_MS
    daily = np.log(closes[np.flatnonzero(np.diff(day, append=-1))])
    half = int(known.quotes[-1])
    return Candidate(
        bars.product.product_id,
        (at_ms - first_ms) // DAY_MS,
        quote,
        None if half < 0 else 2 * half / 1e4,
        int(known.close[-1]) * bars.product.tick,
        float(np.std(np.diff(daily), ddof=1) * np.sqrt(365)) if len(daily) > 2 else float("nan"),
    )


def choices(
    series: Sequence[Bars], listings: Mapping[str, Sequence[Span]], rules: Criteria, at_ms: int
) -> tuple[Choice, ...]:
    """Return a choice a product at a moment, from what was known then.

    listings: when each product was listed; one that is not named is not listed.
    """
    found: dict[str, Candidate | str] = {}
    for bars in series:
        product_id = bars.product.product_id
        spans = listings.get(product_id, ())
        listed_ms = next((start for start, end in spans if start <= at_ms < end), None)
        if listed_ms is None:
            found[product_id] = "NOT_LISTED"
        else:
            one = candidate(bars, at_ms, listed_ms=listed_ms)
            found[product_id] = "NO_BARS" if one is None else one
    picked = select([one for one in found.values() if isinstance(one, Candidate)], rules)
    by_id = {choice.product_id: choice for choice in picked}
    nan = float("nan")
    return tuple(
        Choice(product_id, one, nan, nan) if isinstance(one, str) else by_id[product_id]
        for product_id, one in found.items()
    )


def members(
    series: Sequence[Bars],
    listings: Mapping[str, Sequence[Span]],
    rules: Criteria,
    every: Every = "1w",
) -> Membership:
    """Return who was in over the bars' time, chosen anew at 00:00 UTC of every day, Monday or 1st.

    The first moment is the last such one at or before the first bar. Raises DataError if the
    listings name none of the products.
    """
    if not any(bars.product.product_id in listings for bars in series):
        names = ", ".join(bars.product.product_id for bars in series)
        raise DataError(
            f"the listings name none of the products of the data: {names}",
            hint=f"they name {', '.join(list(listings)[:NAMED])}" if listings else "they are empty",
        )
    first = min(int(bars.time[0]) for bars in series)
    last = max(int(bars.time[-1]) + bars.interval_ms for bars in series)
    times = moments(first, last, every)
    mask = [[one.kept for one in choices(series, listings, rules, t)] for t in times.tolist()]
    ids = tuple(bars.product.product_id for bars in series)
    listed = tuple(
        _tradable(bars, listings.get(name, ()), last)
        for bars, name in zip(series, ids, strict=True)
    )
    return Membership(times, ids, np.array(mask, bool).reshape(len(times), len(ids)), listed)


def _tradable(bars: Bars, spans: Sequence[Span], last_ms: int) -> tuple[Span, ...]:
    """Return the spans of a product, those that end by `last_ms` no longer than its bars."""
    closes = bars.time + bars.interval_ms
    found = []
    for start, end in spans:
        n_closed = int(np.searchsorted(closes, end, "right"))
        is_over = end <= last_ms and n_closed > 0
        found.append((start, int(closes[n_closed - 1]) if is_over else end))
    return tuple(found)


def moments(first_ms: int, last_ms: int, every: Every) -> Ints:
    """Return (k,) int64 ms UTC: when to choose, from at or before the first to the last."""
    first, last = first_ms // DAY_MS, last_ms // DAY_MS
    if every == "1M":
        months = np.arange(
            np.datetime64(first, "D").astype("datetime64[M]"),
            np.datetime64(last, "D").astype("datetime64[M]") + np.timedelta64(1, "M"),
        )
        return months.astype("datetime64[ms]").astype(np.int64)
    step = 7 if every == "1w" else 1
    begin = (first - MONDAY) // step * step + MONDAY
    return np.arange(begin, last + 1, step, dtype=np.int64) * DAY_MS


def inside(bars: Bars, membership: Membership, *, delay_bars: int = 0) -> NDArray[np.bool_]:
    """Return (n,) whether the product was in at each bar's close; never before the first moment.

    It is out LEAVING_BARS before its listing ends, and `delay_bars` more, by which decisions act
    later: delistings are announced, and what is held is to be sold while there is a market.
    Raises UsageError if the membership does not know the product.
    """
    product_id = bars.product.product_id
    spans = membership.spans(product_id)
    closes = bars.time + bars.interval_ms
    column = membership.mask[:, membership.product_ids.index(product_id)]
    at = np.searchsorted(membership.moments, closes, "right") - 1
    lead_ms = (LEAVING_BARS + delay_bars) * bars.interval_ms
    stays = [(start <= closes) & (closes + lead_ms < end) for start, end in spans]
    out: NDArray[np.bool_] = column[at] & (at >= 0) & np.logical_or.reduce(stays)
    return out


def while_listed(bars: Bars, membership: Membership) -> list[tuple[slice, bool]]:
    """Return the rows of each listing that has any, and whether it ended by the last bar.

    One without rows where the product was never listed here.
    """
    last = int(bars.time[-1]) + bars.interval_ms
    found = []
    for start, end in membership.spans(bars.product.product_id):
        first = int(np.searchsorted(bars.time, start))
        stop = int(np.searchsorted(bars.time + bars.interval_ms, end, "right"))
        if first < stop:
            found.append((slice(first, stop), end <= last))
    return found or [(slice(0, 0), False)]
