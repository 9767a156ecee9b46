"""What a report makes of a status: every pair has an answer, and no end runs back."""

from pathlib import Path

import pytest

from gpt_trader.domain.order import OrderStatus as S
from gpt_trader.domain.order import next_status
from gpt_trader.domain.order_life import TRANSITIONS, Move, move
from gpt_trader.domain.order_life_page import render

PAGE = Path(__file__).parents[2] / "docs" / "order-life.md"


def test_every_pair_has_an_answer():
    assert set(TRANSITIONS) == set(S)
    for row in TRANSITIONS.values():
        assert set(row) == set(S)


def test_the_table_and_the_status_agree():
    for known in S:
        for reported in S:
            found = move(known, reported, was_placed=True)
            after = next_status(known, reported)
            if found is Move.TAKEN:
                assert after is reported
            elif known.is_final or found is Move.ECHO:
                assert after is known


@pytest.mark.parametrize(
    "known, reported, placed, found",
    [
        (S.CANCELLED, S.FILLED, True, Move.ANOMALY),
        (S.EXPIRED, S.FILLED, True, Move.ANOMALY),
        (S.REJECTED, S.FILLED, False, Move.ANOMALY),
        (S.REJECTED, S.OPEN, False, Move.ANOMALY),
        (S.REJECTED, S.OPEN, True, Move.ECHO),
        (S.FILLED, S.CANCELLED, True, Move.ILLEGAL),
        (S.FILLED, S.OPEN, True, Move.ECHO),
        (S.OPEN, S.SUBMIT_UNKNOWN, True, Move.ECHO),
        (S.PENDING_CANCEL, S.FILLED, True, Move.TAKEN),
        (S.SUBMIT_UNKNOWN, S.REJECTED, False, Move.TAKEN),
    ],
)
def test_ends(known, reported, placed, found):
    assert move(known, reported, was_placed=placed) is found


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render().rstrip("\n") + "\n"
