from pathlib import Path

from gpt_trader.config.configuration_page import render
from gpt_trader.config.keys import all_keys, format_value, names_at

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_in_step_with_schema_and_profiles():
    assert PAGE.read_text(encoding="utf-8") == render() + "\n", (
        "run: python -m gpt_trader.config.configuration_page > docs/configuration.md"
    )


def test_every_key_says_what_it_is_for():
    for key in all_keys():
        assert key.meaning, key.name
        assert key.allowed, key.name


def test_keys_carry_their_ranges():
    allowed = {key.name: key.allowed for key in all_keys()}
    assert allowed["risk.max_product_pct"] == "number > 0, <= 100"
    assert allowed["costs.participation"] == "number > 0, <= 1 or none"
    assert allowed["order_style.entry.ttl_bars"] == "whole number >= 1, <= 4"


def test_names_at_lists_what_stands_beside_a_key():
    assert "max_gross_pct" in names_at(("risk", "x"))
    assert "budget_pct" in names_at(("routes", 0, "x"))
    assert "mode" in names_at(("x",))


def test_shown_writes_values_as_a_profile_would():
    values = [None, True, 2.0, ("a", "b"), "", {}]
    assert [format_value(v) for v in values] == ["none", "true", "2", "[a, b]", '""', "{}"]
