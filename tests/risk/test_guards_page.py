"""docs/guards.md is what the rows say, and each row's test exists."""

from pathlib import Path

import pytest

from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.guards_page import render
from tests.risk import test_guards

PAGE = Path(__file__).parents[2] / "docs" / "guards.md"


def test_the_page_is_in_step_with_the_rows():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python scripts/gen_docs.py"


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.reason)
def test_every_row_says_what_it_is_and_names_a_test_that_exists(guard):
    assert guard.words
    assert guard.detail
    assert guard.test in vars(test_guards)
