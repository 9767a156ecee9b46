"""What the documentation shows in Python passes strict type checkers, all blocks in one go."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, pages, python_blocks

SCRIPTS = Path(sysconfig.get_path("scripts"))
STRICT = "\n# pyright: strict\n"
MISSPELT = """
from gpt_trader import backtest, load_bars, strategies
import gpt_trader as gt

bars = load_bars("BTC-USD.csv", product_id="BTC-USD")
gt.backtest(bars, strategies.SmaCross(), csah=5)
backtest(bars, strategies.SmaCross()).metrics.shapre
backtest(bars)
"""

GIVEN = """
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

import gpt_trader as gt

gt.load_bars(pl.LazyFrame(), product_id="BTC-USD")
gt.load_bars([{"time": 1, "open": 2.0}], product_id="BTC-USD")
bars = gt.load_bars(np.zeros((3, 6)), product_id="BTC-USD").bars
gt.optimize(bars, gt.strategies.SmaCross, {"fast": [5, 10], "slow": np.arange(20, 50)})
targets = gt.Targets(np.ones(3), stop=0.05, max_bars=9)
gt.Targets(pd.Series([1.0, 0.0]), stop=pd.Series([0.1, 0.1]), trail=pl.Series([0.1, 0.1]))
gt.Targets([1.0, 0.0], take_profit=[0.1, 0.2], max_bars=np.array([3, 0]))
gt.Condition("up", bars.price.close, bars.price.open, "<")
gt.Condition("up", pd.Series(bars.price.close), bars.to_pandas()["open"], "<")
gt.Condition("up", pl.Series(bars.price.close), bars.to_polars()["open"])
gt.Condition("up", [1.0, 2.0], bars.close)
gt.RiskPolicy(max_product_pct=50, rebalance_band=0.1, max_entries_per_day=5)


@dataclass(frozen=True)
class Each:
    name: ClassVar[str] = "each"
    min_bars: int = 24
    warmup: int = 24

    def targets(self, market: gt.Market) -> dict[str, NDArray[np.float64]]:
        return {one: np.ones(len(market)) for one in market.products}


@dataclass(frozen=True)
class Slow:
    name: ClassVar[str] = "slow"
    min_bars: int = 24
    warmup: int = 24

    def on_bar(self, view: gt.Bars, memory: Any) -> tuple[gt.Target | None, Any]:
        return gt.Target(1.0), memory


gt.optimize(bars, gt.strategies.RankMomentum, {"top": [1, 2]})
gt.optimize(bars, gt.strategies.Ensemble, {"min_confidence": [0.4, 0.5]})
gt.optimize(bars, Each, {"warmup": [12, 24]})
gt.optimize(bars, Slow, {"warmup": [12, 24]})
gt.backtest(bars, Each())
"""

INDICATORS = """
from typing import assert_type

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

import gpt_trader as gt
from gpt_trader import indicators as ta

frame = pd.DataFrame({"close": [1.0, 2.0], "ticks": [1, 2]})
other = pl.DataFrame({"close": [1.0, 2.0]})
[bars] = gt.synthetic_market(products=["BTC-USD"])
assert_type(ta.ema(frame["close"], 20), "pd.Series[float]")
assert_type(ta.ema(pd.Series([1, 2]), period=20), "pd.Series[float]")
assert_type(ta.ema(other["close"], 20), pl.Series)
assert_type(ta.ema(bars.close, 20), NDArray[np.float64])
assert_type(ta.ema([1, 2, 3], 20), NDArray[np.float64])
assert_type(ta.ema((1.0, None, 3.0), 20), NDArray[np.float64])
assert_type(ta.atr(bars.high, bars.low, frame["close"], 14), "pd.Series[float]")
assert_type(ta.atr(other["close"], [1.0], bars.price.close, 14), pl.Series)
low, middle, high = ta.bollinger(frame["close"], 20, 2.0)
assert_type(low, "pd.Series[float]")
assert_type(ta.aroon(bars.high, bars.low, 9), tuple[NDArray[np.float64], NDArray[np.float64]])
"""
UNTAKEN = """
import pandas as pd
from gpt_trader import indicators as ta

close = pd.Series([1.0, 2.0])
ta.ema("close", 20)
ta.ema(close)
ta.ema(close, "20")
ta.ema([1.0, 2.0], 20).clos
a, b = ta.macd(close, 12, 26, 9)
"""
REFUSED = """
import numpy as np
import gpt_trader as gt

gt.RiskPolicy(max_dd=5)
gt.RiskPolicy(max_product_pct="5")
gt.Condition("up", np.ones(3), np.ones(3), ">=")
gt.Targets("x")
gt.Targets(np.ones(3), stop="5%")
gt.optimize(gt.synthetic_market(), gt.Bars, {"top": [1]})
"""
WRONG = {
    "misspelt": (MISSPELT, (6, 7, 8)),
    "refused": (REFUSED, (5, 6, 7, 8, 9, 10)),
    "untaken": (UNTAKEN, (6, 7, 8, 9, 10)),
}
RIGHT = {"given": GIVEN, "indicators_of": INDICATORS}


@pytest.fixture(scope="module")
def snippets(tmp_path_factory):
    """Write a file for each block of all pages, and those above; return their folder."""
    folder = tmp_path_factory.mktemp("snippets")
    for name, text in (RIGHT | {name: text for name, (text, _) in WRONG.items()}).items():
        (folder / f"{name}.py").write_text(text + STRICT, encoding="utf-8")
    for page in pages():
        for block in python_blocks(page.read_text(encoding="utf-8")):
            name = f"{page.stem.replace('-', '_')}_{block.line}.py"
            (folder / name).write_text(block.steps[0].command + STRICT, encoding="utf-8")
    return folder


def mypy():
    return ["mypy", "--strict"]  # beside what `make static` keeps, which knows the package already


def pyright():
    if shutil.which("node") is None:
        pytest.skip("pyright runs in node, which is not here")
    return ["pyright", "--pythonpath", str(SCRIPTS / "python")]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_snippets_pass_and_what_is_misspelt_does_not(snippets, checker):
    done = subprocess.run(
        [SCRIPTS / checker()[0], *checker()[1:], *snippets.glob("*.py")],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )  # fmt: skip
    said = done.stdout + done.stderr
    errors = re.findall(r"(\w+)\.py:(\d+)\b.* error", said)
    expected = {(name, str(line)) for name, (_, lines) in WRONG.items() for line in lines}
    assert set(errors) == expected, said
