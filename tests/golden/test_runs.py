"""Pinned runs: strategy x synthetic market x costs. Regenerate with `make golden`.

A difference is either a defect or a change that its commit explains.
"""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "golden.py"
spec = importlib.util.spec_from_file_location("golden", SCRIPT)
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)
PINNED = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_every_run_is_pinned():
    assert list(PINNED) == list(golden.RUNS)
    assert all(run["fills"] > 10 for run in PINNED.values())


@pytest.mark.parametrize("name", golden.RUNS)
def test_the_fast_engine_gives_the_pinned_run(name):
    assert golden.run(name, "fast") == PINNED[name]


@pytest.mark.compiled
@pytest.mark.parametrize("name", list(golden.RUNS)[2:3])
def test_the_replay_gives_the_pinned_run(name):
    assert golden.run(name, "replay") == PINNED[name]
