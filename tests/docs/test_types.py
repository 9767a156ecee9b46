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
import numpy as np
import polars as pl

import gpt_trader as gt

gt.load_bars(pl.LazyFrame(), product_id="BTC-USD")
gt.load_bars([{"time": 1, "open": 2.0}], product_id="BTC-USD")
bars = gt.load_bars(np.zeros((3, 6)), product_id="BTC-USD").bars
gt.optimize(bars, gt.strategies.SmaCross, {"fast": [5, 10], "slow": np.arange(20, 50)})
targets = gt.Targets(np.ones(3), stop=0.05, max_bars=9)
"""


@pytest.fixture(scope="module")
def snippets(tmp_path_factory):
    """Write a file for each block of all pages, and one with three errors; return their folder."""
    folder = tmp_path_factory.mktemp("snippets")
    (folder / "misspelt.py").write_text(MISSPELT + STRICT, encoding="utf-8")
    (folder / "given.py").write_text(GIVEN + STRICT, encoding="utf-8")
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
    assert sorted(set(errors)) == [("misspelt", "6"), ("misspelt", "7"), ("misspelt", "8")], said
