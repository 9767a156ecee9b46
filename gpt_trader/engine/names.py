"""What everything is called on disk: the codec's own table, so that no name in code is a format.

A type or field that is renamed keeps its row here, and not one byte changes.
`tests/golden/names.txt` pins the forms that these names add up to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from gpt_trader.engine import commands as cmd
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec

TAGS: Mapping[type, str] = {
    ev.Started: "Started",
    ev.HistoryLoaded: "HistoryLoaded",
    ev.BarClosed: "BarClosed",
    ev.BarMissed: "BarMissed",
    ev.Quoted: "Quoted",
    ev.Ticked: "Ticked",
    ev.FillReceived: "FillReceived",
    ev.OrderUpdated: "OrderUpdated",
    ev.OrderRequested: "OrderRequested",
    ev.CancelRequested: "CancelRequested",
    ev.AmendRequested: "AmendRequested",
    ev.OrderAmended: "OrderAmended",
    ev.Noted: "Noted",
    ev.HaltRequested: "HaltRequested",
    ev.PauseRequested: "PauseRequested",
    ev.Rearmed: "Rearmed",
    ev.Adjusted: "Adjusted",
    ev.Reconciled: "Reconciled",
    ev.PositionFound: "PositionFound",
    ev.FlattenRequested: "FlattenRequested",
    ev.StopRequested: "StopRequested",
    rec.HistoryTaken: "HistoryTaken",
    rec.BarTaken: "BarTaken",
    rec.BarCorrected: "BarCorrected",
    rec.Marked: "Marked",
    rec.Decided: "Decided",
    rec.CycleEnded: "CycleEnded",
    rec.FillBooked: "FillBooked",
    rec.FillIgnored: "FillIgnored",
    rec.StatusTaken: "StatusTaken",
    rec.OrderTaken: "OrderTaken",
    rec.OrderRefused: "OrderRefused",
    rec.CancelTaken: "CancelTaken",
    rec.AmendTaken: "AmendTaken",
    rec.SwitchSet: "SwitchSet",
    rec.AssetAdjusted: "AssetAdjusted",
    rec.PositionCut: "PositionCut",
    rec.PositionTaken: "PositionTaken",
    rec.ProductFrozen: "ProductFrozen",
    rec.Flattening: "Flattening",
    rec.Disarmed: "Disarmed",
    rec.Armed: "Armed",
    rec.QuoteTaken: "QuoteTaken",
    rec.GuardTaken: "GuardTaken",
    rec.ProtectionTaken: "ProtectionTaken",
    cmd.SubmitOrder: "SubmitOrder",
    cmd.CancelOrder: "CancelOrder",
    cmd.AmendOrder: "AmendOrder",
}
"""The name under "type" of each event, record and command."""

OLD_TAGS: Mapping[str, type] = {
    "FreezeRequested": ev.PositionFound,  # with nothing held
}
"""Names that older journals have, and what is read from them now."""

FIELDS: Mapping[type, Mapping[str, str]] = {}
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


def field_names(kind: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield (name in code, name on disk) of a NamedTuple's fields, in their order."""
    known = FIELDS.get(kind, {})
    for field in kind._fields:
        yield field, known.get(field, field)
