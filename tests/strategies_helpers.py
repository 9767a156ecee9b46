"""Random bars and random strategies for the tests of strategies."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.domain.targets import Targets
from gpt_trader.strategy.asked import ask_seen
from gpt_trader.strategy.registry import builtin_names, create
from gpt_trader.strategy.sight import Seen, groups_of, part, sees_market

BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
HOUR_MS = 3_600_000
IDS = ("ETH-USD", "BTC-USD", "SOL-USD")  # not by the alphabet
KEEPS = (1.0, 1.0, 0.9, 0.6)  # how much of a market there is
INTERVALS_MS = (60_000, HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS)

# How a stretch of prices moves: by what it adds to the close at each bar. Flat and regular
# stretches are where recursive averages get stuck and where ties happen.
KINDS = ("walk", "flat", "trend", "zigzag", "crash")


def bars_of(close: Ints, *, reach: Ints | int = 0, interval_ms: int = HOUR_MS) -> Bars:
    """Return bars with these closes (ticks); high and low lie `reach` beyond open and close."""
    close = np.asarray(close, np.int64)
    open_ = np.concatenate([close[:1], close[:-1]])
    return Bars(
        BTC,
        interval_ms,
        np.arange(len(close), dtype=np.int64) * interval_ms,
        open_,
        np.maximum(open_, close) + reach,
        np.maximum(np.minimum(open_, close) - reach, 1),
        close,
        np.ones(len(close)),
        np.zeros(len(close)),
    )


def moves(kind: str, n: int, size: int, rng: np.random.Generator) -> Ints:
    """Return n changes of the close, in ticks."""
    if kind == "flat":
        return np.zeros(n, np.int64)
    if kind == "trend":
        return np.full(n, size, np.int64)
    if kind == "zigzag":
        return np.where(np.arange(n) % 2 == 0, size, -size)
    if kind == "crash":
        return np.where(np.arange(n) == n // 2, -40 * size, 0)
    return rng.integers(-size, size + 1, n)


def random_bars(
    n: int,
    seed: int,
    *,
    kinds: tuple[str, ...] = ("walk",),
    start: int = 3_000_000,
    size: int = 5_000,
    interval_ms: int = HOUR_MS,
) -> Bars:
    """Return n bars that pass through the kinds of stretches given, equally long."""
    rng = np.random.default_rng(seed)
    parts = np.array_split(np.arange(n), len(kinds))
    steps = np.concatenate([moves(k, len(p), size, rng) for k, p in zip(kinds, parts, strict=True)])
    close = np.clip(start + np.cumsum(steps), 1, MAX_TICKS // 2)
    reach = np.where(rng.random(n) < 0.5, rng.integers(0, size + 1, n), 0)
    return bars_of(close, reach=reach, interval_ms=interval_ms)


@st.composite
def markets(draw: st.DrawFn, n: int) -> Bars:
    """Any market of n bars: price levels from a tick up, calm, wild, flat and regular."""
    start = draw(st.sampled_from([1, 40, 3_000, 3_000_000, 4_000_000_000]))
    size = draw(st.sampled_from([1, 3, max(start // 500, 1), max(start // 20, 1)]))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    return random_bars(
        n,
        draw(st.integers(0, 2**32 - 1)),
        kinds=tuple(kinds),
        start=start,
        size=size,
        interval_ms=draw(st.sampled_from(INTERVALS_MS)),
    )


def random_seen(strategy: Any, n: int, seed: int, *, keep: float = 1.0, **kinds: Any) -> Seen:
    """Return n bars, or n rows of a market of three products: bars of it absent where keep < 1."""
    if not sees_market(strategy):
        return random_bars(n, seed, **kinds)
    slots = n if keep == 1.0 else 2 * n + 10
    series = [
        with_holes(random_bars(slots, seed + j, **kinds), name, seed + j, keep)
        for j, name in enumerate(IDS)
    ]
    return cut_market(strategy, series, n, {})


def with_holes(bars: Bars, product_id: str, seed: int, keep: float) -> Bars:
    """Return about so large a share of the bars, as those of another product."""
    kept = np.random.default_rng(seed).random(len(bars)) < keep
    return replace(bars, product=replace(BTC, product_id=product_id))[np.flatnonzero(kept)]


def cut_market(strategy: Any, series: list[Bars], n: int, reads: dict[str, Bars]) -> Seen:
    """Return the first n rows of what a market strategy is shown of some products."""
    (group,) = groups_of([strategy] * len(series), series, reads)
    assert len(group.seen) >= n
    return part(strategy, group.seen, 0, n)


@st.composite
def seen_by(draw: st.DrawFn, strategy: Any, n: int, keeps: tuple[float, ...] = KEEPS) -> Seen:
    """What a strategy may be shown: any n bars, or n rows of any market.

    Of a market one to three products are traded, bars of which may be absent, also all of a time;
    what is read and not traded has bars of its own.
    """
    if not sees_market(strategy):
        return draw(markets(n))
    keep = draw(st.sampled_from(keeps))
    first = draw(markets(n if keep == 1.0 else 3 * n + 10))
    names = draw(st.permutations(IDS))
    walks = [first]
    walks += [random_bars(len(first), j, size=7, interval_ms=first.interval_ms) for j in (1, 2)]
    found = {
        name: with_holes(bars, name, j, keep)
        for j, (name, bars) in enumerate(zip(names, walks, strict=True))
    }
    traded = names[: draw(st.integers(1, 3))]
    if "BTC-USD" not in traded:
        hours, day = found["BTC-USD"], INTERVALS_MS[-1]
        found["BTC-USD@1d"] = hours if hours.interval_ms == day else coarsen(hours, day).bars
    return cut_market(strategy, [found[name] for name in traded], n, found)


def waits(strategy: Any) -> bool:
    """Whether a strategy may wait for its next turn before it has an opinion."""
    return sees_market(strategy) or strategy.name == "grid"


def answers(strategy: Any, seen: Seen) -> list[Targets]:
    """What a strategy answers, one a product."""
    return ask_seen(strategy, seen)


def _pair(draw: st.DrawFn, names: tuple[str, ...], most: int) -> dict[str, Any]:
    """Parameters that must rise from each to the next."""
    count = len(names)
    drawn = draw(
        st.lists(st.integers(1, most), min_size=count, max_size=count, unique=True).map(sorted)
    )
    return dict(zip(names, drawn, strict=True))


MEMBERS = ("sma_cross", "sma_cross", "hold", "buy_and_hold", "buy_and_hold", "rank_momentum")


def _ensemble(draw: st.DrawFn) -> dict[str, Any]:
    members = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=4))
    votes = ",".join(str(draw(st.integers(1, 5))) for _ in members)
    return {
        "members": ",".join(members),
        "votes": draw(st.sampled_from(["", votes])),
        "min_confidence": draw(st.sampled_from([0.0, 0.4, 0.5, 0.8])),
    }


_SETTINGS: dict[str, Callable[[st.DrawFn], dict[str, Any]]] = {
    "sma_cross": lambda draw: _pair(draw, ("fast", "slow"), 15),
    "ema_trend": lambda draw: (
        _pair(draw, ("fast", "slow"), 8)
        | {
            "vol_period": draw(st.integers(2, 8)),
            "target_vol": draw(st.sampled_from([0.05, 0.4, 2.0])),
            "stop": draw(st.sampled_from([0.0, 0.1])),
        }
    ),
    "mean_reversion": lambda draw: {
        "rsi_period": draw(st.integers(2, 5)),
        "oversold": draw(st.sampled_from([10.0, 30.0, 50.0])),
        "band_period": draw(st.integers(2, 12)),
        "band_width": draw(st.sampled_from([0.1, 1.0, 2.0])),
        "max_hold": draw(st.integers(1, 12)),
        "stop": draw(st.sampled_from([0.0, 0.1])),
        "take_profit": draw(st.sampled_from([0.0, 0.2])),
    },
    "breakout": lambda draw: {
        "entry": draw(st.integers(1, 12)),
        "exit": draw(st.integers(1, 12)),
        "patience": draw(st.integers(1, 20)),
        "atr_period": draw(st.integers(1, 5)),
        "stop_atr": draw(st.sampled_from([0.0, 2.0])),
    },
    "momentum": lambda draw: (
        _pair(draw, ("short", "medium", "long"), 15)
        | {
            "long_only": draw(st.booleans()),
            "target_vol": draw(st.sampled_from([0.0, 0.4])),
            "vol_period": draw(st.integers(2, 15)),
        }
    ),
    "rank_momentum": lambda draw: {
        "lookback": draw(st.integers(1, 12)),
        "top": draw(st.integers(1, 3)),
        "every": draw(st.integers(1, 8)),
        "target_vol": draw(st.sampled_from([0.0, 0.0, 0.4])),
        "vol_period": draw(st.integers(2, 3)),
        "benchmark": draw(st.sampled_from(["", "BTC-USD"])),
    },
    "regime_trend": lambda draw: (
        _pair(draw, ("fast", "slow"), 8)
        | {
            "strategy": draw(st.sampled_from(["sma_cross", "buy_and_hold"])),
            "benchmark": draw(st.sampled_from(["BTC-USD", "BTC-USD@1d"])),
        }
    ),
    "rebalance": lambda _: {},
    "risk_parity": lambda draw: {
        "vol_period": draw(st.integers(2, 12)),
        "every": draw(st.integers(1, 8)),
        "equal_risk": draw(st.booleans()),
        "gross": draw(st.sampled_from([1.0, 0.7])),
    },
    "pair_reversion": lambda draw: {
        "lookback": draw(st.integers(2, 15)),
        "entry": draw(st.sampled_from([0.5, 1.5])),
        "exit": draw(st.sampled_from([0.0, -0.5])),
        "max_hold": draw(st.integers(1, 9)),
        "long_only": draw(st.booleans()),
    },
    "accumulate": lambda draw: {
        "start": draw(st.sampled_from(["1970-01-01", "1970-01-02"])),
        "every": draw(st.integers(1, 9)),
        "periods": draw(st.integers(1, 12)),
        "more": draw(st.sampled_from([0.0, 0.5])),
    },
    "grid": lambda draw: {
        "lookback": draw(st.integers(2, 12)),
        "every": draw(st.integers(1, 12)),
        "levels": draw(st.integers(1, 6)),
        "stop": draw(st.sampled_from([0.0, 0.1])),
    },
    "ensemble": _ensemble,
    "hold": lambda _: {},
    "buy_and_hold": lambda _: {},
}


@st.composite
def strategies(draw: st.DrawFn, name: str) -> Any:
    """A built-in strategy with random parameters, small so that its window stays short."""
    return create(name, _SETTINGS[name](draw))


def columns(targets: Targets) -> dict[str, np.ndarray]:
    """Every column of targets by name, those of the conditions too."""
    named = {
        word: column
        for word in ("weight", "stop", "take_profit", "trail", "max_bars")
        if (column := getattr(targets, word)) is not None
    }
    for number, condition in enumerate(targets.reasons()):
        named[f"{number} {condition.label} value"] = condition.value
        named[f"{number} {condition.label} threshold"] = condition.threshold
    return named


def bits(targets: list[Targets], rows: slice | int) -> dict[str, bytes]:
    """The bits of some rows, by column: equal means equal to the last bit."""
    return {
        f"{j} {name}": column[rows].tobytes()
        for j, one in enumerate(targets)
        for name, column in columns(one).items()
    }


NAMES = builtin_names()
