"""A search as JSON holds it: what was never seen first, then what was chosen by."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.text import money_text
from gpt_trader.domain.times import format_time
from gpt_trader.measure.measure import money
from gpt_trader.measure.metrics import return_pct
from gpt_trader.optimize.objective import scores
from gpt_trader.optimize.overfit import Overfit
from gpt_trader.optimize.search import Search
from gpt_trader.optimize.terms import OtherTerms
from gpt_trader.optimize.walk import FoldRun

Floats = NDArray[np.float64]
LOGIT_EDGES = (-np.inf, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, np.inf)


def document(search: Search) -> dict[str, Any]:
    """Return the `data` of the command's JSON; undefined numbers are None."""
    terms, space = search.terms, search.space
    return {
        "search_id": search.search_id,
        "label": search.label,
        "verdict": asdict(search.verdict),
        "walk_forward": _walk(search),
        "chosen": None if search.chosen is None else _points(search, [search.chosen])[0],
        "luck": asdict(search.luck),
        "overfit": None if search.overfit is None else _overfit(search.overfit),
        "sensitivity": None if search.other_terms is None else _sensitivity(search.other_terms),
        "objective": search.objective,
        "strategy": {
            "name": search.strategy,
            "fixed": dict(search.fixed),
            "grid": {axis.name: list(axis.values) for axis in space.axes},
        },
        "grid": {
            "points": len(space.points),
            "run": len(space.points) - space.impossible,
            "impossible": space.impossible,
            "why_impossible": space.why_impossible,
            "failed": len(search.failed),
        },
        "points": _points(search, range(len(space.points))),
        "data": [
            asdict(one) | {"first": format_time(one.first), "last": format_time(one.last)}
            for one in search.data
        ],
        "cash": money_text(money(terms.cash)),
        "costs": asdict(terms.costs),
        "risk": None if terms.risk is None else asdict(terms.risk),
        "order_style": asdict(terms.style),
        "budget": terms.budget,
        "checks": {
            "data": [one.to_json_dict() for one in search.checks.data],
            "lookahead": search.checks.lookahead_json(),
            "warmup": {"bars": search.checks.warmup_bars, "ok": search.checks.warmup_ok},
        },
        "timing": asdict(search.timing),
    }


def _sensitivity(found: OtherTerms) -> dict[str, Any]:
    late = None if found.late is None else asdict(found.late)
    delayed = {"delayed_return_pct": found.delayed_return_pct}
    return {"dearer": asdict(found.dearer), "late": late} | delayed


def _walk(search: Search) -> dict[str, Any]:
    walk = search.walk
    return {
        "kind": "anchored",
        "out_of_sample": {
            "return_pct": walk.return_pct,
            "yearly_pct": walk.yearly_pct,
            "sharpe": walk.sharpe,
            "max_drawdown_pct": walk.max_drawdown_pct,
            "psr": walk.psr,
            "days": len(walk.returns),
            "buy_hold_return_pct": walk.buy_hold_return_pct,
            "unhalted": None if walk.unhalted is None else asdict(walk.unhalted),
        },
        "in_sample": {"yearly_pct": walk.in_yearly_pct, "sharpe": walk.in_sharpe},
        "kept_sharpe": walk.kept_sharpe,
        "folds": [_fold(search, run) for run in walk.folds],
    }


def _fold(search: Search, run: FoldRun) -> dict[str, Any]:
    return {
        "chosen_on": [format_time(run.start), format_time(run.split)],
        "tested_on": [format_time(run.split), format_time(run.end)],
        "params": None if run.point is None else search.space.points[run.point],
        "score": run.score,
        "in_sharpe": run.in_sharpe,
        "in_yearly_pct": run.in_yearly_pct,
        "out_return_pct": run.out_return_pct,
        "out_sharpe": run.out_sharpe,
    }


def _points(search: Search, indices: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    """Points in the order of indices; an impossible one has only its parameters."""
    start = search.terms.start
    sharpes = scores(search.closes, start, "sharpe")
    return [
        {
            "params": search.space.points[i],
            "possible": search.space.strategies[i] is not None,
            "failed": search.failed.get(i),
            "score": number(search.scores[i]),
            "plateau": number(search.plateau[i]),
            "sharpe": number(sharpes[i]),
            "return_pct": number(return_pct(start, search.closes[i, -1])),
        }
        for i in indices
    ]


def _overfit(found: Overfit) -> dict[str, Any]:
    counts, _ = np.histogram(found.logits, LOGIT_EDGES)
    return {
        "pbo": found.pbo,
        "loss_share": found.loss_share,
        "slope": found.slope,
        "blocks": found.blocks,
        "block_days": found.block_days,
        "halvings": len(found.logits),
        "logits": {"edges": list(LOGIT_EDGES[1:-1]), "counts": counts.tolist()},
    }


def number(value: float) -> float | None:
    """Return a float, None for NaN."""
    return None if np.isnan(value) else float(value)
