"""A bar-by-bar backtest of an SMA 10/30 cross in plain Python: the rules as the docs state them.

It shares no code with the package. Prices are whole ticks of 0.01, money Decimal.

- In while the mean of the last 10 closes is above that of the last 30; a tie is out.
- Decide at a bar's close, fill at the next open, moved against us by half-spread and slippage
  to a whole tick. Fees in full 1e-8, rounded up; the value of a fill is exact on this grid.
- All in, whole units only, out of the free cash, fees included; less than one unit: no order.
- An order arises only where target and position differ by more than a quarter of the larger.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

FAST, SLOW = 10, 30
TICK = Decimal("0.01")
GRAIN = Decimal("0.00000001")
BAND = Decimal("0.25")
BPS = Decimal(10_000)


@dataclass
class Fill:
    bar: int
    side: int
    units: int
    price: Decimal
    fee: Decimal


@dataclass
class Trade:
    entry_bar: int
    exit_bar: int | None
    units: int
    entry_price: Decimal
    exit_price: Decimal | None
    fees: Decimal
    pnl: Decimal


def moved(ticks: int, side: int, adverse_bps: Decimal) -> Decimal:
    """A price in ticks after spread and slippage, a whole tick, at least one."""
    price = ticks * (1 + side * adverse_bps / BPS)
    rounding = ROUND_CEILING if side > 0 else ROUND_FLOOR
    return max(price.to_integral_value(rounding), Decimal(1)) * TICK


def fee_of(worth: Decimal, taker_bps: Decimal) -> Decimal:
    return (worth * taker_bps / BPS).quantize(GRAIN, ROUND_CEILING)


def affordable(cash: Decimal, price: Decimal, taker_bps: Decimal) -> int:
    """Most whole units that `cash` pays for, fee included."""
    units = int(cash / (price * (1 + taker_bps / BPS))) + 1
    while units > 0 and units * price + fee_of(units * price, taker_bps) > cash:
        units -= 1
    return units


def is_in(closes: list[int], i: int) -> bool | None:
    """Whether to be long after bar i; None while there are too few bars."""
    if i + 1 < SLOW:
        return None
    fast, slow = sum(closes[i + 1 - FAST : i + 1]), sum(closes[i + 1 - SLOW : i + 1])
    return fast * SLOW > slow * FAST


def simulate(
    opens: list[int], closes: list[int], cash: Decimal, taker_bps: Decimal, adverse_bps: Decimal
) -> tuple[list[Fill], list[Decimal]]:
    """Return the fills and the equity at each close."""
    units, fills, equity = 0, [], []
    order = 0  # +1 buy with the cash there is, -1 sell all
    for i, (first, last) in enumerate(zip(opens, closes, strict=True)):
        if order:
            price = moved(first, order, adverse_bps)
            size = units if order < 0 else affordable(cash, price, taker_bps)
            if size:
                fee = fee_of(size * price, taker_bps)
                fills.append(Fill(i, order, size, price, fee))
                cash -= order * size * price + fee
                units += order * size
            order = 0
        worth = units * last * TICK
        equity.append(cash + worth)
        long = is_in(closes, i)
        if long is False and units:
            order = -1
        elif long and equity[-1] - worth > BAND * equity[-1]:
            order = 1 if affordable(cash, moved(last, 1, adverse_bps), taker_bps) else 0
    return fills, equity


def pair(fills: list[Fill], last_close: int) -> list[Trade]:
    """Trades from flat to flat; the open one is valued at the last close."""
    trades, open_fills = [], []
    for fill in fills:
        open_fills.append(fill)
        if fill.side < 0:
            trades.append(_trade(open_fills, fill, fill.price))
            open_fills = []
    if open_fills:
        trades.append(_trade(open_fills, None, last_close * TICK))
    return trades


def _trade(fills: list[Fill], last: Fill | None, final_price: Decimal) -> Trade:
    buys = [fill for fill in fills if fill.side > 0]
    units = sum(fill.units for fill in buys)
    paid = sum(fill.units * fill.price for fill in buys)
    fees = sum((fill.fee for fill in fills), Decimal(0))
    pnl = units * final_price - paid - fees
    return Trade(
        buys[0].bar, last.bar if last else None, units, paid / units,
        last.price if last else None, fees, pnl,
    )  # fmt: skip
