"""The ledger of trials: each counted once, none forgotten unseen, no backtest ever failed by it."""

import contextlib
import fcntl
import json
import os
import resource
import subprocess
import sys
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.backtest import trials as ledger
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.trials import Books, Trial, books, count, identify, others, record
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.measure.assess import Trials
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create, resolve
from tests.strategies_helpers import random_bars

DAY = 86_400_000
NOW = 1_767_225_600_000  # 2026-01-01
LATER = NOW + 40 * DAY  # 2026-02-10
OLD = (NOW - 900 * DAY, NOW - 100 * DAY)


def trial(name, sharpe=0.01, products=("BTC-USD",), times=OLD):
    return Trial(name, "sma_cross", products, *times, sharpe)


@pytest.fixture
def here(tmp_path):
    return Books(tmp_path / "state" / "trials.jsonl", tmp_path / "data" / "trials.json")


@pytest.fixture(autouse=True)
def nothing_waits():
    yield
    ledger._WAITING.clear()
    ledger._IN_VAIN.clear()


@contextlib.contextmanager
def held_by_another(here):
    with here.anchor.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


ME = trial("me")


def look(here, now_ms=LATER):
    return others(here, ME, now_ms=now_ms, patience_s=0)


def write(here, *trials, now_ms=NOW):
    return record(here, trials, now_ms=now_ms, patience_s=0)


def test_nothing_tried_yet(here):
    assert look(here) == Trials((), 0, None)


def test_the_others_count_and_oneself_does_not(here):
    assert write(here, trial("a", 0.01), trial("b", None)) is None
    assert write(here, ME) is None
    assert look(here) == Trials((0.01,), 2, None)


def test_the_same_trial_twice_counts_once(here):
    for _ in range(3):
        write(here, trial("a"), trial("a"))
    assert look(here).count == 1
    assert len(here.ledger.read_text().splitlines()) == 1


def until(day, name="me", sharpe=0.01):
    return trial(name, sharpe, times=(OLD[0], OLD[1] + day * DAY))


def test_a_trial_that_only_became_longer_is_one_with_its_newest_length(here):
    for day in range(5):
        write(here, until(day, sharpe=day / 100))
        assert others(here, until(day), now_ms=LATER, patience_s=0) == Trials((), 0, None)
    assert look(here).count == 0  # the same as on its first day
    assert others(here, trial("other"), now_ms=LATER, patience_s=0) == Trials((0.04,), 1, None)
    rows = [json.loads(line) for line in here.ledger.read_text().splitlines()]
    assert {row["id"] for row in rows} == {"me"}
    assert [row["last_ms"] for row in rows] == [OLD[1] + day * DAY for day in range(5)]


def test_an_end_that_is_chosen_afterwards_is_another_trial(here):
    write(here, until(0), until(5))
    ledger._LOOKED.clear()  # as another process
    write(here, until(3), until(2), until(3), until(0), until(5))
    rows = [json.loads(line) for line in here.ledger.read_text().splitlines()]
    assert [row["last_ms"] for row in rows] == [OLD[1] + day * DAY for day in (0, 5, 3, 2)]
    assert len({row["id"] for row in rows}) == 3
    assert others(here, until(6), now_ms=LATER, patience_s=0).count == 2
    assert others(here, until(3), now_ms=LATER, patience_s=0).count == 2
    assert others(here, until(4), now_ms=LATER, patience_s=0).count == 3


@pytest.mark.parametrize(
    "other, counts",
    [
        (trial("a", products=("ETH-USD",)), 0),
        (trial("a", products=("ETH-USD", "BTC-USD")), 1),
        (trial("a", products=("synthetic BTC-USD",)), 0),
        (trial("a", times=(OLD[0] - DAY, OLD[0] - 1)), 0),
        (trial("a", times=(OLD[0] - DAY, OLD[0])), 1),
        (trial("a", times=(OLD[1], OLD[1] + DAY)), 1),
        (trial("a", times=(OLD[1] + 1, OLD[1] + DAY)), 0),
    ],
)
def test_what_overlaps_counts(here, other, counts):
    write(here, other)
    assert look(here).count == counts


def lines_of(here):
    return here.ledger.read_bytes().splitlines(keepends=True)


def deleted(here):
    here.ledger.unlink()


def shortened(here):
    here.ledger.write_bytes(b"".join(lines_of(here)[:-1]))


def without_a_middle(here):
    kept = lines_of(here)
    del kept[1]
    here.ledger.write_bytes(b"".join(kept))


def edited(here):
    here.ledger.write_bytes(here.ledger.read_bytes().replace(b"0.02", b"0.00"))


def garbled(here):
    kept = lines_of(here)
    kept[1] = b"\xff\x00not json\n"
    here.ledger.write_bytes(b"".join(kept))


def written_anew(here):
    """Deleted, and begun again by somebody who knows the format."""
    kept = Books(here.ledger, here.anchor.with_name("other.json"))
    here.ledger.unlink()
    write(kept, trial("x"), trial("y"), trial("z"))


def without_anchor(here):
    here.anchor.unlink()


def with_a_broken_anchor(here):
    here.anchor.write_text("{")


@pytest.mark.parametrize(
    "harm",
    [
        deleted,
        shortened,
        without_a_middle,
        edited,
        garbled,
        written_anew,
        without_anchor,
        with_a_broken_anchor,
    ],
)
def test_harm_is_said_and_remembered(here, harm):
    write(here, trial("a", 0.01), trial("b", 0.02), trial("c", 0.03))
    harm(here)
    assert look(here).note == "trials before 2026-02-10 unknown"
    assert write(here, ME, now_ms=LATER) is None
    assert look(here, LATER + 90 * DAY).note == "trials before 2026-02-10 unknown"
    assert write(here, trial("d"), now_ms=LATER + 91 * DAY) is None
    later = look(here, LATER + 92 * DAY)
    assert later.note == "trials before 2026-02-10 unknown"
    assert later.count >= 1  # what is left goes on counting


def test_a_second_loss_is_a_later_one(here):
    write(here, trial("a"))
    deleted(here)
    write(here, trial("b"), now_ms=LATER)
    deleted(here)
    assert look(here, LATER + DAY).note == "trials before 2026-02-11 unknown"


def test_bars_newer_than_the_loss_are_clear_of_it(here):
    write(here, trial("a"))
    deleted(here)
    write(here, ME, now_ms=LATER)
    newer = trial("n", times=(LATER, LATER + DAY))
    assert others(here, newer, now_ms=LATER + 2 * DAY, patience_s=0).note is None


def test_a_loss_of_other_products_does_not_taint(here):
    write(here, trial("a", products=("synthetic BTC-USD",)))
    deleted(here)
    assert look(here).note is None


def test_another_state_folder_is_no_fresh_start(here, tmp_path):
    write(here, trial("a", 0.02))
    there = Books(tmp_path / "other" / "trials.jsonl", here.anchor)
    assert look(there) == Trials((0.02,), 1, None)
    write(there, trial("b", 0.03))
    assert look(there).count == look(here).count == 2
    deleted(here)
    assert look(there).note == "trials before 2026-02-10 unknown"


def test_a_torn_line_is_a_loss_and_the_next_trial_is_kept(here):
    write(here, trial("a"), trial("b"))
    here.ledger.write_bytes(here.ledger.read_bytes()[:-20])
    assert look(here).note is not None
    write(here, trial("c"), now_ms=LATER)
    assert look(here).count == 2  # a and c


def test_a_crash_between_ledger_and_anchor_loses_nothing(here):
    write(here, trial("a"))
    kept = here.anchor.read_bytes()
    write(here, trial("b"))
    here.anchor.write_bytes(kept)
    assert look(here) == Trials((0.01, 0.01), 2, None)


def test_the_lock_of_another_is_a_note(here):
    write(here, trial("a"))
    with here.anchor.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert look(here).note == "the ledger of trials cannot be read (another process holds it)"
        assert write(here, ME) == "this trial could not be recorded (another process holds it)"


def test_what_could_not_be_written_is_kept_counted_and_written_later(here):
    write(here, trial("a"))
    with held_by_another(here):
        assert count(here, trial("b", 0.02), now_ms=NOW + 2_000) is not None
        assert count(here, trial("c", 0.03), now_ms=NOW + 2_010) is not None
        blind = look(here)
        assert (blind.count, blind.sharpes) == (2, (0.02, 0.03))
        assert blind.note == "the ledger of trials cannot be read (another process holds it)"
    assert look(here) == Trials((0.01, 0.02, 0.03), 3, None)
    assert len(lines_of(here)) == 3
    assert count(here, trial("d"), now_ms=LATER + 10) is None


def test_a_verdict_knows_of_what_the_ledger_cannot_take(here):
    write(here, trial("a"))
    here.ledger.rename(here.ledger.with_suffix(".kept"))
    here.ledger.mkdir()
    assert write(here, trial("b", 0.02)) == "this trial could not be recorded (Is a directory)"
    found = look(here)
    assert found.count == 1
    assert found.note is not None


def test_a_loop_waits_once_for_the_lock_of_another(here, monkeypatch):
    write(here, trial("a"))
    waits = []
    real = ledger.held

    def held(anchor, patience_s):
        waits.append(patience_s)
        return real(anchor, min(patience_s, 0.02))

    monkeypatch.setattr(ledger, "held", held)
    with held_by_another(here):
        for k in range(20):
            assert count(here, trial(f"b{k}"), now_ms=NOW + 2_000 + k * 600) is not None
    assert waits == [ledger.PATIENCE_S, *[ledger.TIRED_S] * 9]
    assert count(here, trial("c"), now_ms=NOW + 20_000) is None
    assert len(lines_of(here)) == 22


def test_what_is_lost_when_the_process_ends_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from gpt_trader.backtest.trials import Books, Trial, count\n"
        "here = Books(Path(sys.argv[1]) / 'file' / 't.jsonl', Path(sys.argv[1]) / 't.json')\n"
        "count(here, Trial('a', 's', ('BTC-USD',), 0, 1), now_ms=1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert done.stderr.startswith("warning: ")
    assert " lacks 1 of this process's trials: " in done.stderr
    assert "Not a directory" in done.stderr


def test_what_another_appends_is_all_that_is_read(here, monkeypatch):
    read = []
    real = ledger.read_chain

    def read_chain(path, *, begin=0, head=""):
        found = real(path, begin=begin, head=head)
        read.append(len(found.digests))
        return found

    monkeypatch.setattr(ledger, "read_chain", read_chain)
    mine, theirs = {}, {}
    for k in range(20):
        for kept, name in ((mine, "m"), (theirs, "t")):  # as two processes
            monkeypatch.setattr(ledger, "_LOOKED", kept)
            assert write(here, trial(f"{name}{k}"), trial(f"same{k}")) is None
    assert read[:2] == [0, 2]
    assert max(read[2:]) <= 2
    assert len(lines_of(here)) == 60
    assert look(here).count == 60
    assert look(here).note is None


@pytest.mark.parametrize("harm", [deleted, shortened, without_a_middle, edited, garbled])
def test_harm_between_two_records_of_one_process_is_noticed(here, harm):
    write(here, trial("a", 0.01), trial("b", 0.02), trial("c", 0.03))
    harm(here)
    assert write(here, ME, now_ms=LATER) is None
    assert look(here, LATER + 90 * DAY).note == "trials before 2026-02-10 unknown"


def test_a_full_disk_is_a_note(here):
    write(here, trial("a"))
    size = here.ledger.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, limits[1]))
    try:
        assert write(here, ME) == "this trial could not be recorded (File too large)"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert here.ledger.stat().st_size == size + 30
    assert look(here).note == "trials before 2026-02-10 unknown"
    assert look(here).count == 1


def test_a_folder_that_cannot_be_made_is_a_note(tmp_path):
    (tmp_path / "file").write_text("")
    wrong = Books(tmp_path / "file" / "trials.jsonl", tmp_path / "data" / "trials.json")
    assert look(wrong).note == "the ledger of trials cannot be read (Not a directory)"
    assert write(wrong, ME) == "this trial could not be recorded (Not a directory)"


def test_two_at_once_lose_nothing(here):
    code = """
import sys
from pathlib import Path
from gpt_trader.backtest.trials import Books, Trial, record
here = Books(Path(sys.argv[1]), Path(sys.argv[2]))
for k in range(15):
    one = Trial(f"{sys.argv[3]}{k}", "s", ("BTC-USD",), 0, 2_000_000_000_000, 0.01)
    assert record(here, [one], now_ms=1, patience_s=30) is None
"""
    command = [sys.executable, "-c", code, str(here.ledger), str(here.anchor)]
    running = [subprocess.Popen([*command, name], env=os.environ) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    assert look(here) == Trials((0.01,) * 30, 30, None)


def test_books_are_in_two_folders(tmp_path):
    found = books(tmp_path)
    assert found.ledger == tmp_path / "trials.jsonl"
    assert Path(os.environ["XDG_DATA_HOME"]) in found.anchor.parents


def test_what_makes_another_trial():
    bars = [random_bars(50, 1)]
    plain = {"costs": CostModel(), "risk": RiskPolicy(), "label": None}

    def name(fast=20, series=bars, style=None, budget=1.0, strategy="sma_cross", **changes):
        params = {"fast": fast} if strategy == "sma_cross" else {}
        made = Route(create(strategy, params), (), budget, style or order_style("taker"))
        return identify([made], series, **plain | changes).id

    different = [
        name(),
        name(fast=10),
        name(series=[bars[0][1:]]),
        name(series=[replace(bars[0], product=replace(bars[0].product, product_id="ETH-USD"))]),
        name(series=[replace(bars[0], interval_ms=60_000)]),
        name(style=order_style("maker_only")),
        name(budget=0.5),
        name(strategy="buy_and_hold"),
        name(strategy="hold"),
        name(costs=CostModel(taker_bps=1)),
        name(risk=None),
        name(label="synthetic: for show"),
        name(cash=5_000),
        name(close_at_end=True),
        name(detail=[replace(bars[0], interval_ms=60_000)]),
        *(name(series=[with_grid(bars[0], field, value)]) for field, value in GRID.items()),
    ]
    assert len(set(different)) == len(different)
    assert name() == name()
    assert name(series=[bars[0][:-1]]) == name()  # only brought up to date
    assert name(cash=Decimal("10000.00"), close_at_end=False, detail=()) == name()  # as by default


GRID = {
    "base_increment": Decimal("0.5"),
    "price_increment": Decimal("0.05"),
    "base_min_size": Decimal(3),
    "quote_min_size": Decimal(3),
    "is_perpetual": True,
    "quote_increment": Decimal(3),
    "base_max_size": Decimal(3),
    "quote_max_size": Decimal(3),
}


def with_grid(bars, field, value):
    return replace(bars, product=replace(bars.product, **{field: value}))


def test_all_of_a_product_makes_another_trial():
    assert set(GRID) == {f.name for f in fields(random_bars(5, 1).product)} - {"product_id"}


STRATEGY = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Targets

LOOK_BACK = 5

@dataclass(frozen=True)
class Mine:
    name: ClassVar[str] = "mine"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = LOOK_BACK

    def targets(self, bars):
        return Targets(np.full(len(bars), 1.0 / LOOK_BACK))
"""


def test_an_edit_outside_the_class_makes_another_trial(tmp_path):
    found = set()
    for bars in (5, 6):
        path = tmp_path / str(bars) / "mine.py"
        path.parent.mkdir()
        path.write_text(STRATEGY.replace("LOOK_BACK = 5", f"LOOK_BACK = {bars}"))
        strategy = resolve(f"{path}:Mine")
        found.add(
            identify(
                [Route(strategy())],
                [random_bars(50, 1)],
                costs=CostModel(),
                risk=None,
                label=None,
            ).id
        )
    assert len(found) == 2


def test_identify_says_what_is_traded():
    bars = random_bars(50, 1)
    found = identify(
        [Route(create("hold", {}))], [bars], costs=CostModel(), risk=None, label="synthetic: x"
    )
    assert (found.strategy, found.products) == ("hold", ("synthetic BTC-USD",))
    assert (found.first_ms, found.last_ms) == (int(bars.time[0]), int(bars.time[-1]))
    assert found.sharpe is None


def test_a_line_is_readable(here):
    write(here, trial("a"))
    row = json.loads(here.ledger.read_text())
    assert row == {
        "previous": "0" * 64,
        "id": "a",
        "strategy": "sma_cross",
        "products": ["BTC-USD"],
        "first_ms": OLD[0],
        "last_ms": OLD[1],
        "sharpe": 0.01,
        "content": [],
        "did": "",
        "time": NOW,
    }


def test_the_same_bars_under_another_name_are_no_new_market(here):
    bars = random_bars(200, 1)
    other = replace(bars, product=replace(bars.product, product_id="XBT-EUR"))
    terms = {"costs": CostModel(), "risk": None, "label": None}
    first, second, elsewhere = (
        identify([Route(create("hold", {}))], [one], **terms)
        for one in (bars, other, random_bars(200, 2))
    )
    assert first.id != second.id
    write(here, first)
    assert others(here, second, now_ms=LATER, patience_s=0).count == 1
    apart = replace(elsewhere, products=("ABC-USD",))
    assert others(here, apart, now_ms=LATER, patience_s=0).count == 0


def held(bars):
    terms = {"costs": CostModel(), "risk": None, "label": None}
    return identify([Route(create("hold", {}))], [bars], **terms)


def with_closes(bars, rows, factor=1.01):
    close = bars.close.copy()
    close[rows] = np.rint(close[rows] * factor)
    return replace(
        bars, close=close, high=np.maximum(bars.high, close), low=np.minimum(bars.low, close)
    )


@pytest.mark.parametrize("as_another_process", [False, True])
def test_another_history_under_one_name_is_another_trial(here, as_another_process):
    markets = [held(random_bars(200, seed, interval_ms=DAY)) for seed in (1, 2, 3)]
    for k, one in enumerate(markets):
        assert others(here, one, now_ms=LATER, patience_s=0).count == k
        for _ in range(2):
            write(here, one)
            if as_another_process:
                ledger._LOOKED.clear()
    assert len(lines_of(here)) == 3
    assert others(here, markets[0], now_ms=LATER, patience_s=0).count == 2
    assert others(here, trial("x", times=OLD_DAYS), now_ms=LATER, patience_s=0).count == 3


OLD_DAYS = (int(random_bars(200, 1, interval_ms=DAY).time[0]), LATER)


def test_daily_use_stays_one_trial_also_when_the_newest_bars_are_corrected(here):
    bars = random_bars(400, 1, interval_ms=DAY)
    for end in range(120, 400, 7):
        known = with_closes(bars[:end], slice(end - 3, end))  # right once there are newer ones
        assert others(here, held(known), now_ms=LATER, patience_s=0).count == 0
        write(here, held(known))
    assert len(lines_of(here)) == 40
    mended = with_closes(bars, slice(200, 205))
    assert others(here, held(mended), now_ms=LATER, patience_s=0).count == 0
    edited = with_closes(bars, slice(100, 200))
    assert others(here, held(edited), now_ms=LATER, patience_s=0).count == 1


def test_lines_of_older_versions_have_no_content(here):
    write(here, trial("a"))
    text = here.ledger.read_text()
    assert ledger._trial({k: v for k, v in json.loads(text).items() if k != "content"}) is not None
