"""A key that is refused while a run is under way: asked once more before it is called wrong."""

from types import SimpleNamespace

import pytest

from gpt_trader.app.live import _asked_once_more, _why_it_ends
from gpt_trader.errors import AuthError, Unavailable
from gpt_trader.runtime.clock import exchange_clock
from gpt_trader.runtime.live.alive import Alive
from gpt_trader.runtime.venues import Exchange
from tests.engine_helpers import Desk

NOW_MS = 1_790_000_000_000


class Account:
    """An account whose key is refused so many times more."""

    def __init__(self, refusals):
        self.refusals = refusals

    def permissions(self):
        self.refusals -= 1
        if self.refusals >= 0:
            raise AuthError("the key is refused: 401")
        return "all"


def ended_by(account, off_ms=0):
    """Return how a run ends whose key was refused for long; off_ms: of the exchange's time."""
    book = SimpleNamespace(touch=lambda _: SimpleNamespace(time_ms=NOW_MS))
    exchange = Exchange(book, exchange_clock(lambda: NOW_MS + off_ms, lambda: 0, lambda: 0))
    asked = _asked_once_more(account, exchange, Desk().plan)
    with pytest.raises((AuthError, Unavailable)) as failed, asked:
        raise AuthError("the key is refused: 401")
    return failed.value


def test_a_key_that_is_refused_again_is_wrong():
    assert ended_by(Account(9)).exit_code == 4
    assert ended_by(None).exit_code == 4


@pytest.mark.parametrize("refusals", [0, 1])
def test_one_that_is_taken_again_is_not(refusals):
    error = ended_by(Account(refusals))
    assert (error.exit_code, "taken again" in error.message) == (5, True)


def test_a_wrong_time_is_no_wrong_key():
    error = ended_by(Account(9), off_ms=600_000)
    assert (error.exit_code, "two times" in error.message) == (5, True)


@pytest.mark.parametrize(
    "error, why", [(AuthError("the key is refused"), "the key is refused"), (OSError(), "OSError")]
)
def test_what_ends_a_run_is_kept(tmp_path, error, why):
    with pytest.raises(type(error)), _why_it_ends(Alive(tmp_path)):
        raise error
    assert Alive(tmp_path).failed() == why
