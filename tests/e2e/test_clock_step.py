"""A machine's clock that is wrong, and set right while a session runs."""

import pytest

from gpt_trader.engine.events import BarClosed, Noted
from gpt_trader.engine.records import BarCorrected
from tests.e2e.test_live import agrees, entries
from tests.emulator.faults import html
from tests.live_helpers import MINUTE, live

SLOW_MS, SET_AFTER_MS = 90_000, 60_000


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("off_ms", [-SLOW_MS, SLOW_MS], ids=["slow", "fast"])
def test_bars_are_decided_when_they_have_closed_at_the_exchange(off_ms, streams, tmp_path):
    with live(tmp_path) as desk:
        exchange, begin_ms = desk.exchange, desk.exchange.now_ms
        desk.machine = lambda now_ms: off_ms if now_ms < begin_ms + SET_AFTER_MS else 0
        taken = []

        def watch(_, found):
            closed = [e.event for e in found if isinstance(e.event, BarClosed)]
            taken.extend((exchange.now_ms, event) for event in closed)

        session = desk.run(begin_ms + 6 * MINUTE, streams=streams, watch=watch)
        assert session.state.cycles == 7
        late_ms = [at_ms - (event.bar.open_ms + MINUTE) for at_ms, event in taken]
        assert min(late_ms) >= 0
        assert max(late_ms[2:]) < 10_000, "all but those of the start"
        finals = {
            (product.product_id, candle.open_ms): candle.close
            for product in session.plan.products
            for candle in desk.market().candles(
                product.product_id, MINUTE, begin_ms - 2 * MINUTE, begin_ms + 5 * MINUTE
            )
        }
        for _, event in taken:
            product = session.plan.products[session.plan.index[event.bar.product_id]]
            assert product.price(event.bar.close) == finals[event.bar.product_id, event.bar.open_ms]
        told = entries(desk)
        assert not [r for e in told for r in e.records if isinstance(r, BarCorrected)]
        notes = [e.event.text for e in told if isinstance(e.event, Noted)]
        assert notes == [
            "this machine's clock was set, or the machine slept",
            f"this machine's clock was 90.0 s {'slow' if off_ms < 0 else 'fast'} and is right",
        ]
        agrees(desk, session)


def test_entries_wait_until_the_time_is_known_again_and_exits_do_not(tmp_path):
    with live(tmp_path) as desk:
        begin_ms, books = desk.exchange.now_ms, desk.exchange.books
        set_ms = begin_ms + 4 * MINUTE
        desk.machine = lambda now_ms: -SLOW_MS if now_ms < set_ms else 0
        desk.exchange.faults.add(html(503, path="/time", skip=1, times=None))
        session = desk.run(set_ms + 9 * MINUTE)
        assert session.state.reconciled_ms == 0
        sides = [o.side for o in books.orders.values() if o.created_ms >= set_ms]
        assert set(sides) == {"SELL"}, "what was held was left, nothing was entered"
        desk.exchange.faults.heal()
        healed_ms = desk.exchange.now_ms
        desk.machine = lambda now_ms: 0
        session = desk.run(healed_ms + 5 * MINUTE + 30_000)  # between two bars
        assert "BUY" in {o.side for o in books.orders.values() if o.created_ms >= healed_ms}
        agrees(desk, session)
