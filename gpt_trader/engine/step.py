"""One event in, a new state, records and commands out. No I/O, no clock, no randomness."""

from typing import NamedTuple, assert_never

from gpt_trader.domain.bars import Bar
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer, cancel_all, stop_entries
from gpt_trader.engine.apply import apply
from gpt_trader.engine.commands import CancelOrder, Command
from gpt_trader.engine.cycle import deciding, run_cycle
from gpt_trader.engine.found import answer_instance, answer_orders, answer_position
from gpt_trader.engine.operator import (
    answer_amend,
    answer_cancel,
    answer_order,
    answer_rearm,
    answer_settlement,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.protect import answer_quote, close_position, is_being_left, is_sellable
from gpt_trader.engine.records import Record
from gpt_trader.engine.reports import (
    answer_absent,
    answer_adjustment,
    answer_edit,
    answer_fill,
    answer_report,
)
from gpt_trader.engine.settle import RULES
from gpt_trader.engine.state import State, open_entries, open_order
from gpt_trader.kernel.ledger import funding

UNFUNDED = Answer((rec.BarTaken(0),))


class Step(NamedTuple):
    """What one event came to."""

    state: State
    records: tuple[Record, ...]
    commands: tuple[Command, ...]


def step(plan: Plan, state: State, event: ev.Event, signals: Signals) -> Step:
    """Decide about an event and apply each record in turn."""
    records, commands = _answer(plan, state, event)
    for record in records:
        state = apply(plan, state, event, record)
    places = deciding(plan, state, event)
    if places is not None:
        state, decided = run_cycle(plan, state, event, signals, places)
        records, commands = [*records, *decided.records], [*commands, *decided.commands]
    if plan.rests and not isinstance(event, ev.Started):  # nothing is known of now at a start
        state, settled = _settle(plan, state, event)
        cancels = [one for one in settled.commands if isinstance(one, CancelOrder)]
        sent = [one for one in settled.commands if not isinstance(one, CancelOrder)]
        records = [*records, *settled.records]
        commands = [*cancels, *commands, *sent]  # cancels free the coins that others need
    return Step(state, tuple(records), tuple(commands))


def _settle(plan: Plan, state: State, event: ev.Event) -> tuple[State, Answer]:
    """Do what follows from where everything stands, after all else."""
    answer = NOTHING
    for j in range(len(plan.products)):
        for rule in RULES:
            found = rule(plan, state, j, event)
            for record in found.records:
                state = apply(plan, state, event, record)
            if found.records:
                answer += found
    return state, answer


def _answer(plan: Plan, state: State, event: ev.Event) -> Answer:
    """Answer an event, a cycle's decisions aside."""
    match event:
        case ev.BarClosed() | ev.BarMissed():
            return _answer_bar(plan, state, event.bar)
        case ev.Quoted():
            return answer_quote(plan, state, event)
        case ev.Ticked() | ev.Woken() | ev.Noted():
            return NOTHING
        case ev.HistoryLoaded():
            return Answer([rec.HistoryTaken()])
        case ev.SeriesTold():
            return Answer([rec.SeriesTaken()])
        case ev.Started():
            return Answer([rec.Disarmed()] if plan.max_unreconciled_ms else [])
        case ev.FillReceived():
            return answer_fill(plan, state, event)
        case ev.OrderUpdated():
            return answer_report(plan, state, event)
        case ev.Absent():
            return answer_absent(state, event)
        case ev.Doubted():
            return Answer([rec.DoubtTaken()])
        case ev.OrderAmended():
            known = open_order(state, event.client_order_id) is not None
            return Answer([rec.AmendTaken()] if known else [])
        case ev.OrderEdited():
            return answer_edit(state, event)
        case (
            ev.Reconciled()
            | ev.Adjusted()
            | ev.CoinsLacking()
            | ev.PositionFound()
            | ev.OrdersFound()
            | ev.InstanceSeen()
            | ev.ProductSeen()
            | ev.ProofSeen()
        ):
            return _answer_look(plan, state, event)
        case _:
            return _answer_person(plan, state, event)


def _answer_look(plan: Plan, state: State, event: ev.Looked) -> Answer:
    """Answer what a look at the account, or at a product, shows."""
    match event:
        case ev.Reconciled():
            return Answer([rec.Disarmed() if event.differences or event.why else rec.Armed()])
        case ev.Adjusted():
            return answer_adjustment(plan, state, event)
        case ev.CoinsLacking():
            return Answer([rec.LackNoted(plan.index[event.product_id], event.lots)])
        case ev.PositionFound():
            return answer_position(plan, state, event)
        case ev.OrdersFound():
            return answer_orders(plan, state, event)
        case ev.InstanceSeen():
            return answer_instance(state, event)
        case ev.ProductSeen():
            j = plan.index[event.product_id]
            is_news = (event.closed, event.limit_only) != (state.closed[j], state.limit_only[j])
            closed = rec.ProductClosed(j, event.closed, event.limit_only)
            regridded = rec.ProductRegridded(j, event.grid)
            changed = [regridded] if event.grid != state.grids[j] else []
            return Answer([*([closed] if is_news else []), *changed])
        case ev.ProofSeen():
            j = plan.index[event.product_id]
            return Answer([rec.ProofLost(j, event.lost)] if event.lost != state.unproven[j] else [])
        case _:
            assert_never(event)


def _answer_person(plan: Plan, state: State, event: ev.PersonsEvent) -> Answer:
    """Answer what a person asks for."""
    match event:
        case ev.OrderRequested():
            return answer_order(plan, state, event)
        case ev.CancelRequested():
            return answer_cancel(state, event)
        case ev.AmendRequested():
            return answer_amend(plan, state, event)
        case ev.HaltRequested():
            return stop_entries(state, True, state.paused, event.by, event.reason)
        case ev.FlattenRequested():
            return _flatten(plan, state, event)
        case ev.StopRequested():
            return cancel_all(open_entries(state))
        case ev.PauseRequested():
            return _pause(state, event)
        case ev.Rearmed():
            return answer_rearm(plan, state, event)
        case ev.Settled():
            return answer_settlement(plan, state, event)
        case _:
            assert_never(event)


def _pause(state: State, event: ev.PauseRequested) -> Answer:
    """Pause, or go on; who halted, and why, stays known."""
    by, why = event.by, "operator"
    if state.halted:
        by, why = state.switched_by, state.switch_reason
    if event.paused:
        return stop_entries(state, state.halted, True, by, why)
    return Answer([rec.SwitchSet(state.halted, False, by, why)])


def _flatten(plan: Plan, state: State, event: ev.FlattenRequested) -> Answer:
    """Halt, then sell whatever is held at market."""
    answer = stop_entries(state, True, state.paused, event.by, event.reason)
    answer += Answer([rec.Flattening()])
    for j in range(len(plan.products)):
        if is_sellable(plan, state, j) and not is_being_left(plan, state, j):
            answer += close_position(plan, state, j, 0, event.time_ms)
    once = dict.fromkeys(answer.commands)  # an entry may also stand in the way of its exit
    return Answer(answer.records, list(once))


def _answer_bar(plan: Plan, state: State, bar: Bar) -> Answer:
    j = plan.index[bar.product_id]
    if bar.open_ms <= state.last_bar_ms[j]:
        return Answer([rec.BarCorrected()])
    if bar.funding_rate == 0.0:
        return UNFUNDED
    lots = int(state.slots["lots"][j])
    paid = int(funding(lots, bar.close, bar.funding_rate, plan.products[j].spec))
    return Answer([rec.BarTaken(paid)])
