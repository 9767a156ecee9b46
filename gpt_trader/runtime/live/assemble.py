"""Putting a session's upkeep together: who carries, who asks, who looks."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Carrier, Threads
from gpt_trader.broker.exchange.reader import MOST, Reader
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.reconcile import Reconciler
from gpt_trader.runtime.live.rehearsal import Rehearsal
from gpt_trader.runtime.live.told import Told
from gpt_trader.runtime.live.upkeep import Upkeep


class Carriers(NamedTuple):
    """Who carries questions: about the account, and about the market."""

    account: Carrier
    market: Carrier


class Paces(NamedTuple):
    """How many questions a second."""

    account_per_s: float
    market_per_s: float


@contextmanager
def on_threads(ring: Callable[[], object]) -> Iterator[Carriers]:
    """Hold carriers on threads open; ring: wakes the loop when an answer is in."""
    with Threads("account", MOST, ring) as account, Threads("market", MOST, ring) as market:
        yield Carriers(account, market)


class Attended(NamedTuple):
    """A session's upkeep, who asks the market for it, and what could not be learned."""

    upkeep: Upkeep
    market: Reader
    polls: Polls


def attend(
    plan: Plan,
    state: Callable[[], State],
    broker: Broker,
    began: Mapping[str, Decimal],
    told: Told | None,
    now_ms: Callable[[], int],
    carriers: Carriers,
    paces: Paces,
) -> Attended:
    """Return what keeps a session up. began: what the wallets held when its journal began.

    told: what the journal says of the account; None: nothing is held against it, and nothing
    adopted.
    """
    polls = Polls(now_ms)
    market = Reader(carriers.market, paces.market_per_s, polls.hear)
    if not isinstance(broker, ExchangeBroker):
        return Attended(Upkeep(plan, state, broker, (market,), None, None, now_ms), market, polls)
    asks = Reader(carriers.account, paces.account_per_s, polls.admit)
    looks = Looks(plan, state, broker, asks, began, now_ms)
    looks.resume(state().doubts, now_ms())
    account = None
    if told is not None:
        account = Reconciler(plan, looks, began, state, now_ms, *told)
        account.resume(state().doubts, now_ms())
    proof = Rehearsal(
        plan, state, broker.account, asks, broker.hearsay.keeps, looks.fills_since_ms, now_ms
    )
    upkeep = Upkeep(plan, state, broker, (asks, market), looks, account, now_ms, proof)
    return Attended(upkeep, market, polls)
