"""The search: a planted edge survives, noise does not, no test is seen before its time."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from gpt_trader.backtest.reads import watched_reads
from gpt_trader.cli.optimize.view import out_of_sample
from gpt_trader.domain.bars import bars_from_rows
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import StrategyError, UsageError, ValidationGateError
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.measure.verdict import LOSES, NOT_PROVEN, PASS
from gpt_trader.optimize.document import document
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.search import Search, optimize
from gpt_trader.strategy.base import param
from gpt_trader.strategy.sma_cross import SmaCross
from tests.optimize.markets import CHEAP, GRID, TERMS, cycle, noise
from tests.power.worlds import DECLARED, UNREAL, Below, Tide, market
from tests.strategies_helpers import BTC, HOUR_MS


@dataclass(frozen=True)
class ReadsATable:
    """Knows from a file what comes."""

    name: ClassVar[str] = "reads_a_table"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    table: str = ""
    days: int = 1

    def targets(self, bars):
        time, rises = np.load(self.table)
        return Targets(rises[np.searchsorted(time, bars.time)].astype(float))


@dataclass(frozen=True)
class Given(SmaCross):
    """Was given a table."""

    levels: tuple[int, ...] = tuple(range(20))


WHOLE = Trials()  # nothing was tried before, and the record is whole


@pytest.fixture(autouse=True)
def nothing_read(monkeypatch):
    """What one test's strategies read is not what those of another rest on, in one file."""
    monkeypatch.setattr("gpt_trader.backtest.reads._READ", {})


def search(bars, **options) -> Search:
    return optimize(bars, Sought(SmaCross, GRID, **({"trials": WHOLE} | TERMS | options)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_edge_is_found_and_survives(seed):
    found = search(cycle(300, seed))
    assert found.walk.return_pct > 20.0
    assert found.walk.sharpe > 2.0
    assert found.overfit.loss_share < 0.01
    assert found.verdict.word == PASS
    assert found.luck.trials == 18
    assert found.space.impossible == 2


def test_noise_is_never_proven_and_overfit_about_half_the_time():
    found = [search(noise(300, seed)) for seed in range(8)]
    assert {one.verdict.word for one in found} <= {LOSES, NOT_PROVEN}
    assert 0.3 < np.mean([one.overfit.pbo for one in found]) < 0.8
    assert all(one.luck.dsr < 0.95 for one in found)


def test_what_caps_the_verdict_is_said():
    bars = cycle(300, 1)
    synthetic = search(bars, label="synthetic")
    assert (synthetic.verdict.word, synthetic.verdict.reasons) == (
        NOT_PROVEN, ("The market is synthetic.",)
    )  # fmt: skip
    uncounted = search(bars, trials=None)
    assert uncounted.verdict.word == NOT_PROVEN
    assert "earlier trials were not counted" in uncounted.verdict.reasons[0]
    many = search(bars, trials=Trials(sharpes=(0.9, -0.9), count=5000))
    assert many.luck.trials == 5018
    assert many.luck.dsr < found_dsr(bars)
    few = search(bars, folds=2)
    assert few.verdict.word == NOT_PROVEN
    assert "2 folds are too few" in few.verdict.reasons[0]


@pytest.mark.parametrize(
    "costs, words",
    [
        (replace(CHEAP, touch_fills=True), "filled when only touched"),
        (replace(CHEAP, taker_bps=0.0, maker_bps=0.0), "without fees"),
    ],
)
def test_on_terms_that_nobody_has_nothing_is_proven(costs, words):
    found = search(cycle(300, 1), costs=costs)
    assert found.verdict.word == NOT_PROVEN
    assert any(words in reason for reason in found.verdict.reasons)


def test_orders_that_cannot_be_counted_keep_a_search_from_pass():
    found = search(cycle(300, 1), cash=8_000_000_000, risk=None)
    assert found.verdict.word == NOT_PROVEN
    assert "too large to be counted (OVERFLOW)" in found.verdict.reasons[0]


def test_the_chosen_point_is_run_at_dearer_fees():
    bars = cycle(300, 1)
    fees = [replace(CHEAP, taker_bps=bps, maker_bps=bps) for bps in (40.0, 80.0)]
    found, dear = (search(bars, costs=costs) for costs in fees)
    dearer = found.other_terms.dearer
    assert (dearer.taker_bps, dearer.maker_bps) == (80.0, 60.0)  # at most the worst tier's
    assert dearer.return_pct == document(dear)["points"][found.chosen]["return_pct"]
    assert document(found)["sensitivity"]["dearer"]["return_pct"] == dearer.return_pct


def test_gains_at_the_price_that_decided_are_not_proven():
    """Closes that nobody could trade at: beyond luck on the record, and never to be had."""
    world = next(one for one in UNREAL if one.name == "closes that are off, days")
    style = TERMS | {"costs": world.costs, "trials": WHOLE}
    found = optimize(market(world, 3), Sought(Below, {"part": (0.4, 0.5, 0.6)}, **style))
    assert found.luck.chance < 0.01
    assert found.verdict.word == NOT_PROVEN
    assert found.verdict.reasons[0].startswith("Filled a minute late most of its profit is gone")


def test_a_search_that_is_gone_a_bar_late_looks_like_a_leak():
    """The tide turns by a coin each day: who is a day late knows nothing of it any more."""
    world = replace(DECLARED, costs=CHEAP, sharpe=7.0, dwell_days=2.0)
    found = optimize(
        market(world, 1),
        Sought(Tide, {"level": (1900.0, 2000.0, 2100.0)}, **TERMS | {"trials": WHOLE}),
    )
    assert found.luck.chance < 0.01
    assert (found.verdict.word, found.verdict.kinds) == (NOT_PROVEN, ("leak",))
    assert document(found)["sensitivity"]["delayed_return_pct"] < 0.1 * found.other_terms.return_pct


def test_an_array_is_no_parameter_of_a_search():
    with pytest.raises(UsageError, match="expected levels of sma_cross to be"):
        optimize(cycle(300, 1), Sought(Given, {"fast": (2, 3)}, fixed={"levels": np.arange(3)}))


def test_what_no_check_reaches_is_not_proven(tmp_path):
    bars = cycle(300, 1)
    table = tmp_path / "table.npy"
    ahead = np.append(bars.close[1:] > bars.close[:-1], False)
    np.save(table, np.array([bars.time, ahead]))
    known = TERMS | {"trials": WHOLE, "fixed": {"table": str(table)}}
    with watched_reads():
        found = optimize(bars, Sought(ReadsATable, {"days": (1, 2, 3)}, **known))
    assert found.checks.unreached == ("table.npy",)  # and nothing that only asking it reads
    assert found.verdict.word == NOT_PROVEN
    assert "It reads table.npy" in found.verdict.reasons[0]
    given = optimize(bars, Sought(Given, GRID, **TERMS, trials=WHOLE))
    assert given.checks.outside == ("parameter levels",)
    assert "levels was made outside" in given.verdict.reasons[0]


def found_dsr(bars):
    return search(bars).luck.dsr


def test_the_days_of_the_folds_follow_one_another():
    found = search(cycle(200, 1), folds=4)
    runs = found.walk.folds
    assert len(runs) == 4
    assert [run.end for run in runs[:-1]] == [run.split for run in runs[1:]]
    assert {run.start for run in runs} == {found.terms.first_day * DAY_MS}
    assert sum(len(run.returns) for run in runs) == len(found.walk.returns)
    assert found.walk.return_pct == pytest.approx(
        (np.prod([1 + run.out_return_pct / 100 for run in runs]) - 1) * 100, rel=1e-9
    )


def test_what_halts_did_to_the_tests_is_said():
    bars = cycle(200, 5)
    tight = replace(TERMS["risk"], max_drawdown_pct=2.0)
    halted = optimize(bars, Sought(SmaCross, GRID, folds=4, **(TERMS | {"risk": tight})))
    free = halted.walk.unhalted
    assert 0 < free.tests <= 4
    assert sum(run.unhalted is not None for run in halted.walk.folds) == free.tests
    assert free.return_pct != halted.walk.return_pct
    joined = np.concatenate(
        [run.returns if run.unhalted is None else run.unhalted for run in halted.walk.folds]
    )
    assert free.return_pct == pytest.approx(100.0 * (np.prod(1.0 + joined) - 1.0))
    said = "\n".join(out_of_sample(halted))
    assert f"loss limits ended entries in {free.tests} of 4 tests; without them" in said
    assert document(halted)["walk_forward"]["out_of_sample"]["unhalted"]["tests"] == free.tests
    calm = optimize(bars, Sought(SmaCross, GRID, folds=4, **TERMS))
    assert calm.walk.unhalted is None
    assert "loss limits" not in "\n".join(out_of_sample(calm))


def test_no_choice_and_no_test_changes_when_later_bars_do():
    """The strongest leak test: other bars after a fold leave it as it was, bit by bit."""
    bars = cycle(200, 1)
    found = search(bars, folds=4)
    other = cycle(200, 9)
    for number, run in enumerate(found.walk.folds):
        row = int(np.searchsorted(bars.time, run.end))
        mixed = bars_from_rows(
            BTC, HOUR_MS,
            [bars.bar(i) for i in range(row)] + [other.bar(i) for i in range(row, len(bars))],
        )  # fmt: skip
        again = search(mixed, folds=4).walk.folds[number]
        assert again.point == run.point
        assert again.score == run.score
        assert again.returns.tobytes() == run.returns.tobytes()


def test_points_are_kept_and_used_again_only_on_the_same_ground(tmp_path):
    bars = cycle(100, 1)
    first = search(bars, keep_in=tmp_path)
    assert first.timing.kept == 0
    again = search(bars, keep_in=tmp_path)
    assert again.timing.kept == 18
    assert again.closes.tobytes() == first.closes.tobytes()
    assert again.search_id == first.search_id
    wider = optimize(
        bars, Sought(SmaCross, {"fast": (2, 4, 7), "slow": (6, 12)}, keep_in=tmp_path, **TERMS)
    )
    assert wider.timing.kept == 4, "a point of another grid is the same point"
    assert search(bars[:-1], keep_in=tmp_path).timing.kept == 0
    assert search(bars, keep_in=tmp_path, cash=9_999).timing.kept == 0
    assert search(bars, keep_in=tmp_path, fixed={"weight": 0.5}).timing.kept == 0


def test_progress_counts_every_point_and_knows_the_best(tmp_path):
    seen = []
    found = search(cycle(100, 1), keep_in=tmp_path, progress=seen.append, threads=2)
    assert [now.done for now in seen] == list(range(1, 19))
    assert {now.total for now in seen} == {18}
    index, score = seen[-1].best
    assert score == np.nanmax(found.scores) == found.scores[index]
    again = []
    search(cycle(100, 1), keep_in=tmp_path, progress=again.append)
    assert again[-1].done == 18


def test_an_interrupt_keeps_what_is_finished(tmp_path):
    class StopAfter:
        def __init__(self, count):
            self.left = count

        def __call__(self, now):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(cycle(100, 1), keep_in=tmp_path, progress=StopAfter(6), threads=2)
    whole = search(cycle(100, 1))
    resumed = search(cycle(100, 1), keep_in=tmp_path)
    assert resumed.timing.kept == 6
    assert resumed.closes.tobytes() == whole.closes.tobytes()


def test_where_nothing_traded_nothing_is_chosen():
    found = optimize(noise(20, 1), Sought(SmaCross, {"slow": (490, 500)}, folds=2))
    assert found.chosen is None
    assert found.luck.dsr is None
    assert [run.point for run in found.walk.folds] == [None, None]
    assert (found.walk.returns == 0.0).all()
    assert found.verdict.word == NOT_PROVEN
    assert found.map.chosen is None


@dataclass(frozen=True)
class Peeks:
    """Buys before a rise, which it can only know from the bar after."""

    name: ClassVar[str] = "peeks"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    ahead: int = param(1, 1, 5, doc="bars")

    def targets(self, bars):
        later = np.concatenate([bars.close[self.ahead :], np.full(self.ahead, bars.close[-1])])
        return Targets(np.where(later > bars.close, 1.0, 0.0))


@dataclass(frozen=True)
class BarByBar:
    """Has no columns."""

    name: ClassVar[str] = "bar_by_bar"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    size: float = param(1.0, doc="size")

    def on_bar(self, view, memory: Any):
        return None, memory


def test_a_strategy_that_looks_ahead_is_not_searched():
    with pytest.raises(ValidationGateError, match="peeks"):
        optimize(noise(60, 1), Sought(Peeks, {"ahead": (1, 2)}))


def test_a_strategy_that_decides_bar_by_bar_is_refused():
    with pytest.raises(UsageError, match="decides bar by bar"):
        optimize(noise(60, 1), Sought(BarByBar, {"size": (0.5, 1.0)}))


def test_several_products_share_one_account():
    found = search([cycle(100, 1), with_id(noise(100, 2), "ETH-USD")])
    assert len(found.data) == 2
    assert found.walk.returns.any()


def with_id(bars, product_id):
    from dataclasses import replace

    return replace(bars, product=replace(bars.product, product_id=product_id))


@dataclass(frozen=True)
class FailsAt:
    """In while the close rises; fails with some values of its parameter."""

    name: ClassVar[str] = "fails_at"
    k: int = 5
    min_bars: ClassVar[int] = 2
    warmup: ClassVar[int] = 2

    def targets(self, bars):
        _ = 1 / (self.k - 7)
        rising = np.diff(bars.close, prepend=bars.close[0]) > 0
        return Targets(np.where(np.arange(len(bars)) < 1, np.nan, rising / self.k))


def test_a_point_that_fails_is_said_counted_and_left():
    bars = cycle(200, 1)
    found = optimize(bars, Sought(FailsAt, {"k": [7, 5, 6, 8]}, trials=WHOLE, **TERMS))
    assert found.failed == {0: "ZeroDivisionError: division by zero"}
    assert np.isnan(found.closes[0]).all()
    assert found.luck.trials == 4
    assert found.chosen != 0
    others = optimize(bars, Sought(FailsAt, {"k": [5, 6, 8]}, trials=WHOLE, **TERMS))
    assert np.array_equal(found.closes[1:], others.closes)


def test_a_search_of_which_every_point_fails_is_an_error():
    with pytest.raises(StrategyError, match="every point fails, the first with k=7: ZeroDiv"):
        optimize(cycle(200, 1), Sought(FailsAt, {"k": [7]}, trials=WHOLE, **TERMS))


def test_what_is_not_the_strategys_failure_is_no_failed_point():
    @dataclass(frozen=True)
    class OutOfMemory(FailsAt):
        def targets(self, bars):
            raise MemoryError

    with pytest.raises(MemoryError):
        optimize(cycle(200, 1), Sought(OutOfMemory, {"k": [5, 6]}, trials=WHOLE, **TERMS))


def edged(edge):
    """Return a class that rests on what it closes over."""

    @dataclass(frozen=True)
    class Edged:
        name: ClassVar[str] = "edged"
        min_bars: ClassVar[int] = 1
        warmup: ClassVar[int] = 1
        n: int = 1

        def targets(self, bars):
            return Targets((bars.close % (self.n + 1) > edge).astype(float))

    return Edged


def test_points_of_other_code_are_computed_anew(tmp_path):
    """Wherever the ledger counts another trial."""
    bars, grid = cycle(60, 1), {"n": (2, 5)}

    def kept(strategy):
        return optimize(
            bars, Sought(strategy, grid, folds=2, keep_in=tmp_path, costs=CHEAP)
        ).timing.kept

    one = edged(1)
    assert [kept(one), kept(one), kept(edged(2)), kept(edged(1))] == [0, 2, 0, 2]
    one.targets = lambda self, bars: Targets(bars.close % self.n * 0.0)
    assert kept(one) == 0


def test_points_of_what_cannot_be_told_are_not_kept(tmp_path):
    """A file is read by a point: it may be another one the next time."""
    level = tmp_path / "level"

    @dataclass(frozen=True)
    class Reads(FailsAt):
        def targets(self, bars):
            return Targets((bars.close % self.k > float(level.read_text())).astype(float))

    for text in ("1", "2"):
        level.write_text(text)
        found = optimize(
            cycle(60, 1),
            Sought(Reads, {"k": (3, 5)}, folds=2, keep_in=tmp_path / "kept", costs=CHEAP),
        )
        assert found.timing.kept == 0
        assert any("finished points are not kept: " in note for note in found.notes)
    assert not (tmp_path / "kept").exists()
