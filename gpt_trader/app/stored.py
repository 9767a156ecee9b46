"""What is done with runs that are stored: kept, compared, run again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt_trader.app import backtest as backtest_input
from gpt_trader.backtest import store
from gpt_trader.backtest.differing import IDENTITY, INPUTS, differing, fills_differ
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.store import StoredRun
from gpt_trader.errors import StorageError, ValidationGateError
from gpt_trader.observe.provenance import version_changes
from gpt_trader.plain import plain

# What the same run need not have: how long it took, and what depends on other trials.
ELSEWHERE = ("assessment.verdict", "assessment.why", "assessment.reasons",
             "assessment.inference.trials", "assessment.proof.trials", "assessment.proof.luck",
             "assessment.proof.timing", "assessment.proof.days_needed",
             "assessment.inference.trials_note", "assessment.inference.dsr",
             "assessment.inference.expected_best_sharpe",
             "assessment.baselines.beaten", "assessment.holdout.seen_by",
             "undeclared")  # fmt: skip
SOURCES = {"helpers": "helper", "read": "file", "environment": "variable"}


def keep(root: Path, result: Result, inputs: backtest_input.Inputs) -> tuple[StoredRun, str | None]:
    """Store a run that has just ended; return it, and why the disk refused it, if it did."""
    run = store.record(result, result.to_json_dict(), plain(inputs))
    try:
        store.save(root, run, result.fills)
    except StorageError as error:
        return run, f"not stored: {error.message}"
    return run, None


def compare(root: Path, first: str, second: str) -> dict[str, Any]:
    """Return what differs between two stored runs, in what went in and in what came out."""
    one, other = store.load(root, first).run, store.load(root, second).run
    fills = [store.load_fills(root, run) for run in (one, other)]
    return difference(one, other) | {"fills": fills_differ(*fills)}


def difference(one: StoredRun, other: StoredRun) -> dict[str, Any]:
    """Return the runs' ids, and each input and number in which they differ."""
    rows = list(differing(one.data, other.data, IDENTITY))
    code = [("code", one.code, other.code)] if one.code != other.code else []
    versions = differing({"versions": one.versions}, {"versions": other.versions}, ())
    inputs = [row for row in rows if row[0].startswith(INPUTS)]
    return {
        "runs": [one.run_id, other.run_id],
        "inputs": [_row(*row) for row in [*inputs, *code, *versions]],
        "numbers": [_row(*row) for row in rows if row not in inputs],
    }


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A run that came out the same. changed: the inputs that are not what they were, even so.

    damaged: what was said of newer runs that cannot be read.
    """

    result: Result
    run_id: str
    fills: int
    changed: list[str]
    damaged: tuple[str, ...]


def reproduce(root: Path, ref: str) -> Reproduced:
    """Run a stored run again, and compare.

    Raises ValidationGateError naming the first difference and what changed since if it is not the
    same, and what running it raises.
    """
    run, damaged = store.load(root, ref)
    fills = store.load_fills(root, run)
    result = backtest_input.run(backtest_input.Inputs(**run.inputs), root)
    again = store.record(result, result.to_json_dict(), run.inputs)
    changed = list(_changed(run, again))
    different = _first_difference(run, again, fills_differ(fills, result.fills), result)
    if different:
        raise ValidationGateError(
            f"{run.run_id} is not reproduced: {different}",
            hint=f"changed since: {', '.join(changed) or 'nothing that is recorded'}",
        )
    return Reproduced(result, run.run_id, len(fills), changed, damaged)


def _first_difference(
    run: StoredRun, again: StoredRun, fills: Mapping[str, Any], result: Result
) -> str | None:
    if fills["first"] is not None:
        ids = [product.product_id for product in result.products]
        was, now = (_fill_words(fills["first"][key], ids) for key in ("a", "b"))
        return f"fill {fills['same'] + 1} was {was}, is {now}"
    for name, was, now in differing(run.data, again.data, (*IDENTITY, *INPUTS, *ELSEWHERE)):
        return f"{name} was {was}, is {now}"
    return "the equity curve" if run.equity_sha256 != again.equity_sha256 else None


def _changed(run: StoredRun, again: StoredRun) -> Iterator[str]:
    """Name the inputs that are not what they were."""
    for was, now in zip(run.data["data"], again.data["data"], strict=True):
        if was["sha256"] != now["sha256"]:
            yield f"data of {was['product']}"
    for was, now in zip(run.data["detail"], again.data["detail"], strict=True):
        if was["sha256"] != now["sha256"]:
            yield f"detail of {was['product']}"
    was, now = run.data["universe"], again.data["universe"]
    if was is not None and was.get("sha256") != now.get("sha256"):
        yield f"listings {was['file']}"
    if run.code != again.code:
        yield "code of gpt-trader"
    for was, now in zip(run.data["strategy"], again.data["strategy"], strict=True):
        if was["source_sha256"] != now["source_sha256"]:
            yield f"code of {was['name']}"
        for kind, words in SOURCES.items():
            for name in _unlike(was[kind], now[kind]):
                yield f"{words} {name} of {was['name']}"
    yield from version_changes(run.versions, again.versions)


def _unlike(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names under which two mappings hold other values, absent ones too."""
    return [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]


def _fill_words(fill: Mapping[str, int] | None, ids: list[str]) -> str:
    if fill is None:
        return "none"
    side = "buy" if fill["side"] > 0 else "sell"
    return (
        f"{side} {fill['lots']} lots of {ids[fill['product']]} at {fill['ticks']} ticks "
        f"in bar {fill['bar']}"
    )


def _row(name: str, a: Any, b: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "a": a, "b": b, "difference": _minus(b, a)}


def _minus(b: Any, a: Any) -> float | None:  # noqa: ANN401
    """Return b - a where both are numbers, or money as text."""
    if isinstance(a, bool | None) or isinstance(b, bool | None):
        return None
    try:
        return float(b) - float(a)
    except (TypeError, ValueError):
        return None
