"""docs/guards.md and the code name the same guards, limits and tests."""

import re
from dataclasses import fields
from pathlib import Path

from gpt_trader.kernel.codes import DECISION_NAMES, FIRST_REFUSAL
from gpt_trader.risk.policy import RiskPolicy
from tests.risk import test_guards

PAGE = Path(__file__).parents[2] / "docs" / "guards.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and "`" in line
]


def test_every_refusal_has_a_row():
    codes = [name for code, name in DECISION_NAMES.items() if code >= FIRST_REFUSAL]
    assert sorted(row[1].strip("`") for row in ROWS) == sorted(codes)


def test_every_row_names_a_test_that_exists():
    for row in ROWS:
        assert row[5].strip("`") in vars(test_guards), row


def test_every_setting_is_a_field_of_the_policy_with_that_default():
    policy = RiskPolicy()
    named = {row[4].strip("`").removeprefix("risk."): row[3] for row in ROWS if row[4]}
    ours = {f.name for f in fields(RiskPolicy)} - {"rebalance_band"}
    assert set(named) == ours
    for name, text in named.items():
        value = {f.name: f for f in fields(RiskPolicy)}[name].default
        assert re.match(r"[\d.]+", text).group() == f"{value:g}", (name, policy)
