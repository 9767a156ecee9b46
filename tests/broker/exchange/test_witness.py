"""What fills tell of an order: each once, whatever corrects or reverses it later."""

from decimal import Decimal

from gpt_trader.broker.exchange.witness import fills_tell, priced_by_fills, size_of_fills
from gpt_trader.domain.account import RemoteFill
from tests.broker.exchange.rows import sold
from tests.engine_helpers import COIN


def fill(size, kind="FILL", order_id="x-by somebody"):
    return RemoteFill(
        f"e{kind}{size}", "t", order_id, "COIN-USD", -1, 1, kind, Decimal(100), Decimal(size),
        Decimal(2), "", None,
    )  # fmt: skip


def test_fills_that_are_corrected_or_reversed_do_not_tell_more():
    row = sold(8, 0)
    assert fills_tell(COIN, row, [fill(5), fill(3)])
    assert not fills_tell(COIN, row, [fill(5), fill(5, "CORRECTION")])
    assert not fills_tell(COIN, row, [fill(5), fill(5, "REVERSAL")])
    assert not fills_tell(COIN, row, [fill(8, order_id="another")])
    assert size_of_fills(row.order_id, [fill(5), fill(5, "CORRECTION"), fill(3, "")]) == 8


def test_a_price_is_made_of_each_fill_once():
    silent = sold(8, 0)._replace(filled_size=None, filled_value=None)
    told = priced_by_fills(silent, [fill(8), fill(8, "CORRECTION")])
    assert (told.filled_size, told.filled_value, told.total_fees) == (8, 800, 2)
    assert priced_by_fills(silent, [fill(8, "CORRECTION")]) == silent
