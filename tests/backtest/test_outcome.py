"""What is not the same twice is another trial at each run, and never proven."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.backtest.outcome import NOT_TWICE, is_other, tell_outcome
from gpt_trader.backtest.trials import Trial, books, others, record, settle
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.doubt import UNTESTED
from tests.strategies_helpers import random_bars

BARS = random_bars(400, seed=1)
COSTS = CostModel(taker_bps=10, maker_bps=5)
NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Moody:
    name: ClassVar[str] = "moody"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    file: str

    def targets(self, bars):
        days = Path(self.file).stat().st_size  # of which Python tells nobody
        return Targets((bars.time // 86_400_000 // days % 2).astype(float))


@pytest.fixture
def run(tmp_path):
    def do(mood, bars=BARS, **options):
        file = tmp_path / "mood"
        file.write_text("." * mood)
        return backtest(bars, Moody(str(file)), costs=COSTS, risk=None, **options)

    return do


@pytest.fixture
def tried(run):
    def do(mood, bars=BARS):
        found = run(mood, bars, assess=True).assessment.inference
        return found.trials, found.trials_note

    return do


def lines():
    settle()
    path = Path(os.environ["GPT_TRADER_STATE_DIR"]) / "trials.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_other_fills_of_the_same_code_on_the_same_bars_are_another_trial(tried):
    assert tried(3) == (1, None)
    assert tried(3) == (1, None)
    assert tried(5) == (2, NOT_TWICE)
    assert tried(7) == (3, NOT_TWICE)
    assert tried(3) == (3, NOT_TWICE)
    found = lines()
    assert len(found) == 3
    assert len({row["id"] for row in found}) == 1


def test_they_are_never_proven(run):
    run(3)
    verdict = run(5, assess=True).assessment.verdict
    assert verdict.word != "PASS"
    assert verdict.word == "LOSES" or UNTESTED in verdict.kinds


def test_more_bars_are_the_same_trial(tried):
    assert tried(3, BARS[:300]) == (1, None)
    assert tried(3) == (1, None)


@pytest.mark.parametrize(
    "mine, theirs, other",
    [("a:x", "a:y", True), ("a:x", "a:x", False), ("a:x", "b:y", False), ("", "a:y", False)],
)
def test_only_of_the_same_inputs_is_an_outcome_another(mine, theirs, other):
    assert is_other(mine, theirs) == is_other(theirs, mine) == other


def test_the_ledger_keeps_what_each_did(tmp_path):
    here = replace(books(tmp_path / "state"), anchor=tmp_path / "data" / "trials.json")
    old = Trial("a", "s", ("BTC-USD",), 0, 1)
    record(here, [replace(old, did=did) for did in ("k:1", "k:2", "k:1")], now_ms=NOW_MS)
    assert others(here, old, now_ms=NOW_MS).count == 0
    found = others(here, replace(old, did="k:3"), now_ms=NOW_MS)
    assert (found.count, found.note) == (2, NOT_TWICE)
    assert others(here, replace(old, did="later:3"), now_ms=NOW_MS).note is None


def test_another_product_is_another_input(run):
    other = replace(BARS, product=replace(BARS.product, product_id="ETH-USD"))
    told = [tell_outcome(run(3, one).path, [], "") for one in (BARS, BARS, other)]
    assert told[0] == told[1]
    assert not is_other(told[0], told[2])
