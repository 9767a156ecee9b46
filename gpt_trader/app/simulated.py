"""The desk of `dev`: a market of the past, from files, the data store or made up."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gpt_trader.app.desk import Desk, Say, Trading
from gpt_trader.app.history import ALL_OF_IT, load_files, load_store, parse_data
from gpt_trader.app.paging import Pager
from gpt_trader.app.reads import load_reads, parse_reads
from gpt_trader.app.request import RunRequest
from gpt_trader.backtest.plan_order import plan_order
from gpt_trader.backtest.seals import refuse_sealed
from gpt_trader.backtest.warm import known
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import Venue
from gpt_trader.data.catalog import parse_specs
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.store.store import data_dir
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import say_currency
from gpt_trader.domain.times import parse_interval
from gpt_trader.engine.state import State
from gpt_trader.errors import UsageError
from gpt_trader.risk.policy import no_policy
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.live.upkeep import Left
from gpt_trader.runtime.session import Session
from gpt_trader.runtime.simulated import feed, first_live_row
from gpt_trader.runtime.state_dir import state_dir
from gpt_trader.runtime.summary import record_of
from gpt_trader.runtime.wiring import Wired, wire


def simulated_desk(asked: RunRequest, settings: Settings, warn: Say) -> Desk:
    """Return the desk. Raises UsageError, ConfigError or DataError."""
    wired, notes = prepare(asked, settings)
    last_ms = int(wired.panel.time[-1])
    cycles = 1 if asked.once else asked.cycles
    folder = state_dir(settings.profile, asked.state_dir, os.environ)
    for message in notes:
        warn(message)

    @contextmanager
    def trade(session: Session, controls: Controls, _: Pager) -> Iterator[Trading]:
        yield Trading(controls.around(feed(wired, session.state)), lambda: Left([], []))

    def left(state: State) -> int:
        time = wired.panel.time[first_live_row(wired) :]
        ahead = int((time > state.cycle_ms).sum())
        return ahead if cycles is None else min(ahead, cycles)

    return Desk(
        terms=wired,
        folder=folder,
        broker=None,
        now_ms=None,
        has_ended=lambda state: not asked.once and state.cycle_ms >= last_ms,
        trade=trade,
        record=lambda session: record_of(wired, session),
        cycles=cycles,
        cycles_left=left,
        pause_s=1.0 / (settings.run.speed_bars_per_s or float("inf")),
    )


def prepare(asked: RunRequest, settings: Settings) -> tuple[Wired, list[str]]:
    """Return a simulated session's parts and notes on its data.

    Raises UsageError, ConfigError or DataError.
    """
    interval_ms = None if asked.interval is None else parse_interval(asked.interval)
    series, notes = _series(asked, settings, interval_ms)
    fees = series and say_currency(settings.costs, series[0].product.quote_currency)
    notes += [fees] if fees else []
    length_ms = settings.interval_ms if series is None else series[0].interval_ms
    reads = load_reads(
        parse_reads(asked.reads),
        data_dir(asked.data_dir, os.environ),
        asked.period.end_ms,
        length_ms,
    )
    limits = None if asked.risk else no_policy(length_ms)
    return wire(settings, series, limits, reads), notes


def _series(
    asked: RunRequest, settings: Settings, interval_ms: int | None
) -> tuple[list[Bars] | None, list[str]]:
    """Return the files' bars and what is to be said of them; None: the synthetic market."""
    if asked.data:
        named = parse_data(asked.data, settings.products)
        files = {product: path for product, path in named.items() if path is not None}
        loaded = load_files(
            files, asked.period, interval_ms=interval_ms, specs=parse_specs(asked.specs)
        )
        stored = [product for product in named if product not in files]
        both = [*loaded, *_stored(asked, settings, stored)]
        ids = [one.bars.product.product_id for one in both]
        return _told([both[i] for i in plan_order(ids, settings.products)])
    match settings.feed:
        case "file":
            return _told(_stored(asked, settings, settings.products))
        case "synthetic":
            if asked.specs or asked.period != ALL_OF_IT:
                raise UsageError(
                    "--product-spec, --from and --to need --data",
                    hint="the synthetic market has its own products and time",
                )
            return None, []
        case venue:
            return _none_of(venue)


def _none_of(_: Venue) -> tuple[None, list[str]]:
    """Return nothing: an exchange's bars come as they close. `wire` says what to do instead."""
    return None, []


def _stored(asked: RunRequest, settings: Settings, products: Sequence[str]) -> list[Loaded]:
    root = data_dir(asked.data_dir, os.environ)
    return load_store(root, products, asked.period, interval_ms=settings.interval_ms)


def _told(loaded: Sequence[Loaded]) -> tuple[list[Bars], list[str]]:
    refuse_sealed(list(map(known, loaded)))
    return [one.bars for one in loaded], [n for one in loaded for n in one.report.notes]
