"""`gpt-trader kill`: no entry any more, whatever the bot does; on request sell what is held."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import ProfileName
from gpt_trader.cli.status import order_text
from gpt_trader.cli.switches.waiting import waiting

if TYPE_CHECKING:
    from gpt_trader.app.kill import Killed, KillRequest

type Json = dict[str, Any]

LEFT = 1


def command(
    *,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell whatever is held, at market.")
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides it.")] = "operator",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "kill",
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: output.Json = False,
) -> None:
    """Latch a halt that only `rearm` clears, cancel every entry, and look that none is left.

    Once it returns no entry's request begins, also if the bot is dead, hung or starts again.
    Protective stops stay; --flatten sells what they protect. That wish is kept: what cannot be
    done now is done by whoever runs next. Exits 0 only if it has seen that all is done.
    """
    from gpt_trader.app.kill import KillRequest, kill

    asked = KillRequest(by.strip() or "operator", reason.strip() or "kill", flatten)
    with waiting("killing") as say:
        killed = kill(asked, profile=profile, state_dir=state_dir, say=say)
    data, error = _data(asked, killed), None if killed.is_done else _error(killed)
    if json:
        print(output.document("kill", data=data, warnings=killed.warnings, error=error))
    else:
        output.emit("kill", data, killed.warnings, json=False)
        _show(data, error, again(profile, state_dir))
    if error is not None:
        raise typer.Exit(LEFT if killed.problem is None else killed.problem.exit_code)


def _data(asked: "KillRequest", killed: "Killed") -> Json:
    left = killed.left
    known = killed.journal if left is None else left
    return {
        "latched": killed.latched,
        "by": asked.by,
        "reason": asked.reason,
        "flatten": killed.flatten,
        "cancelled_by": killed.cancelled_by,
        "cancelled": None if killed.done is None else killed.done.cancelled,
        "sold": None
        if killed.done is None
        else [{"product": name, "size": f"{size:f}"} for name, size in killed.done.sold.items()],
        "session": killed.session,
        "looked": left is not None,
        "verified": killed.is_done,
        "entries_left_open": None if left is None else left.entries,
        "held": None if known is None else known.held,
        "unknown_orders": None if known is None else known.unknown,
        "not_seen": killed.not_seen,
    }


def _error(killed: "Killed") -> Json:
    """Return why it is not over, as the envelope has it."""
    kept = "the latch is set and the wish is kept: whoever runs next carries it out"
    if not killed.latched:
        kept = "the latch is not set"
        if killed.flatten and not killed.keeps_wish:
            kept += ", nor is the wish to sell kept: say it again once the folder can be written"
    found = killed.problem
    if found is None:
        what = "seen" if killed.not_seen else "done"
        return {
            "code": "FAILURE",
            "message": f"not all of it is {what}",
            "hint": kept,
            "where": None,
        }
    hint = f"{kept}. {found.hint}".rstrip(". ")
    return {"code": found.code, "message": found.message, "hint": hint, "where": found.where}


def _show(data: Json, error: Json | None, options: str) -> None:
    if data["latched"]:
        print(f"halted by {data['by']}: {data['reason']}; no entry is sent until rearm")
    print(f"carried out by: {data['cancelled_by']}")
    for order in data["cancelled"] or []:
        print(f"cancelled: {order_text(order)}")
    for one in data["sold"] or []:
        print(f"sold: {one['size']} {one['product']}")
    if data["cancelled"] == data["sold"] == []:
        print("nothing was cancelled, and nothing was sold")
    if data["looked"]:
        print(f"entries left open: {len(data['entries_left_open'])}")
    _show_held(data["held"] or [], "held" if data["looked"] else "held, the journal says")
    if data["held"] == []:
        print("nothing is held" if data["looked"] else "nothing is held, the journal says")
    if data["held"] is None and data["unknown_orders"]:
        print("what is held is not known")
    for one in data["not_seen"]:
        print(f"not seen: {one}")
    if error is not None:
        print(f"not verified: {error['message']}; {error['hint']}")
    print(f"Next: gpt-trader status{options}")


def _show_held(held: list[Json], how: str) -> None:
    for one in held:
        stop = "without a stop" if one["stop"] is None else f"with a stop at {one['stop']}"
        if one["stop"] is not None and float(one["unbooked"]):
            stop += f" that does not count {one['unbooked']} of it"
        why = f"; it is not sold: {one['why']}" if one["why"] else ""
        print(f"{how}: {one['size']} {one['product']}, {stop}{why}")
