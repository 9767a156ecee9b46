"""Change one thing in a file at a time, and see whether a test notices: `make mutate`.

For each file the tests that must notice are named below. The kernel runs uncompiled, so that its
functions are changed too. Prints what survived; a survivor is a line that no test holds.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ENGINE = "tests/engine tests/risk/test_guards.py tests/broker/exchange/test_reports.py"
KERNEL = "tests/kernel/test_sizing.py tests/kernel/test_decide.py"
TESTS = {
    "gpt_trader/domain/order_life.py": "tests/domain/test_order_life.py",
    "gpt_trader/runtime/halt.py": "tests/runtime/test_halt.py",
    "gpt_trader/runtime/live/apart.py": "tests/runtime/live/test_apart.py",
    "gpt_trader/runtime/live/reconcile.py": "tests/runtime/live/test_reconcile_rules.py",
    "gpt_trader/runtime/controls.py": "tests/cli/switches/test_kill.py",
    "gpt_trader/runtime/alerts.py": "tests/runtime/test_alerts.py",
    "gpt_trader/engine/apply.py": ENGINE,
    "gpt_trader/engine/codec.py": ENGINE,
    "gpt_trader/engine/cycle.py": ENGINE,
    "gpt_trader/engine/explain.py": ENGINE,
    "gpt_trader/engine/operator.py": ENGINE,
    "gpt_trader/engine/orders.py": ENGINE,
    "gpt_trader/engine/protect.py": ENGINE,
    "gpt_trader/engine/state.py": ENGINE,
    "gpt_trader/engine/step.py": ENGINE,
    "gpt_trader/engine/window.py": ENGINE,
    "gpt_trader/engine/windows.py": ENGINE,
    "gpt_trader/engine/written.py": ENGINE,
    "gpt_trader/journal/compact.py": "tests/journal/test_compact.py tests/cli/journal/test_care.py",
    "gpt_trader/journal/chain.py": "tests/journal tests/faults",
    "gpt_trader/journal/sqlite.py": "tests/journal tests/faults",
    "gpt_trader/journal/schema.py": "tests/journal tests/faults",
    "gpt_trader/journal/snapshots.py": "tests/journal tests/faults",
    "gpt_trader/journal/verify.py": "tests/journal tests/faults",
    "gpt_trader/kernel/guards.py": "tests/kernel/test_guards.py tests/reference tests/risk",
    "gpt_trader/kernel/marks.py": "tests/kernel/test_marks.py tests/risk",
    "gpt_trader/kernel/readings.py": "tests/kernel/test_readings.py tests/risk",
    "gpt_trader/kernel/sizing.py": f"{KERNEL} tests/risk",
    "gpt_trader/risk/policy.py": "tests/config tests/risk",
    "gpt_trader/risk/table.py": "tests/kernel/test_guards.py tests/reference tests/risk",
}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
TIMEOUT_S = 300


class Mutant(NamedTuple):
    """A changed file. line: what it was and is now, for people."""

    line: int
    was: str
    now: str
    text: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield the file with one thing changed: a comparison, a sum, a condition, a constant."""
    number = 0
    while True:
        tree = ast.parse(source)
        places = [node for node in ast.walk(tree) if _changed(node, dry=True)]
        if number >= len(places):
            return
        node = places[number]
        was = ast.unparse(node)
        _changed(node, dry=False)
        now = ast.unparse(node)
        yield Mutant(
            getattr(node, "lineno", 0), was, now, ast.unparse(ast.fix_missing_locations(tree))
        )
        number += 1


def _changed(node: ast.AST, *, dry: bool) -> bool:
    """Change a node in place unless `dry`; return whether it is one that can be changed."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            if not dry:
                node.ops = [COMPARED[type(op)]()]
        case ast.BinOp(op=op) if type(op) in COUNTED:
            if not dry:
                node.op = COUNTED[type(op)]()
        case ast.BoolOp(op=op):
            if not dry:
                node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.If(test=test) | ast.IfExp(test=test):
            if not dry:
                node.test = ast.UnaryOp(ast.Not(), test)
        case ast.Constant(value=bool(value)):
            if not dry:
                node.value = not value
        case ast.Constant(value=int(value)):
            if not dry:
                node.value = value + 1
        case _:
            return False
    return True


def survives(copy: Path, name: str, text: str) -> bool:
    """Whether every test passes with the changed file."""
    path = copy / name
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(copy), "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "--no-header"]
    try:
        done = subprocess.run(
            [*command, *TESTS[name].split()],
            cwd=copy,
            env=env,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False  # it hangs: that is noticed
    finally:
        path.write_text(before, encoding="utf-8")
    return done.returncode == 0


def main() -> int:
    """Try the mutants; print the survivors."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("files", nargs="*", default=list(TESTS))
    parser.add_argument("--sample", type=int, default=0, help="of each file; 0: all")
    asked = parser.parse_args()
    tried = survived = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".venv*", ".git", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for name in asked.files:
            found = list(mutants((ROOT / name).read_text(encoding="utf-8")))
            if asked.sample:
                rng = random.Random(1)  # noqa: S311 - a choice of mutants, not of secrets
                found = sorted(rng.sample(found, min(asked.sample, len(found))))
            lived = [one for one in found if survives(copy, name, one.text)]
            print(f"{name}: {len(found) - len(lived)} of {len(found)} were noticed", flush=True)
            for one in lived:
                print(f"  {name}:{one.line}: {one.was!r} as {one.now!r}", flush=True)
            tried, survived = tried + len(found), survived + len(lived)
    took = time.perf_counter() - began
    print(f"{tried - survived} of {tried} mutants were noticed, in {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
