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


def field_names(kind: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield (name in code, name on disk) of a NamedTuple's fields, in their order."""
    known = FIELDS.get(kind, {})
    for field in kind._fields:
        yield field, known.get(field, field)
