"""The words of feed, broker and mode, and what each of them says."""

from typing import get_args

import pytest

from gpt_trader.config import words
from gpt_trader.config.words import VENUES, Broker, Feed, Mode


@pytest.mark.parametrize("word", [*get_args(Feed), *get_args(Broker)])
def test_a_word_names_an_exchange_or_none(word):
    assert words.venue_in(word) == (word if word in VENUES else None)


def test_one_mode_trades_money_and_one_feed_makes_its_bars():
    assert [mode for mode in get_args(Mode) if words.trades_money(mode)] == ["live"]
    assert [feed for feed in get_args(Feed) if words.makes_bars(feed)] == ["synthetic"]
    with pytest.raises(AssertionError, match="unreachable"):
        words.trades_money("fun")
