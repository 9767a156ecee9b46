"""docs/indicators.md is what the code says."""

import pkgutil
import runpy
from pathlib import Path

import pytest

from gpt_trader.kernel import features
from gpt_trader.strategy.indicators_page import MODULES, offered, render

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"


def test_the_page_is_in_step_with_the_code():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m gpt_trader.strategy.indicators_page > docs/indicators.md"
    )


def test_it_tells_of_every_module_and_every_function():
    names = {f"{features.__name__}.{one.name}" for one in pkgutil.iter_modules(features.__path__)}
    assert {module.__name__ for module in MODULES} == names
    for module in MODULES:
        assert offered(module)
        for name, _ in offered(module):
            assert f"\n### {name}\n" in render()


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")  # it is: this test imports it
def test_the_command_in_the_page_prints_the_page(capsys):
    runpy.run_module("gpt_trader.strategy.indicators_page", run_name="__main__")
    assert capsys.readouterr().out == render()
