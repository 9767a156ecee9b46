"""What nobody stated and nothing checked of a run: the first thing to know about its numbers."""

from collections.abc import Iterator

from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel
from gpt_trader.measure.assess import Assessment
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.path import Path


def undeclared(
    checks: Checks, assessment: Assessment | None, costs: CostModel, path: Path, label: str | None
) -> tuple[str, ...]:
    """Return what a run rests on that nobody declared or checked, a few words each.

    label: what data that no market made is called.
    """
    return (
        *_unchecked(checks),
        *_of_trials(assessment),
        *_of_costs(costs, path),
        *(() if label is not None else _of_data(path)),
    )


def _unchecked(checks: Checks) -> Iterator[str]:
    if checks.outside:
        yield f"signals made outside ({', '.join(checks.outside)})"
    if checks.lookahead_ok is None:
        yield "looking ahead"
    yield from (f"what {name} knows of later bars" for name in checks.unreached)
    if checks.warmup_ok is None:
        yield "warm-up"
    if not checks.asked:
        yield "data"


def _of_trials(assessment: Assessment | None) -> Iterator[str]:
    if assessment is None:
        yield "luck"
    elif (note := assessment.inference.trials_note) is not None:
        yield f"earlier trials ({note})"
    if assessment is not None and assessment.holdout is None:
        yield "sealed days"


def _of_costs(costs: CostModel, path: Path) -> Iterator[str]:
    if costs == DEFAULT_COSTS:
        yield "costs (the worst tier's assumed)"
    if all(bars.half_spread_e8 is None for bars in path.bars):
        yield "spread (the data quotes none)"
    if costs.impact == 0.0 and costs.participation is None:
        yield "market impact and volume"


def _of_data(path: Path) -> Iterator[str]:
    """Of the market's data; what is synthetic has no past that anybody could have picked."""
    if not path.listed:
        yield "who was listed when"
    for bars in path.bars:
        if bars.product.is_perpetual and not bars.funding_rate.any():
            yield f"funding of {bars.product.product_id} (none in the data)"
