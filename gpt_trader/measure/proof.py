"""Two tests at a stated error: more than luck, and the strategy's own doing.

1. Luck: the run's daily returns have a true Sharpe ratio of 0 or less. The chance is that of the
   best of all trials, 1 - PSR ** trials (Z. Sidak, 1967; the probabilistic Sharpe ratio is that of
   `inference`): trials that resemble one another make it too large, never too small.
2. Timing: its targets know nothing of the bars after them. The chance is `Nulls.p_value`, of the
   best of all trials likewise; in a market that rises, this is the test that counts.

PASS needs both to be rejected, so it is wrong at most as often as one of them is (R. Berger,
"Multiparameter Hypothesis Testing and Acceptance Sampling", 1982). Each is held at LEVEL, which
leaves some of the 5 % that docs/backtest.md promises for what the approximations miss.
"""

from dataclasses import dataclass
from math import ceil, expm1, floor, log1p
from statistics import NormalDist

from gpt_trader.measure.inference import Inference
from gpt_trader.measure.nulls import Nulls

LEVEL = 0.03
MOST_TRIALS = 1_000_000  # more is not told apart
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Proof:
    """What the tests come to. trials: this one included; level: below which each is proof.

    luck, timing: the chance that the best of so many worthless trials does as well; None where
    that cannot be told. most_trials: of how many trials it could be the best and still be proven,
    0: not even alone. days_needed: record of such days at which both would be proof; None if no
    record would, as the run is no better than its nulls or than nothing.
    """

    level: float
    trials: int
    luck: float | None
    timing: float | None
    most_trials: int
    days: int
    days_needed: int | None

    @property
    def holds(self) -> bool:
        """Whether both tests are proof."""
        return all(p is not None and p <= self.level for p in (self.luck, self.timing))


def prove(sure: Inference, nulls: Nulls | None, sharpe: float | None) -> Proof:
    """Return what both tests come to. sharpe: the run's, annualized; nulls: None if not run."""
    alone = (
        None if sure.psr is None else 1.0 - sure.psr,
        None if nulls is None else nulls.p_value,
    )
    luck, timing = (None if p is None else best_of(p, sure.trials) for p in alone)
    return Proof(
        level=LEVEL,
        trials=sure.trials,
        luck=luck,
        timing=timing,
        most_trials=most_trials(alone),
        days=sure.days,
        days_needed=_days_needed(sure, nulls, sharpe),
    )


def best_of(p: float, trials: int) -> float:
    """Return the chance that the best of so many independent trials does what one does with p."""
    return 1.0 if p >= 1.0 else -expm1(trials * log1p(-p))


def alone_level(trials: int) -> float:
    """Return the chance that one trial must not exceed for the best of so many to keep LEVEL."""
    return -expm1(log1p(-LEVEL) / trials)


def most_trials(chances: tuple[float | None, ...]) -> int:
    """Return of how many trials the best may show such chances and still keep LEVEL."""
    found = MOST_TRIALS
    for p in chances:
        if p is None or p >= 1.0:
            return 0
        found = min(found, MOST_TRIALS if p <= 0.0 else floor(log1p(-LEVEL) / log1p(-p) + 1e-9))
    return found


def _days_needed(sure: Inference, nulls: Nulls | None, sharpe: float | None) -> int | None:
    """A Sharpe ratio's error falls with the root of the days, and so does the nulls' spread."""
    if sure.psr is None or nulls is None or sharpe is None:
        return None
    if nulls.as_good == nulls.count:  # holding, at whatever time: what is left is rounding
        return None
    wanted = NORMAL.inv_cdf(1.0 - alone_level(sure.trials))
    scores = (
        NORMAL.inv_cdf(min(max(sure.psr, 1e-15), 1.0 - 1e-15)),
        (sharpe - nulls.mean) / nulls.deviation if nulls.deviation > 0.0 else 0.0,
    )
    if min(scores) <= 0.0:
        return None
    return max(ceil(sure.days * (wanted / score) ** 2) for score in scores)
