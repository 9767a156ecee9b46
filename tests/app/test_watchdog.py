"""What a watchdog says while a bot stays silent."""

from gpt_trader.app import watchdog
from gpt_trader.app.at_exchange import Left
from gpt_trader.app.kept_session import KeptSession
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.stop import Stop


def test_a_later_page_says_how_long_it_has_been_silent_by_then(tmp_path, monkeypatch):
    found, said = [Unavailable("no network"), Left([], [], [], [])], []
    now = [6.0]

    def sweep(*_):
        now[0] += 50.0
        return found.pop(0)

    monkeypatch.setattr(watchdog, "_sweep", sweep)
    monkeypatch.setattr(watchdog, "_page", lambda *told: said.append(told[2]))
    monkeypatch.setattr(watchdog, "EVERY_S", 0.0)
    watchdog._cancel(
        KeptSession(tmp_path, None, None, ""),
        None,
        6.0,
        Stop(),
        once=False,
        is_back=lambda: False,
        silent_s=lambda: now[0],
    )
    assert said == [56.0, 106.0]
