"""Runs side by side: a table, and the first fill that differs."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest

from gpt_trader.backtest.compared import compare
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.notebook.cells import check_cell
from tests.backtest.test_result import BTC, walk
from tests.uncounted import backtest


@cache
def run(slow=9, cash=10_000):
    return backtest(walk(BTC, 600), SmaCross(3, slow), cash=cash, risk=None, self_check=False)


def test_a_table_of_all_numbers():
    both = compare({"nine": run(), "ten": run(10)})
    assert list(both.table) == ["nine", "ten", "difference"]
    assert both.table.loc["fills", "nine"] == len(run().fills)
    np.testing.assert_array_equal(both.table["difference"], both.table["ten"] - both.table["nine"])
    three = compare([run(), run(10), run(11)])
    assert len(three.table.columns) == 3
    assert three.table.index.equals(run().metrics.to_series().index)


def test_inputs_that_differ():
    inputs = compare({"nine": run(), "ten": run(10)}).inputs
    assert inputs.loc["strategy[0].params.slow"].to_dict() == {"nine": "9", "ten": "10"}
    assert len(inputs) == 1
    assert len(compare([run(), run()]).inputs) == 0


def test_the_first_fill_that_differs():
    both = compare({"nine": run(), "ten": run(10)})
    same = both.same_fills
    assert (run().fills[:same] == run(10).fills[:same]).all()
    assert run().fills[same] != run(10).fills[same]
    first = both.first_fill
    for label, result in both.runs.items():
        fill = result.fills_frame.iloc[same]
        assert first.loc[label, list(fill.index)].to_dict() == fill.to_dict()
        assert first.loc[label, "decided"] < fill["time"]


def test_equal_runs_have_no_such_fill():
    both = compare([run(), run()])
    assert both.first_fill is None
    assert both.same_fills == len(run().fills)
    assert len(both.runs) == 2
    assert f"fills: the same {len(run().fills)}" in repr(both)


def test_a_run_that_has_no_fill_left():
    short = backtest(walk(BTC, 600)[:300], SmaCross(3, 9), risk=None, self_check=False)
    both = compare({"short": short, "long": run()})
    assert both.same_fills == len(short.fills)
    assert both.first_fill.loc["short"].isna().all()
    assert both.first_fill.loc["long", "side"] in {"buy", "sell"}
    assert "short: none" in repr(both)


def test_it_shows_in_a_cell():
    both = compare([run(), run(10), run(11)])
    check_cell(both._repr_html_())
    lines = repr(both).split("\n")
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 100
    assert "strategy[0].params.slow" in repr(both)


def test_a_cell_of_many_runs_shows_the_first_ones():
    said = "<i>" * 200
    many = compare({f"{said}{i}": run(9 + i % 9, 10_000 + i) for i in range(60)})
    html = many._repr_html_()
    check_cell(html)
    assert "52 runs more: .table and .inputs have all of them" in html
    assert list(compare({1: run(), 2: run(10)}).runs) == ["1", "2"]


def test_what_cannot_be_compared_is_said():
    with pytest.raises(UsageError, match="two or more"):
        compare([run()])
    with pytest.raises(TypeError, match="expected results"):
        compare([run(), "last"])
    with pytest.raises(TypeError, match="expected results"):
        compare({"a": run(), "b": None})


def level(limit):
    def rule(bars):
        return np.where(bars.price.close > limit, 1.0, 0.0)

    return rule


@dataclass(frozen=True)
class Table:
    """Was given numbers, most of which a text leaves out."""

    name: ClassVar[str] = "table"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    numbers: Any = None

    def targets(self, bars):
        return Targets(np.where(bars.close % 2 == 0, 1.0, 0.0))


def test_cash_code_and_all_of_an_array_are_inputs():
    bars = walk(BTC, 200)
    first, middle = np.zeros(5_000), np.zeros(5_000)
    middle[2_500] = 1.0
    pairs = {
        "cash": ((Table(), 10_000), (Table(), 9_000)),
        "strategy[0].loaded_sha256": ((level(100.0), 10_000), (level(101.0), 10_000)),
        "strategy[0].params.numbers.digest": ((Table(first), 10_000), (Table(middle), 10_000)),
    }
    for name, given in pairs.items():
        a, b = (backtest(bars, one, cash=cash, self_check=False) for one, cash in given)
        assert name in compare([a, b]).inputs.index
        assert a.run_id != b.run_id
