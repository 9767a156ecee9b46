"""A run without a command line: values in, callbacks on the way, values out, nothing printed."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from gpt_trader.app.request import RunRequest
from gpt_trader.app.run import View, _key_told, _stays, run
from gpt_trader.broker.exchange.refused_key import KEY
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import Noted
from gpt_trader.engine.ports import Entry
from gpt_trader.errors import ConfigError, DataError, UsageError
from gpt_trader.runtime.stop import Stop
from tests.cli.account.test_account import exchange  # noqa: F401 - a fixture
from tests.exchange_desk import Protected

SMALL = {"synthetic.bars": 180}


class Heard:
    """All that a run tells."""

    def __init__(self, stop=None, after=None):
        self.notes, self.warnings, self.begun, self.cycles = [], [], [], []
        self.expected = None
        self._stop, self._after = stop, after

    @contextmanager
    def _cycles(self, record, expected):
        self.expected = expected
        yield self._take

    def _take(self, cycle):
        self.cycles.append(cycle.number)
        if self._after == len(self.cycles):
            self._stop.ask()

    def _begin(self, settings, terms, session):
        self.begun.append((settings.profile, terms.header.mode.value, session.resumed))

    @property
    def view(self):
        return View(self.notes.append, self.warnings.append, self._begin, self._cycles)


def test_a_market_of_the_past_runs_and_goes_on(capsys, tmp_path):
    heard, again = Heard(), Heard()
    asked = RunRequest("dev", flags=SMALL, cycles=5, state_dir=tmp_path)
    ran = run(asked, heard.view, Stop())
    assert (ran.cycles, ran.interrupted, ran.halted, ran.left) == (5, False, False, ([], []))
    assert heard.begun == [("dev", "dev", False)]
    assert heard.cycles == [1, 2, 3, 4, 5]
    assert heard.expected == 5
    assert ran.summary["session_cycles"] == 5
    assert run(asked, again.view, Stop()).summary["session_cycles"] == 10
    assert again.begun == [("dev", "dev", True)]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_run_that_nobody_listens_to_ends_in_good_order(tmp_path):
    heard = Heard()

    @contextmanager
    def cycles(record, expected):
        def take(cycle):
            heard.cycles.append(cycle.number)
            raise BrokenPipeError(32, "Broken pipe")

        yield take

    stop = Stop()
    asked = RunRequest("dev", flags=SMALL, state_dir=tmp_path)
    ran = run(asked, replace(heard.view, cycles=cycles), stop)
    assert (ran.interrupted, ran.halted, len(heard.cycles)) == (True, False, 1)
    assert heard.warnings == ["stdout is gone (Broken pipe): ending with everything saved"]
    assert stop.why == "stdout"
    assert run(asked, Heard().view, Stop()).summary["session_cycles"] > 1


def test_a_stop_ends_it_after_the_running_cycle(tmp_path):
    stop = Stop()
    heard = Heard(stop, after=3)
    ran = run(RunRequest("dev", flags=SMALL, state_dir=tmp_path), heard.view, stop)
    assert (ran.cycles, ran.interrupted) == (3, True)


def test_one_cycle_where_the_data_is_over_is_said(tmp_path):
    asked = RunRequest("dev", flags=SMALL, state_dir=tmp_path)
    run(asked, Heard().view, Stop())
    once = RunRequest("dev", flags=SMALL, state_dir=tmp_path, once=True)
    with pytest.raises(DataError, match="the market's data ended at"):
        run(once, Heard().view, Stop())


@pytest.mark.parametrize("profile", ["paper", "observe", "canary"])
def test_live_prices_run_through_the_same_function(profile, exchange, capsys, tmp_path):  # noqa: F811
    asked = RunRequest(profile, once=True, live=profile == "canary", state_dir=tmp_path)
    heard, again = Heard(), Heard()
    ran = run(asked, heard.view, Stop())
    assert ran.cycles == 1
    assert heard.begun == [(profile, "live" if profile == "canary" else profile, False)]
    assert ran.next_close_ms is None
    ran = run(asked, again.view, Stop())
    assert again.begun[0][2] is True
    assert (ran.cycles, again.cycles) == (0, [])
    assert ran.next_close_ms > exchange.now_ms
    assert capsys.readouterr().out == ""


def test_what_cannot_be_is_raised_before_anything_is_made(tmp_path):
    with pytest.raises(UsageError, match="which profile"):
        run(RunRequest(None, state_dir=tmp_path), Heard().view, Stop())
    with pytest.raises(ConfigError, match="--live is not given"):
        run(RunRequest("canary", state_dir=tmp_path), Heard().view, Stop())
    with pytest.raises(ConfigError, match="it does not start without its limits"):
        run(RunRequest("canary", live=True, risk=False, state_dir=tmp_path), Heard().view, Stop())
    assert list(tmp_path.iterdir()) == []


def test_what_was_never_sent_is_not_left_at_the_exchange():
    desk = Protected()
    desk.open()
    desk.want(0.0)
    desk.bar(10_000)
    said = {order.status: _stays(desk.plan, order) for order in desk.state.open_orders}
    assert said[OrderStatus.PENDING_CANCEL].startswith("left at the exchange, PENDING_CANCEL: sell")
    assert said[OrderStatus.WAITING].startswith("not sent, the next run goes on with it, WAITING:")


def test_the_output_names_a_key_that_is_refused():
    heard = Heard()
    watch = _key_told(heard.view)
    for about in ("clock", KEY):
        watch(None, [Entry(Noted(1, about, "403 Forbidden"), (), ())])
    assert heard.warnings == ["what the key sends, orders and cancels: 403 Forbidden"]
