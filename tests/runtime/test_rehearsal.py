"""After a rehearsal, a close and a fill find everything loaded that they call."""

import subprocess
import sys
from pathlib import Path

import pytest

from gpt_trader.domain.order import OrderStatus, Origin
from gpt_trader.runtime.rehearsal import rehearse
from tests.live_helpers import live

ROOT = Path(__file__).parents[2]
STYLES = ("taker", "maker_first")


@pytest.mark.parametrize("style", STYLES)
def test_it_enters_protects_and_leaves(style, tmp_path):
    flags = {"params.stop": 0.01, "order_style.entry.style": style}
    with live(tmp_path, **flags) as desk, desk.session() as (session, _, _):
        state = rehearse(session.plan)
        assert session.state.cycles == 0
        assert not session.state.orders
    entered = [one for one in state.orders.values() if one.intent.side > 0]
    assert [one.status for one in entered] == [OrderStatus.FILLED] * 2
    exits = [one for one in state.orders.values() if one.intent.side < 0]
    assert {one.intent.origin for one in exits} == {Origin.PROTECTION, Origin.ROUTE}
    assert OrderStatus.REJECTED in {one.status for one in exits}
    assert state.cycles == 3


FRESH = """
import sys, tempfile
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from gpt_trader.config.load import load_profile
from gpt_trader.runtime.live.terms import live_terms
from gpt_trader.runtime.rehearsal import rehearse
from tests.emulator.market import GENESIS_MS
from tests.live_helpers import live

loaded, load = [], Dispatcher.compile
def noted(self, signature):
    loaded.append(self.py_func.__name__)
    return load(self, signature)
Dispatcher.compile = noted
flags = {"params.stop": 0.01, "order_style.entry.style": sys.argv[1]}
with tempfile.TemporaryDirectory() as folder, live(Path(folder), **flags) as desk:
    with desk.session() as (session, _, _):
        settings = load_profile(desk.profile, env={}, flags=flags).settings
        rehearse(live_terms(settings, session.plan.products, None, 0).plan)
    before = len(loaded)
    desk.run(GENESIS_MS + 40 * 86_400_000 + 12 * 60_000)
    assert any(order.filled for order in desk.exchange.books.orders.values())
print(before, loaded[before:])
"""


@pytest.mark.compiled
@pytest.mark.parametrize("style", STYLES)
def test_trading_loads_nothing_more(style):
    command = [sys.executable, "-c", FRESH, style]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    before, later = found.split(maxsplit=1)
    assert int(before) >= 10
    assert later == "[]\n"
