"""docs/strategies.md is what the code says."""

import runpy
from pathlib import Path

import pytest

from gpt_trader.strategy.strategies_page import render

PAGE = Path(__file__).parents[2] / "docs" / "strategies.md"


def test_the_page_is_in_step_with_the_code():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m gpt_trader.strategy.strategies_page > docs/strategies.md"
    )


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")  # it is: this test imports it
def test_the_command_in_the_page_prints_the_page(capsys):
    runpy.run_module("gpt_trader.strategy.strategies_page", run_name="__main__")
    assert capsys.readouterr().out == render()
