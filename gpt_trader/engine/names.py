"""What everything is called on disk: the codec's own table, so that no name in code is a format.

A type or field that is renamed keeps its row here, and not one byte changes.
`tests/golden/names.txt` pins the forms that these names add up to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_type_hints

from gpt_trader.domain.decision import Decision, Told
from gpt_trader.domain.order import Amendment, OrderIntent, Protection
from gpt_trader.engine import commands as cmd
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec

TAGS: Mapping[type, str] = {
    ev.Started: "Started",
    ev.HistoryLoaded: "HistoryLoaded",
    ev.SeriesTold: "SeriesTold",
    ev.BarClosed: "BarClosed",
    ev.BarMissed: "BarMissed",
    ev.Quoted: "Quoted",
    ev.Ticked: "Ticked",
    ev.Woken: "Woken",
    ev.FillReceived: "FillReceived",
    ev.OrderUpdated: "OrderUpdated",
    ev.Absent: "Absent",
    ev.OrderRequested: "OrderRequested",
    ev.CancelRequested: "CancelRequested",
    ev.AmendRequested: "AmendRequested",
    ev.OrderAmended: "OrderAmended",
    ev.OrderEdited: "OrderEdited",
    ev.Noted: "Noted",
    ev.Doubted: "Doubted",
    ev.ProductSeen: "ProductSeen",
    ev.ProofSeen: "ProofSeen",
    ev.HaltRequested: "HaltRequested",
    ev.PauseRequested: "PauseRequested",
    ev.Rearmed: "Rearmed",
    ev.Settled: "Settled",
    ev.Adjusted: "Adjusted",
    ev.Reconciled: "Reconciled",
    ev.CoinsLacking: "CoinsLacking",
    ev.PositionFound: "PositionFound",
    ev.OrdersFound: "OrdersFound",
    ev.InstanceSeen: "InstanceSeen",
    ev.FlattenRequested: "FlattenRequested",
    ev.StopRequested: "StopRequested",
    rec.HistoryTaken: "HistoryTaken",
    rec.SeriesTaken: "SeriesTaken",
    rec.BarTaken: "BarTaken",
    rec.BarCorrected: "BarCorrected",
    rec.Marked: "Marked",
    rec.Decided: "Decided",
    rec.CycleEnded: "CycleEnded",
    rec.CyclePaused: "CyclePaused",
    rec.FillBooked: "FillBooked",
    rec.FillIgnored: "FillIgnored",
    rec.StatusTaken: "StatusTaken",
    rec.AbsenceCounted: "AbsenceCounted",
    rec.DoubtTaken: "DoubtTaken",
    rec.OrderReleased: "OrderReleased",
    rec.ExitPriced: "ExitPriced",
    rec.OrderEnded: "OrderEnded",
    rec.OrderTaken: "OrderTaken",
    rec.OrderRefused: "OrderRefused",
    rec.CancelTaken: "CancelTaken",
    rec.AmendTaken: "AmendTaken",
    rec.EditTaken: "EditTaken",
    rec.SwitchSet: "SwitchSet",
    rec.AssetAdjusted: "AssetAdjusted",
    rec.PositionCut: "PositionCut",
    rec.PositionTaken: "PositionTaken",
    rec.OrdersTaken: "OrdersTaken",
    rec.DebtSettled: "DebtSettled",
    rec.ProductFrozen: "ProductFrozen",
    rec.ProductClosed: "ProductClosed",
    rec.ProofLost: "ProofLost",
    rec.ProductRegridded: "ProductRegridded",
    rec.Flattening: "Flattening",
    rec.Disarmed: "Disarmed",
    rec.Armed: "Armed",
    rec.QuoteTaken: "QuoteTaken",
    rec.ExitTaken: "GuardTaken",
    rec.ExitRepeated: "ExitRepeated",
    rec.ProtectionTaken: "ProtectionTaken",
    rec.LevelPassed: "LevelPassed",
    rec.ExposureNoted: "ExposureNoted",
    rec.LackNoted: "LackNoted",
    cmd.SubmitOrder: "SubmitOrder",
    cmd.CancelOrder: "CancelOrder",
    cmd.AmendOrder: "AmendOrder",
}
"""The name under "type" of each event, record and command."""

OLD_TAGS: Mapping[str, type] = {
    "FreezeRequested": ev.PositionFound,  # with nothing held
}
"""Names that older journals have, and what is read from them now."""

FIELDS: Mapping[type, Mapping[str, str]] = {
    OrderIntent: {"protection": "guard"},
    Amendment: {"lots": "amend_lots", "limit": "amend_limit"},
}
"""Of each type the fields that are called otherwise on disk: name in code -> name on disk."""

SLOT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "si": (
        *("lots", "kind", "side", "left_lots", "left_units", "limit_ticks", "reason", "cause"),
        *("ordinal", "reserve_units", "attempts", "bars_held", "max_bars", "protection_cause"),
        *("stop_ticks", "take_ticks", "stop_reason", "expire_ms", "close_ticks"),
        *("next_max_bars", "held_back_units", "half_spread_e8", "taker_e8", "maker_e8"),
        *("protection_taker_e8", "protection_maker_e8"),
    ),
    "sf": (
        *("average_ticks", "stop", "take", "trail", "peak_ticks"),
        *("next_stop", "next_take", "next_trail", "latch", "weight"),
    ),
}
"""How a snapshot lays out the slots: under each key a list a product, its numbers in this order.

A new field of a slot takes a new version of the state's schema, not a place in between.
"""

FLAT = frozenset({OrderIntent, Amendment, cmd.Approved})
"""Types whose fields stand among those of the object that holds them."""


def _row_of(protection: Protection | None) -> tuple[float, ...]:
    return () if protection is None else tuple(map(float, protection))


def _protection_of(row: Sequence[float]) -> Protection | None:
    if not row:
        return None
    stop, take_profit, trail, max_bars = row
    return Protection(stop, take_profit, trail, int(max_bars))


ROWS: Mapping[type, tuple[Callable[[Any], tuple[float, ...]], Callable[[Any], Any]]] = {
    Protection: (_row_of, _protection_of),
}
"""Types that are an array of numbers on disk, empty for None: (what writes one, what reads it)."""


class Leaf(NamedTuple):
    """One field of an object on disk. path: where its value is in code."""

    name: str
    path: str
    hint: Any


@cache
def hints_of(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Return the types of a NamedTuple's fields, in their order."""
    hints = get_type_hints(kind)
    return {field: hints[field] for field in kind._fields}


def bare(hint: Any) -> Any:  # noqa: ANN401
    """Return X of `X | None`; itself if it is no such union."""
    if not isinstance(hint, UnionType):
        return hint
    return next(arg for arg in get_args(hint) if arg is not NoneType)


def name_of(kind: Any, field: str) -> str:  # noqa: ANN401
    """Return what a field of a type is called on disk."""
    return FIELDS.get(kind, {}).get(field, field)


def leaves(kind: Any) -> Iterator[Leaf]:  # noqa: ANN401
    """Yield the fields of a NamedTuple as its object on disk has them."""
    for field, hint in hints_of(kind).items():
        if kind is Decision and field == "why":
            yield from (Leaf(told, told, of) for told, of in hints_of(Told).items())
        elif hint in FLAT:
            yield from (one._replace(path=f"{field}.{one.path}") for one in leaves(hint))
        else:
            yield Leaf(name_of(kind, field), field, hint)
