"""`backtest --show`, `--diff` and `--reproduce`: what is done with runs that are stored."""

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gpt_trader.app import backtest as backtest_input
from gpt_trader.backtest import store
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.store import StoredRun
from gpt_trader.cli.backtest import view as backtest_view
from gpt_trader.cli.output import emit, plain, table
from gpt_trader.domain.times import format_time
from gpt_trader.errors import StorageError, ValidationGateError
from gpt_trader.observe.provenance import version_changes

# What the same run need not have: how long it took, and what depends on other trials.
ELSEWHERE = ("assessment.verdict", "assessment.reasons", "assessment.inference.trials",
             "assessment.inference.trials_note", "assessment.inference.dsr",
             "assessment.inference.expected_best_sharpe",
             "assessment.baselines.beaten")  # fmt: skip
IDENTITY = ("run_id", "timing.")
INPUTS = ("data", "detail", "strategy", "costs", "risk", "engine", "close_at_end", "label")
DASH = "-"
VALUES = ("a", "b", "difference")
NAME, CELL = 28, 16  # characters of a name and a value in a table
COMMAND = "gpt-trader backtest"
MOST_ROWS = 40  # of a difference on a terminal; --json has all


def finish(root: Path, result: Result, inputs: backtest_input.Inputs, *, json: bool) -> None:
    """Store a run that has just ended, and print it. A disk that refuses is a warning."""
    run = store.record(result, plain(result.to_json_dict()), plain(inputs))
    warnings = list(result.notes)
    try:
        store.save(root, run, result.fills)
        then = _then(run)
    except StorageError as error:
        warnings.append(f"not stored: {error.message}")
        then = []
    if json:
        warnings += [note for note in (result.label, result.costs_label) if note is not None]
    else:
        backtest_view.show(run.data, run.curve, then=then)
    emit("backtest", run.data, warnings, json=json)


def show_part(result: Result, *, json: bool) -> None:
    """Print what an interrupted run came to. It is not stored: it is no whole run."""
    last = format_time(int(result.path.time[-1]))
    said = f"interrupted after the bar at {last}: a part, not stored"
    if not json:
        run = store.record(result, plain(result.to_json_dict()), {})
        again = f"Next: {shlex.join(['gpt-trader', *sys.argv[1:]])}"
        backtest_view.show(run.data, run.curve, then=[f"PARTIAL: {said}", again])
    emit("backtest", result.to_json_dict(), [said], json=json)


def show(root: Path, ref: str, *, json: bool) -> None:
    """Print a stored run as it was printed when it ended."""
    run = store.load(root, ref)
    if not json:
        backtest_view.show(run.data, run.curve, then=_then(run))
    emit("backtest", run.data, json=json)


def _then(run: StoredRun) -> list[str]:
    next_one = f"{COMMAND} --reproduce {run.run_id} --report report.html"
    return [f"Stored: {run.run_id}", f"Next: {next_one}"]


def diff(root: Path, first: str, second: str, *, json: bool) -> None:
    """Print what differs between two stored runs, in what went in and in what came out."""
    one, other = store.load(root, first), store.load(root, second)
    found = difference(one, other)
    found["fills"] = _fills_differ(store.load_fills(root, one), store.load_fills(root, other))
    if not json:
        _print_difference(found)
    emit("backtest", found, json=json)


def difference(one: StoredRun, other: StoredRun) -> dict[str, Any]:
    """Return the runs' ids, and each input and number in which they differ."""
    rows = list(_differing(one.data, other.data, IDENTITY))
    code = [("code", one.code, other.code)] if one.code != other.code else []
    versions = _differing({"versions": one.versions}, {"versions": other.versions}, ())
    inputs = [row for row in rows if row[0].startswith(INPUTS)]
    return {
        "runs": [one.run_id, other.run_id],
        "inputs": [_row(*row) for row in [*inputs, *code, *versions]],
        "numbers": [_row(*row) for row in rows if row not in inputs],
    }


def reproduce(root: Path, ref: str, *, json: bool) -> Result:
    """Run a stored run again, compare, say that it is the same; return the new result.

    Raises ValidationGateError naming the first difference and what changed since if it is not,
    and what running it raises.
    """
    run = store.load(root, ref)
    fills = store.load_fills(root, run)
    result = backtest_input.run(backtest_input.Inputs(**run.inputs), root)
    again = store.record(result, plain(result.to_json_dict()), run.inputs)
    changed = list(_changed(run, again))
    different = _first_difference(run, again, _fills_differ(fills, result.fills), result)
    if different:
        raise ValidationGateError(
            f"{run.run_id} is not reproduced: {different}",
            hint=f"changed since: {', '.join(changed) or 'nothing that is recorded'}",
        )
    data = {"run_id": run.run_id, "identical": True, "fills": len(fills), "changed": changed}
    if not json:
        print(f"identical: {len(fills):,} fills, equity and every number of {run.run_id}")
        if changed:
            print(f"although changed since: {', '.join(changed)}")
    emit("backtest", data, json=json)
    return result


def _first_difference(
    run: StoredRun, again: StoredRun, fills: Mapping[str, Any], result: Result
) -> str | None:
    if fills["first"] is not None:
        ids = [product.product_id for product in result.products]
        was, now = (_fill_words(fills["first"][key], ids) for key in ("a", "b"))
        return f"fill {fills['same'] + 1} was {was}, is {now}"
    for name, was, now in _differing(run.data, again.data, (*IDENTITY, *INPUTS, *ELSEWHERE)):
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
    if run.code != again.code:
        yield "code of gpt-trader"
    for was, now in zip(run.data["strategy"], again.data["strategy"], strict=True):
        if was["source_sha256"] != now["source_sha256"]:
            yield f"code of {was['name']}"
    yield from version_changes(run.versions, again.versions)


def _fills_differ(a: Any, b: Any) -> dict[str, Any]:  # noqa: ANN401 - (m,) FILL_DTYPE
    """Return the lengths, how many first fills are the same, and the first pair that is not."""
    shorter = min(len(a), len(b))
    unequal = (a[:shorter] != b[:shorter]).nonzero()[0]
    same = int(unequal[0]) if len(unequal) else shorter
    first = None if same == len(a) == len(b) else {"a": _fill(a, same), "b": _fill(b, same)}
    return {"a": len(a), "b": len(b), "same": same, "first": first}


def _fill(fills: Any, row: int) -> dict[str, int] | None:  # noqa: ANN401
    """Return one fill by column, None behind the last."""
    if row >= len(fills):
        return None
    return dict(zip(fills.dtype.names, fills[row].tolist(), strict=True))


def _fill_words(fill: Mapping[str, int] | None, ids: list[str]) -> str:
    if fill is None:
        return "none"
    side = "buy" if fill["side"] > 0 else "sell"
    return (
        f"{side} {fill['lots']} lots of {ids[fill['product']]} at {fill['ticks']} ticks "
        f"in bar {fill['bar']}"
    )


def flat(value: Any, name: str = "") -> dict[str, Any]:  # noqa: ANN401
    """Return the leaves of a JSON document by dotted name."""
    if isinstance(value, Mapping):
        parts = [(f"{name}.{key}" if name else key, item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{name}[{i}]", item) for i, item in enumerate(value)]
    else:
        return {name: value}
    return {key: leaf for part, item in parts for key, leaf in flat(item, part).items()}


def _differing(
    a: Mapping[str, Any], b: Mapping[str, Any], skipped: tuple[str, ...]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield name and both values where two documents differ; absent is None."""
    one, other = flat(a), flat(b)
    for name in dict.fromkeys([*one, *other]):
        was, now = one.get(name), other.get(name)
        if was != now and not name.startswith(skipped):
            yield name, was, now


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


def _print_difference(found: Mapping[str, Any]) -> None:
    one, other = found["runs"]
    for title in ("inputs", "numbers"):
        rows = [[_name(row["name"]), *(_short(row[key]) for key in VALUES)] for row in found[title]]
        if rows:
            table([title, one, other, "difference"], rows[:MOST_ROWS])
        else:
            print(f"{title}: the same")
        if len(rows) > MOST_ROWS:
            print(f"{len(rows) - MOST_ROWS} more; --json has all")
    fills = found["fills"]
    if fills["first"] is None:
        print(f"fills: the same {fills['a']:,}")
    else:
        print(f"fills: {fills['a']:,} and {fills['b']:,}, the first {fills['same']:,} the same")


def _name(name: str) -> str:
    short = name.removeprefix("result.").removeprefix("assessment.").removeprefix("inference.")
    return short if len(short) <= NAME else f"...{short[3 - NAME :]}"


def _short(value: object) -> str:
    if value is None:
        return DASH
    if isinstance(value, float):
        return f"{value:,.6g}"
    text = str(value)
    return text if len(text) <= CELL else f"{text[: CELL - 3]}..."
