"""`gpt-trader status`: where a session stands."""

from typing import Any

from gpt_trader.cli import output
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName
from gpt_trader.config.words import VENUES

COMMAND = "status"
MINUTES_FROM_S = 120.0
UNSEEN_S = 70.0  # a calm account is looked at once a minute
LATE_S = 15.0  # after which a bar is decided without whoever did not tell it


def command(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Show money at risk, positions with stops, open orders, halts and the next bar.

    Reads the journal only, also beside a running bot.
    """
    from gpt_trader.app.inspect import status

    (data, warnings), product = status(profile, state_dir)
    output.emit(COMMAND, data, warnings, json=json)
    if not json:
        _show(data)
        print(f"Next: gpt-trader why {product}{again(profile, state_dir)}")


def _show(data: dict[str, Any]) -> None:
    state = f"running: {data['running']}" if data["running"] else "stopped"
    print(f"{data['profile']}: {', '.join(data['strategies'])}, {state}")
    rows = [
        ("at risk", _at_risk(data)),
        ("equity", f"{data['equity']}, cash {data['cash']}, fees paid {data['fees']}"),
        *_process(data),
        *_unseen(data),
        *_key(data["key_refused"]),
        *[("position", _position(p)) for p in data["positions"]],
        *[("order", order_text(order)) for order in data["open_orders"]],
        *[
            ("UNKNOWN", f"{_for(order['age_s'])}: {order_text(order)}")
            for order in data["unknown_orders"]
        ],
        *[("WAITING", _waiting(order)) for order in data["waiting_orders"]],
        *[
            ("STUCK", f"since {one['cannot_leave']['since']}: {one['cannot_leave']['told']}")
            for one in data["positions"]
            if one["cannot_leave"]
        ],
        *[_bare(one) for one in data["positions"] if one["bare_since"]],
        *[
            ("BARE", f"{one['product']}: its stop does not rest, and no bot watches the quotes")
            for one in data["positions"]
            if one["stop_by"] == "nobody" and not one["bare_since"]
        ],
        *[
            ("BARE", f"{one['product']}: its stop covers {_covers(one)}, nobody watches the rest")
            for one in data["positions"]
            if one["stop_by"] == "part" and not one["bare_since"]
        ],
        *[
            ("STRANDED", f"{one['product']} worth {one['value']}: {one['not_sellable']}")
            for one in data["positions"]
            if one["not_sellable"]
        ],
        *[("HALT", _halt(halt)) for halt in data["halts"]],
    ]
    for product, why in data["frozen"].items():
        rows.append(("FROZEN", f"{product}: {why}; only exits, until gpt-trader rearm"))
    for product, why in data["closed"].items():
        rows.append(("CLOSED", f"{product} takes no orders at the exchange: {why}"))
    rows += [
        ("STAYS", f"{product}'s stop is not cancelled for an exit: {why}")
        for product, why in data["unproven"].items()
    ]
    rows += [
        ("limits", f"{product} takes no market orders: exits are limit orders")
        for product in data["limit_only"]
    ]
    rows += [
        ("grid", f"{product}: other sizes or prices are taken; entries once it starts flat")
        for product in data["regridded"]
    ]
    rows += [("DOUBTED", f"{product}: {why}") for product, why in data["doubted"].items()]
    for product, why in data["undecided"].items():
        rows.append(("passed", f"{product}: {why}; it is decided at the next close"))
    if data["out_of_line"]:
        rows.append(("DIFFERS", f"{data['out_of_line']}; only exits, until it is in line"))
    if data["foreign_orders"]:
        rows.append(("foreign", f"{data['foreign_orders']} open orders of somebody else"))
    if data["flattening"]:
        rows.append(("FLATTEN", "all that is held is to be sold, whoever runs; until rearm"))
    if data["paused"]:
        rows.append(("PAUSED", "only exits, until gpt-trader resume"))
    if not data["positions"]:
        is_known = not data["unknown_orders"]
        rows.append(("position", "none" if is_known else "none that is booked: see UNKNOWN"))
    if not data["open_orders"]:
        rows.append(("order", "none open"))
    if not data["halts"] and not data["paused"]:
        rows.append(("halts", "none"))
    last = "none"
    if data["last_bar"]:
        last = f"{data['last_bar']}, its close is {_old(data['last_close_age_s'])}"
    following = "none: the data has ended, the next run starts anew"
    if not data["ended"]:
        following = _following(data)
    rows += [("last bar", last), ("next bar", following)]
    journal = data["journal"]
    size = f"{journal['bytes'] / 1e6:,.1f} MB"
    rows.append(("journal", f"{journal['path']}, {journal['entries']:,} entries, {size}"))
    rows.append(("head", journal["head"]))
    for name, text in rows:
        print(f"  {name:<10}{text}")
    if data["label"]:
        print(data["label"])


def _process(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Say of a loop that it hangs, or has died."""
    if data["silent_s"] is None:
        return []
    if data["hangs"]:
        hint = "gpt-trader kill cancels its entries"
        return [("HANGS", f"the bot has said nothing for {data['silent_s']:.0f} s; {hint}")]
    if data["running"]:
        return []
    words = f"the last run did not end in good order, {data['silent_s']:.0f} s ago"
    return [("DIED", f"{words}: {data['died_of']}" if data["died_of"] else words)]


def _unseen(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Say of a bot that runs that it has not seen the account for a while: a calm one looks."""
    age_s = data["reconciled_age_s"]
    if not data["running"] or data["broker"] not in VENUES:
        return []
    if data["reconciled"] is None:
        return [("UNSEEN", "the account has not been seen in line: only exits until it is")]
    if age_s is None or age_s <= UNSEEN_S:
        return []
    return [("UNSEEN", f"the account was last seen in line {_since(age_s)} ago")]


def _key(refused: str | None) -> list[tuple[str, str]]:
    """Say of a key that what it sends is refused."""
    return [("KEY", f"no order and no cancel is taken: {refused}")] if refused else []


def _at_risk(data: dict[str, Any]) -> str:
    if data["broker"] in VENUES:
        return f"MONEY: {data['money_at_risk']} in positions"
    return f"no money; simulated: {data['simulated_at_risk']} in positions"


def _position(one: dict[str, Any]) -> str:
    words = (
        f"{one['size']} {one['product']} at {one['average_price']}, now {one['close']} "
        f"({_old(one['close_age_s'])}): "
        f"worth {one['value']}, {one['unrealized_pnl']} unrealized"
    )
    if one["stop"]:
        words += f", {one['stop_kind'].lower()} {one['stop']}"
    if one["take_profit"]:
        words += f", take profit {one['take_profit']}"
    if one["stop_covers"] not in (None, one["size"].lstrip("-")):
        words += f" for {_covers(one)}"
    if one["stop_by"] == "quotes":
        words += ", watched by quotes: none is known to rest"
    return words if one["stop"] else words + ", no stop"


def _covers(one: dict[str, Any]) -> str:
    return f"{one['stop_covers']} of it"


def _bare(one: dict[str, Any]) -> tuple[str, str]:
    """Say of a position that no stop is known to rest for what is known of one."""
    name, words = _known_of_stop(one["stop_status"])
    return name, f"{one['product']} {_for(one['bare_since']['age_s'])}: {words}, no exit"


def _known_of_stop(status: str | None) -> tuple[str, str]:
    match status:
        case None:
            return "BARE", "no stop"
        case "PENDING_CANCEL":
            return "ENDING", "its stop is being cancelled: nobody tells that it has ended"
        case "SUBMITTED":
            return "BARE", "its stop was sent, and no answer is in"
        case "SUBMIT_UNKNOWN":
            return "BARE", "nobody knows whether its stop rests"
        case _:
            return "BARE", f"its stop is {status}"


def _for(age_s: float | None) -> str:
    return (
        "since a time that this machine's clock has not reached"
        if age_s is None
        else (f"for {age_s:.0f} s")
    )


def _following(data: dict[str, Any]) -> str:
    """Say when the next decision is made; that it is late, once a live bar must have been told."""
    if not data["next_close"]:
        return "the first"
    late_s = data["next_close_overdue_s"]
    if late_s <= LATE_S:
        return f"closes {data['next_close']}"
    who = "nobody has told it" if data["running"] else "nobody runs"
    return f"closed {data['next_close']}, {_since(late_s)} ago: {who}"


def _since(age_s: float) -> str:
    return f"{age_s:.0f} s" if age_s < MINUTES_FROM_S else f"{age_s / 60:.0f} min"


def _old(age_s: float | None) -> str:
    if age_s is None:
        return "of unknown age"
    return f"{_since(age_s)} old"


def _waiting(one: dict[str, Any]) -> str:
    others = ", ".join(one["waits_for"]) or "nothing any more"
    return f"{_for(one['age_s'])}, for the end of {others}: {order_text(one)}"


def order_text(one: dict[str, Any]) -> str:
    """Return an order, as JSON, in a line."""
    amount = one["size"] or f"{one['value']} quote"
    price = f" at {one['price']}" if one["price"] else ""
    return (
        f"{one['side']} {amount} {one['product']} {one['type']}{price}, {one['status']}, "
        f"filled {one['filled']} ({one['client_order_id']})"
    )


def _halt(one: dict[str, Any]) -> str:
    why = f" by {one['by']}: {one['reason']}" if "by" in one else ""
    return f"{one['guard']}{why}: only exits, until {one['until']}"
