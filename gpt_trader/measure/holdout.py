"""Days that were sealed before a strategy was chosen: what a run made on them, once opened."""

from dataclasses import dataclass

import numpy as np

from gpt_trader.domain.times import DAY_MS, format_time
from gpt_trader.measure.inference import MIN_DAYS, probabilistic_sharpe
from gpt_trader.measure.metrics import DAYS_PER_YEAR, moments, return_pct, sharpe
from gpt_trader.measure.path import Path, day_returns


@dataclass(frozen=True, slots=True)
class Sealing:
    """A seal on a run's data. after_ms: int64 ms UTC, from where on nobody was to look.

    opened_ms: when it was opened for this run, None: it holds. seen_by: trials on record that had
    read past it all the same.
    """

    after_ms: int
    opened_ms: int | None
    seen_by: int


@dataclass(frozen=True, slots=True)
class Holdout:
    """A seal, and what the run made behind it; None while it holds, or where undefined.

    after, opened: ISO times. chance: probability that the true Sharpe ratio of those days is
    above 0; the ratio is annualized.
    """

    after: str
    opened: str | None
    seen_by: int
    days: int | None = None
    return_pct: float | None = None
    sharpe: float | None = None
    chance: float | None = None


def measure_holdout(path: Path, sealing: Sealing) -> Holdout:
    """Return what a run made on the sealed days: from the last close before them on."""
    after, opened = format_time(sealing.after_ms), sealing.opened_ms
    if opened is None:
        return Holdout(after, None, sealing.seen_by)
    begin = max(sealing.after_ms // DAY_MS - int(path.time[0]) // DAY_MS, 0)
    found = day_returns(path)[begin:]
    ratio = sharpe(found)
    chance = None
    if ratio is not None and len(found) >= MIN_DAYS:
        skew, kurtosis = moments(found)
        a_day = ratio / DAYS_PER_YEAR**0.5
        chance = probabilistic_sharpe(a_day, len(found), skew=skew, kurtosis=kurtosis)
    made = return_pct(1.0, float(np.prod(1.0 + found)))
    return Holdout(after, format_time(opened), sealing.seen_by, len(found), made, ratio, chance)


def say_holdout(found: Holdout | None) -> str:
    """Say whether sealed days were used."""
    if found is None:
        return "No days were sealed before it was chosen: how it does on new ones is not known."
    since = found.after[:10]
    if found.opened is None:
        return f"The days from {since} on are sealed, and were not used."
    trials = "1 trial" if found.seen_by == 1 else f"{found.seen_by:,} trials"
    seen = f" ({trials} had read them before)" if found.seen_by else ""
    made = 0.0 if found.return_pct is None else found.return_pct
    return f"On the days from {since} on, sealed until it was chosen{seen}, it made {made:+,.1f} %."
