"""A vote of other strategies."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import ClassVar, overload

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.strategy import registry
from gpt_trader.strategy.answers import ask_market, ask_targets
from gpt_trader.strategy.base import Strategy, param
from gpt_trader.strategy.columns import from_row
from gpt_trader.strategy.each import ask_each, window_rows
from gpt_trader.strategy.params import check_ranges
from gpt_trader.strategy.sight import sees_market


@dataclass(frozen=True)
class Ensemble:
    """Trade what enough of the members agree on.

    Each member votes for the side of its weight (above 0: long, below 0: short, 0: flat, NaN:
    abstains) with its share of `votes`. If the long or the short share is above
    min_confidence, weight = the members' weights averaged by votes, but never on the other
    side; else 0. While every member abstains there is no opinion; until the slowest member is
    warm there is none either. Members run with their default parameters; only their weights
    count, not their stops. Where one of them sees the market, so does the vote: the others are
    asked about each product of it.

    Source: majority voting as in Brock, Lakonishok, LeBaron, Journal of Finance 47 (1992),
    who pool the signals of several rules, and Timmermann, "Forecast Combinations", Handbook of
    Economic Forecasting 1 (2006), for equal weights as the default that is hard to beat.
    """

    name: ClassVar[str] = "ensemble"

    members: str = param("sma_cross,ema_trend,momentum", doc="strategies, separated by commas")
    votes: str = param("", doc="one number > 0 a member, separated by commas; empty: all equal")
    min_confidence: float = param(0.5, 0.0, 0.99, doc="share of votes that a side must exceed")

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self._shares) != len(self.voters):
            raise UsageError(
                f"expected as many votes as members in ensemble, was {len(self._shares)} votes "
                f"for {len(self.voters)} members",
                hint="for example --set members=sma_cross,momentum --set votes=2,1",
            )

    @cached_property
    def voters(self) -> tuple[Strategy, ...]:
        """The members, made."""
        refs = [ref.strip() for ref in self.members.split(",") if ref.strip()]
        if not refs:
            raise UsageError("expected at least one member in ensemble, was none")
        if self.name in refs:
            raise UsageError("expected members of ensemble to be other strategies")
        members = tuple(registry.create(ref, {}) for ref in refs)
        for member in members:
            if not registry.is_array_strategy(type(member)):
                raise UsageError(
                    f"expected members of ensemble to have targets(), {member.name} has on_bar()"
                )
        return members

    @cached_property
    def _shares(self) -> tuple[float, ...]:
        """Votes of each member as fractions of all votes."""
        if not self.votes.strip():
            return (1.0 / len(self.voters),) * len(self.voters)
        try:
            votes = [float(vote) for vote in self.votes.split(",")]
        except ValueError as error:
            raise UsageError(f"expected numbers in votes of ensemble, was {self.votes}") from error
        if not all(vote > 0 and isfinite(vote) for vote in votes):
            raise UsageError(f"expected votes of ensemble > 0, was {self.votes}")
        return tuple(vote / sum(votes) for vote in votes)

    @property
    def min_bars(self) -> int:
        """Bars that the slowest member needs for a first opinion."""
        return max(member.min_bars for member in self.voters)

    @property
    def warmup(self) -> int:
        """Bars that the member with the longest memory needs; rows, where one sees the market."""
        if not any(map(sees_market, self.voters)):
            return max(member.warmup for member in self.voters)
        return max(
            member.warmup if sees_market(member) else window_rows(member) for member in self.voters
        )

    @overload
    def targets(self, seen: Bars) -> Targets: ...
    @overload
    def targets(self, seen: Market) -> dict[str, Targets]: ...
    def targets(self, seen: Bars | Market) -> Targets | dict[str, Targets]:
        """Return weight and conditions for every bar: the vote, then what members say.

        Where a member sees the market, of each product of it.
        """
        if isinstance(seen, Bars):
            return self._vote([ask_targets(member, seen) for member in self.voters])
        answers = [
            ask_market(member, seen) if sees_market(member) else ask_each(member, seen)
            for member in self.voters
        ]
        return {
            product_id: self._vote([said[j] for said in answers])
            for j, product_id in enumerate(seen.products)
        }

    def _vote(self, answers: Sequence[Targets]) -> Targets:
        """Return what the members' answers about one product come to."""
        first = self.min_bars - 1
        n = len(answers[0].weight)
        long, short, mean = np.zeros(n), np.zeros(n), np.zeros(n)
        silent = np.ones(n, np.bool_)
        for said, share in zip(answers, self._shares, strict=True):
            silent &= np.isnan(said.weight)
            long += np.where(said.weight > 0, share, 0.0)
            short += np.where(said.weight < 0, share, 0.0)
            mean += np.where(np.isnan(said.weight), 0.0, share * said.weight)
        bought = np.where(long > self.min_confidence, np.maximum(mean, 0.0), 0.0)
        sold = np.where(short > self.min_confidence, np.minimum(mean, 0.0), 0.0)
        weight = np.where(silent, np.nan, np.clip(bought + sold, -1.0, 1.0))
        return Targets(
            weight=from_row(first, weight),
            conditions=lambda: (
                Condition(
                    f"share of votes long > {self.min_confidence:g}",
                    from_row(first, long),
                    from_row(first, np.full(n, self.min_confidence)),
                ),
                *(
                    Condition(f"{member.name}: {c.label}", c.value, c.threshold, c.op)
                    for member, said in zip(self.voters, answers, strict=True)
                    for c in said.reasons()
                ),
            ),
        )
