"""Names of numbers: one each, and the unit beside the number only."""

from dataclasses import fields

from gpt_trader.backtest.report.labels import LABELS, spell
from gpt_trader.measure.measured import Metrics

NAMES = [field.name for field in fields(Metrics)]


def test_no_two_numbers_share_a_name():
    labels = [spell(name)[0].lower() for name in NAMES]
    assert sorted(labels) == sorted(set(labels))


def test_a_unit_is_not_said_again_in_the_name():
    for name in NAMES:
        words = spell(name)[0].lower().replace(",", "").split()
        assert not {"pct", "bps", "hours", "r", "%"} & set(words), name


def test_every_name_belongs_to_a_number():
    assert set(LABELS) <= set(NAMES)


def test_the_unit_is_the_last_word_of_the_field():
    assert spell("max_drawdown_pct") == ("Deepest drawdown", "%")
    assert spell("expectancy_r") == ("Mean return over risk", "R")
    assert spell("fees_paid") == ("Fees paid", "")
