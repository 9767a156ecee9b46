"""Stored trades are exact, each there once, whatever the order of the writes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.store.store import Store, Written
from gpt_trader.data.trades.trade_store import (
    day_span,
    read_trade_spans,
    read_trades,
    tape_order,
    trade_files,
    write_trades,
)
from gpt_trader.domain.times import DAY_MS
from gpt_trader.domain.venue import Trade
from gpt_trader.errors import DataError

NOON = day_span("2024-01-31")[0] + DAY_MS // 2


def trade(number, price="42000.01", size="0.00000001", maker_side="BUY", after_ms=0):
    time_ms = NOON + number * 60_000 + after_ms
    return Trade(str(number), time_ms, Decimal(price), Decimal(size), maker_side)


prices = st.decimals(min_value="0.00000001", max_value="1000000", places=8)
tapes = st.lists(
    st.builds(trade, st.integers(0, 2000), prices, prices, st.sampled_from(["BUY", "SELL"])),
    max_size=30,
    unique_by=lambda one: one.trade_id,
)


@given(tapes, st.data())
def test_any_order_of_writes_is_one_write(tmp_path_factory, tape, data):
    store, whole = (Store(tmp_path_factory.mktemp("store")) for _ in range(2))
    span = (NOON, NOON + 2 * DAY_MS)
    write_trades(whole, "BTC-USD", tape, [span], "venue")
    shuffled = data.draw(st.permutations(tape))
    cut = data.draw(st.integers(0, len(tape)))
    write_trades(store, "BTC-USD", shuffled[:cut], [(NOON, NOON + DAY_MS)], "venue")
    written = write_trades(store, "BTC-USD", shuffled, [span], "venue")
    assert written == Written(len(tape) - cut, 0, cut)
    found = read_trades(store, "BTC-USD")
    assert found.trades == sorted(tape, key=tape_order)
    assert read_trade_spans(store, "BTC-USD") == found.asked == (span,)
    for one, other in zip(
        trade_files(store, "BTC-USD"), trade_files(whole, "BTC-USD"), strict=True
    ):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_days_are_utc_and_a_range_is_cut(tmp_path):
    store = Store(tmp_path)
    tape = [trade(n) for n in range(0, 2000, 100)]
    write_trades(store, "BTC-USD", tape, [], "venue")
    assert [p.stem for p in trade_files(store, "BTC-USD")] == ["2024-01-31", "2024-02-01"]
    cut = read_trades(store, "BTC-USD", tape[3].time_ms, tape[12].time_ms)
    assert cut.trades == tape[3:12]


def test_within_a_millisecond_ids_count_as_numbers():
    tape = [Trade(name, 5, Decimal(1), Decimal(1), "BUY") for name in ("100", "99", "9")]
    assert [one.trade_id for one in sorted(tape, key=tape_order)] == ["9", "99", "100"]


def test_a_changed_trade_replaces_and_is_counted(tmp_path):
    store = Store(tmp_path)
    write_trades(store, "BTC-USD", [trade(1), trade(2)], [], "venue")
    again = [trade(2, size="7"), trade(3)]
    assert write_trades(store, "BTC-USD", again, [], "venue") == Written(1, 1, 0)
    assert read_trades(store, "BTC-USD").trades == [trade(1), *again]


@pytest.mark.parametrize(
    "changes", [{"size": "0.000000001"}, {"price": "1e30"}, {"size": "-1"}, {"price": "NaN"}]
)
def test_what_cannot_be_stored_exactly_is_refused(tmp_path, changes):
    store = Store(tmp_path)
    write_trades(store, "BTC-USD", [trade(1)], [], "venue")
    with pytest.raises(DataError, match="no whole number of"):
        write_trades(store, "BTC-USD", [trade(2, **changes)], [], "venue")
    assert read_trades(store, "BTC-USD").trades == [trade(1)]


def test_none_stored_is_said(tmp_path):
    with pytest.raises(DataError, match="no trades of BTC-USD") as failed:
        read_trades(Store(tmp_path), "BTC-USD")
    assert "--trades" in failed.value.hint
    write_trades(Store(tmp_path), "BTC-USD", [], [(NOON, NOON + 5)], "venue")
    assert read_trades(Store(tmp_path), "BTC-USD").trades == []


def test_a_day_in_the_wrong_place_is_corrupt(tmp_path):
    store = Store(tmp_path)
    write_trades(store, "BTC-USD", [trade(1), trade(2000)], [], "venue")
    first, second = trade_files(store, "BTC-USD")
    first.write_bytes(second.read_bytes())
    with pytest.raises(DataError, match="it holds BTC-USD 2024-02-01") as failed:
        read_trades(store, "BTC-USD")
    assert "data repair BTC-USD --trades" in failed.value.hint
