"""What values say of themselves fits a cell: at most 25 lines of 100 columns."""

from dataclasses import fields, is_dataclass, replace
from functools import cache

import numpy as np
import pytest
from IPython.lib.pretty import pretty

import gpt_trader as gt
from gpt_trader.backtest.report import head
from gpt_trader.backtest.result import Halts
from gpt_trader.cli.backtest.view import remarks
from gpt_trader.domain.product import Product
from gpt_trader.domain.text import MOST_LINES, WIDTH, shown
from gpt_trader.errors import UsageError
from gpt_trader.kernel.codes import HOLD_SHORT_UNSUPPORTED
from gpt_trader.measure.verdict import Verdict
from gpt_trader.optimize.given import Sought
from gpt_trader.optimize.search import optimize
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.test_result import BTC, walk
from tests.uncounted import backtest

LONG = tuple(f"A reason that is as long as many a reason is, number {i}." * 3 for i in range(22))


@cache
def run():
    return backtest([walk(BTC, 900)], SmaCross(fast=3, slow=9), assess=True, self_check=False)


@cache
def many():
    """Thirty products, and more to say than there is room for."""
    bars = [walk(Product(f"COIN{i}-USD", *_grid()), 300, seed=i) for i in range(30)]
    found = backtest(bars, SmaCross(fast=3, slow=9), assess=True, self_check=False, label="x " * 99)
    judged = replace(found.assessment, verdict=Verdict("NOT PROVEN", LONG, ("untested",)))
    return replace(found, assessment=judged, notes=LONG)


@cache
def searched():
    grid = {"fast": tuple(range(2, 12)), "slow": tuple(range(12, 40, 2))}
    return optimize(walk(BTC, 900), Sought(SmaCross, grid, folds=3))


def _grid():
    return BTC.base_increment, BTC.price_increment


def parts(value, name, depth=0):
    """Every dataclass inside of one, by its path."""
    yield name, value
    if is_dataclass(value) and depth < 4:
        for field in fields(value):
            inner = getattr(value, field.name)
            if is_dataclass(inner):
                yield from parts(inner, f"{name}.{field.name}", depth + 1)


@pytest.mark.parametrize("make", [run, many, searched])
def test_a_value_and_what_is_in_it_fit_a_cell(make):
    value = make()
    for name, one in parts(value, make.__name__):
        text = repr(one)
        assert len(text) <= 4000, name
        assert "array(" not in text, name
    for one in (value, *(getattr(value, n, value) for n in ("metrics", "assessment"))):
        lines = repr(one).split("\n")
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 100


def test_a_run_says_what_it_came_to():
    text = repr(run())
    for said in (run().run_id, "sma_cross on BTC-USD", "900 bars of 1h", "fast engine",
                 run().assessment.verdict.word, *run().assessment.verdict.reasons):  # fmt: skip
        assert said in text.replace("\n    ", " ")
    plain = repr(replace(run(), assessment=None, interrupted=True))
    assert "not assessed" in plain
    assert "interrupted" in plain


def test_numbers_by_their_names():
    text = repr(run().metrics)
    assert "return_pct" in text
    assert f"{float(run().metrics.final_equity):,.2f}" in text


def test_bars_say_which():
    bars = walk(BTC, 900)
    assert repr(bars) == (
        "<Bars of BTC-USD: 900 bars of 1h, 2022-01-01T00:00Z to 2022-02-07T11:00Z, close "
        f"{bars.close[-1] / 100:.2f}>"
    )
    assert repr(bars[:0]) == "<Bars of BTC-USD: 0 bars of 1h>"


@pytest.mark.parametrize(
    "make",
    [
        lambda: run().trades,
        lambda: run().trades[0],
        lambda: run().path.bars[0].price,
        lambda: run().checks,
        lambda: many().checks,
        lambda: searched().terms,
        gt.RiskPolicy,
    ],
)
def test_what_is_looked_at_on_its_own_fits_a_cell(make):
    lines = repr(make()).split("\n")
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDTH


def test_of_many_trades_the_first_are_shown_and_the_rest_counted():
    trades = run().trades
    text = repr(trades)
    assert text.startswith(f"{len(trades):,} trades\nRoundTrip(product='BTC-USD'")
    assert text.endswith(f"\n... {len(trades) - 3:,} more")
    assert text.count("RoundTrip(") == 3
    assert pretty(trades) == text  # as a cell shows it
    few = type(trades)(trades[:2])
    assert repr(few).count("RoundTrip(") == 2
    assert "more" not in repr(few)
    assert trades == list(trades)


def test_prices_say_which():
    said = "<Prices of BTC-USD: 900 bars: open, high, low, close>"
    assert repr(walk(BTC, 900).price) == said


def test_a_search_shows_its_best_points():
    text = repr(searched())
    assert "sma_cross: fast 10 x slow 14 on BTC-USD" in text
    assert "140 points" in text
    assert text.count("chosen") == 1
    assert not np.isnan(searched().scores).all()


def test_lines_are_cut_and_what_is_left_is_counted():
    assert shown(["a", "b"]) == "a\nb"
    cut = shown(["  - " + "word " * 40] * 30).split("\n")
    assert len(cut) == MOST_LINES
    assert max(map(len, cut)) <= WIDTH
    assert cut[-1] == "... 66 more lines"


def test_a_run_says_what_kept_it_from_entering():
    counts = run().decision_counts.copy()
    counts[0, HOLD_SHORT_UNSUPPORTED] = 1_200
    halts = Halts(drawdown=1_704_931_200_000, loss_days=2, ruin=None)
    found = replace(run(), halts=halts, decision_counts=counts)
    assert replace(run(), halts=Halts(None, 0)).remarks == ()
    assert found.remarks == (
        "Halts: drawdown limit on 2024-01-11, no entry since; daily loss limit on 2 days",
        "1,200 targets below 0 taken as 0: spot cannot be short",
    )
    for said in found.remarks:
        assert said in repr(found)
        assert said in found._repr_html_()


def test_a_verdict_writes_the_minus_that_the_numbers_beside_it_have():
    found = run()
    judged = Verdict("NOT PROVEN", ("It made -4.72 %, 2024-01-11.",), ("untested",))
    found = replace(found, assessment=replace(found.assessment, verdict=judged))
    for said in (repr(found), found._repr_html_(), head.verdict(found)):
        assert "It made −4.72 %, 2024-01-11." in said


def test_a_run_of_too_few_bars_says_that_there_was_never_an_opinion():
    found = backtest([walk(BTC, 30)], SmaCross(fast=3, slow=40), self_check=False)
    [said] = found.remarks
    assert said.startswith("no opinion at any of 30 decisions: fewer bars than min_bars")
    assert f"Note: {said}" in " ".join(repr(found).split())
    assert ("silent", said) in remarks(found.to_json_dict(), full=False)


def test_a_search_gives_the_strategy_that_it_chose():
    assert searched().best == SmaCross(**searched().params)
    with pytest.raises(UsageError, match="no point of the grid traded"):
        _ = replace(searched(), chosen=None).best


def test_what_cannot_be_searched_compared_or_drawn_is_one_clear_line(tmp_path):
    with pytest.raises(UsageError, match="expected one or more values of fast, was none"):
        gt.optimize(walk(BTC, 900), SmaCross, {"fast": []})
    with pytest.raises(TypeError, match="expected results to compare, in a list or a dict"):
        gt.compare(None)
    with pytest.raises(TypeError, match="expected path as a path, was 5"):
        run().save(5)
    with pytest.raises(UsageError, match="named") as told:
        run().plot().save(tmp_path / "x.png")
    assert "x.svg" in told.value.hint
