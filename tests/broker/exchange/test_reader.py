"""Questions that nobody waits for: asked once, answered when they are, and never in the way."""

import pytest

from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.engine.events import Ticked
from gpt_trader.errors import RateLimited, Unavailable
from tests.broker.slow import Slow


class Asker:
    """A reader and what it heard."""

    def __init__(self, carrier=None, per_s=1e6):
        self.heard, self.asked, self.failed = [], [], []
        self.reader = Reader(carrier or Inline(), per_s, self.heard.append)

    def put(self, name, kind="touch", error=None):
        def ask():
            self.asked.append(name)
            if error is not None:
                raise error
            return len(self.asked)

        self.reader.put(
            Question((name,), kind, ask, lambda found: [Ticked(found)], self.failed.append)
        )

    def turn(self, now_ms=0):
        return [event.time_ms for event in self.reader.turn(now_ms)]


def test_an_answer_is_taken_on_the_loop_and_the_same_is_not_asked_twice_at_once():
    asker = Asker(Slow(3))
    asker.put("a")
    asker.put("a")
    assert asker.reader.asks(("a",))
    assert asker.turn() == []
    asker.put("a")
    assert asker.turn() == []
    assert asker.turn() == [1]
    assert (asker.asked, asker.heard, asker.reader.is_idle) == (["a"], [None], True)
    asker.put("a")
    asker.turn()
    assert asker.asked == ["a", "a"]


def test_a_question_without_an_answer_is_told_to_who_minds_and_the_others_go_on():
    asker = Asker()
    gone = Unavailable("gone")
    asker.put("a", error=gone)
    asker.put("b")
    assert asker.turn() == [2]
    assert (asker.heard, asker.failed) == ([gone, None], [gone])


def test_of_one_kind_so_many_are_under_way_and_another_kind_does_not_wait():
    asker = Asker(Slow(10))
    for number in range(9):
        asker.put(f"candles {number}", "candles")
    asker.turn()
    asker.put("touch")
    asker.turn()
    assert asker.asked == [*(f"candles {number}" for number in range(4)), "touch"]
    assert asker.reader.waits


def test_a_refusal_for_too_many_slows_the_questions_down():
    asker = Asker(per_s=8.0)
    asker.put("a", error=RateLimited("slower", retry_after_s=1.0))
    asker.turn()
    for number in range(8):
        asker.put(f"order {number}", "order")
    asker.turn()
    assert len(asker.asked) == 2
    asker.turn(250)
    assert len(asker.asked) == 3


def test_what_is_no_failure_of_the_exchange_is_raised_on_the_loop():
    asker = Asker()
    asker.put("a", error=KeyError("a fault of ours"))
    with pytest.raises(KeyError):
        asker.turn()
