"""The types of indicators are those of the functions; tests/docs has type checkers read them."""

from pathlib import Path

from gpt_trader import indicators
from gpt_trader.indicators.stub import render


def test_the_stub_is_in_step_with_the_functions():
    stub = Path(indicators.__file__).with_suffix(".pyi")
    assert stub.read_text(encoding="utf-8") == render(), "run: python scripts/gen_docs.py"
