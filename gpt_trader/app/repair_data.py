"""The store repaired: what is corrupt is set aside, what is missing fetched."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from gpt_trader.app.pull_data import at_any_interval, info_of
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.data.checks.repair import (
    Repaired,
    StoredSeries,
    doubtful,
    holes,
    repair,
    series_of,
    set_aside,
)
from gpt_trader.data.checks.verify import TRADES, Fault
from gpt_trader.data.store.spans import Span
from gpt_trader.data.store.store import Store
from gpt_trader.data.trades.pull_trades import TradesPulled, pull_trades, settle
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError, TraderError
from gpt_trader.runtime.venues import product_of


class Refetched(NamedTuple):
    """A day of trades that was fetched anew."""

    span: Span
    pulled: TradesPulled


class Mended(NamedTuple):
    """What was done to a series of bars or a day of trades.

    left: gaps that stay, since the series came from elsewhere and nothing was done.
    """

    product_id: str
    interval: str
    source: str
    left: tuple[Span, ...]
    done: Repaired | Refetched | None


class Repairs(NamedTuple):
    """What a repair came to. faults: files set aside. errors: why something was not mended."""

    faults: list[Fault]
    mended: list[Mended]
    errors: list[TraderError]


def repair_data(
    store: Store,
    market: MarketData,
    products: Sequence[str],
    interval_ms: int | None,
    now_ms: int,
    *,
    stop: Callable[[], bool],
) -> Repairs:
    """Repair some products, by default all that is stored; an error does not keep the others.

    now_ms: this machine's time. Call it inside `store.writing`.
    """
    done = Repairs([], [], [])
    for product_id in dict.fromkeys(products) or [None]:
        faults = set_aside(store, product_id, interval_ms, now_ms)
        done.faults.extend(faults)
        every = series_of(store, product_id, interval_ms, faults)
        if product_id is not None and not every and not faults:
            done.errors.append(_nothing(store, product_id))
        _try_each(done, (partial(_mend_bars, market, store, s, stop, now_ms) for s in every))
    days = (fault for fault in done.faults if fault.interval == TRADES)
    _try_each(done, (partial(_mend_trades, market, store, fault, stop) for fault in days))
    return done


def _try_each(done: Repairs, acts: Iterable[Callable[[], Mended | None]]) -> None:
    for act in acts:
        try:
            mended = act()
        except TraderError as error:
            done.errors.append(error)
        else:
            done.mended.extend([] if mended is None else [mended])


def _nothing(store: Store, product_id: str) -> DataError:
    return DataError(
        f"nothing of {product_id} is stored in {store.root}",
        hint=f"gpt-trader data pull {product_id}",
    )


def _mend_bars(
    market: MarketData, store: Store, series: StoredSeries, stop: Callable[[], bool], now_ms: int
) -> Mended | None:
    """Repair a series, None if nothing is wrong with it; an imported one is only looked at."""
    if not holes(store, series, now_ms) and not doubtful(store, series):
        return None
    interval = format_interval(series.interval_ms)
    if not series.is_from(market.name):
        source = ", ".join(sorted(series.sources))
        if series.lost:
            raise DataError(
                f"{interval} bars of {series.product_id} from {source} were set aside",
                hint="import them again; nothing is fetched from another source",
            )
        absent = (*holes(store, series, now_ms), *doubtful(store, series))
        return Mended(series.product_id, interval, source, absent, None)
    bring = partial(
        repair,
        store=store,
        product=product_of(info_of(market, series.product_id)),
        series=series,
        now_ms=market.now_ms(),
        stop=stop,
        tell=lambda _progress: None,
    )
    done = at_any_interval(bring, market, series.interval_ms)
    return Mended(series.product_id, interval, market.name, (), done)


def _mend_trades(
    market: MarketData, store: Store, fault: Fault, stop: Callable[[], bool]
) -> Mended:
    """Fetch a day of trades anew."""
    span = settle(fault.span, market.now_ms())
    found = pull_trades(
        market, store, fault.product_id, span, stop=stop, tell=lambda _progress: None
    )
    return Mended(fault.product_id, TRADES, market.name, (), Refetched(span, found))
