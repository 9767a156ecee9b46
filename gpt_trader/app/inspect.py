"""What a session's journal says, also beside a running bot: where it stands, why, and again."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from gpt_trader.app.folders import session_folder
from gpt_trader.errors import JournalError
from gpt_trader.journal.unlocked import is_full
from gpt_trader.observe.cycle import order_json
from gpt_trader.runtime.explained import doubted, explain_decisions
from gpt_trader.runtime.header import signals_of, version_changes
from gpt_trader.runtime.journaling import check_whole, doubts, recover_state
from gpt_trader.runtime.replay import Replayed, replay
from gpt_trader.runtime.session import clock_ms, lies_there, view
from gpt_trader.runtime.situation import situation

Json = dict[str, Any]


class Extract(NamedTuple):
    """What was read, as JSON, and what is doubtful about the journal."""

    data: Any
    doubts: list[str]


def status(profile: str | None, state_dir: Path | None) -> tuple[Extract, str]:
    """Return where a session stands, and the first of its products."""
    folder = session_folder(profile, state_dir)
    try:
        return _status(folder)
    except JournalError as error:  # the latch holds all the same
        error.message += lies_there(folder)
        raise


def _status(folder: Path) -> tuple[Extract, str]:
    with view(folder) as (header, plan, journal):
        state = recover_state(journal, plan, header.cash)
        data, found = situation(folder, header, plan, journal, state, clock_ms()), doubts(journal)
        if is_full(folder) and not journal.unlocked:
            found.append(f"the disk of {folder} is full: nothing can be written, nor traded")
        return Extract(data, found), plan.products[0].product_id


def orders(profile: str | None, state_dir: Path | None) -> Extract:
    """Return the session's open orders and the newest that have ended."""
    with view(session_folder(profile, state_dir)) as (header, plan, journal):
        state = recover_state(journal, plan, header.cash)
        return Extract([order_json(plan, one) for one in state.orders.values()], doubts(journal))


def why(
    product_id: str, profile: str | None, state_dir: Path | None, *, at_ms: int | None, last: int
) -> Extract:
    """Return the last decisions on a product, up to the bar that opened at a time."""
    with view(session_folder(profile, state_dir)) as (_, plan, journal):
        found = explain_decisions(plan, journal, product_id, at_ms=at_ms, last=last)
        data = {"product": product_id, "interval": plan.interval, **history(found)}
        unsure = doubted(plan, journal).get(product_id)
        said = [] if unsure is None else [f"the price of {product_id} is in doubt: {unsure}"]
        return Extract(data | {"decisions": found}, [*doubts(journal), *said])


def history(found: list[Json]) -> Json:
    """Return how many of some bars held, acted and were refused, and why."""
    actions = Counter(one["action"] for one in found)
    held = Counter(one["reasons"][0]["code"] for one in found if one["action"] == "hold")
    refused = Counter(one["reasons"][0]["code"] for one in found if one["action"] == "blocked")
    return {
        "bars": len(found),
        "actions": dict(actions.most_common()),
        "held": dict(held.most_common()),
        "refused": dict(refused.most_common()),
    }


def decide_again(profile: str | None, state_dir: Path | None) -> tuple[Replayed, list[str]]:
    """Replay a session; return what came of it, and what is otherwise here than it was there.

    Raises JournalError if the journal does not hold.
    """
    with view(session_folder(profile, state_dir)) as (header, plan, journal):
        check_whole(journal)
        changes = version_changes(header)
        return replay(journal, plan, signals_of(header), header.cash), changes
