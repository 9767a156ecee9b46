"""`backtest --show`, `--diff` and `--reproduce`: what is done with runs that are stored."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpt_trader.app import backtest as backtest_input
from gpt_trader.app import stored as stored_runs
from gpt_trader.backtest import store
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.store import StoredRun
from gpt_trader.cli.backtest import view as backtest_view
from gpt_trader.cli.output import emit, table
from gpt_trader.domain.times import format_time

DASH = "-"
VALUES = ("a", "b", "difference")
NAME, CELL = 28, 16  # characters of a name and a value in a table
COMMAND = "gpt-trader backtest"
MOST_ROWS = 40  # of a difference on a terminal; --json has all


def finish(
    root: Path,
    result: Result,
    inputs: backtest_input.Inputs,
    files: backtest_input.Files,
    where: str,
    *,
    json: bool,
) -> None:
    """Store a run that has just ended, write the files that were asked for, and print it.

    where: the options that name the same state folder in the next command. In this order, since
    whoever reads stdout may stop (`| head`), which ends the command. A disk that refuses to store
    it is a warning. Exits 1 if a file cannot be written.
    """
    run, problem = stored_runs.keep(root, result, inputs)
    refused = backtest_input.write_files(result, files)
    warnings = [*result.notes, *([] if problem is None else [problem])]
    if json:
        warnings += [note for note in (result.label, result.costs_label) if note is not None]
    else:
        backtest_view.show(run.data, run.curve, then=_then(run, where) if problem is None else [])
    emit("backtest", run.data, warnings, json=json, refused=refused)


def show_part(result: Result, files: backtest_input.Files, *, json: bool) -> None:
    """Print what an interrupted run came to. It is not stored: it is no whole run."""
    last = format_time(int(result.path.time[-1]))
    said = f"interrupted after the bar at {last}: a part, not stored"
    refused = backtest_input.write_files(result, files)
    if not json:
        run = store.record(result, result.to_json_dict(), {})
        again = f"Next: {shlex.join(['gpt-trader', *sys.argv[1:]])}"
        backtest_view.show(run.data, run.curve, then=[f"PARTIAL: {said}", again])
    emit("backtest", result.to_json_dict(), [said], json=json, refused=refused)


def show(root: Path, ref: str, where: str, *, json: bool) -> None:
    """Print a stored run as it was printed when it ended; where: as in `finish`."""
    run, damaged = store.load(root, ref)
    if not json:
        backtest_view.show(run.data, run.curve, then=_then(run, where))
    emit("backtest", run.data, damaged, json=json)


def _then(run: StoredRun, where: str) -> list[str]:
    next_one = f"{COMMAND} --reproduce {run.run_id} --report report.html{where}"
    return [f"Stored: {run.run_id}", f"Next: {next_one}"]


def diff(root: Path, first: str, second: str, *, json: bool) -> None:
    """Print what differs between two stored runs, in what went in and in what came out."""
    found = stored_runs.compare(root, first, second)
    if not json:
        _print_difference(found)
    emit("backtest", found, json=json)


def reproduce(root: Path, ref: str, files: backtest_input.Files, *, json: bool) -> None:
    """Run a stored run again and say that it is the same; write the files that are asked for."""
    again = stored_runs.reproduce(root, ref)
    data = {"run_id": again.run_id, "identical": True, "fills": again.fills}
    data |= {"changed": again.changed}
    refused = backtest_input.write_files(again.result, files)
    if not json:
        print(f"identical: {again.fills:,} fills, equity and every number of {again.run_id}")
        if again.changed:
            print(f"although changed since: {', '.join(again.changed)}")
    emit("backtest", data, again.damaged, json=json, refused=refused)


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
