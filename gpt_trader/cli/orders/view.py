"""The verdict on an order as people read it."""

from gpt_trader.app.orders import Reply
from gpt_trader.cli.output import encode
from gpt_trader.observe.words import number
from gpt_trader.plain import plain

VERDICTS = {"OK": "PASS", "TRIPPED": "BLOCK"}


def show_place(verdict: Reply, *, dry_run: bool) -> None:
    """Print each guard's verdict; an order that reduces passes none of them."""
    order = verdict.data["order"]
    if order is not None and order["reduce_only"] and verdict.refusal is None:
        print("it reduces the position: entry guards do not apply")
        if verdict.data["cut_from"]:
            print(f"cut from {verdict.data['cut_from']} to what is held")
    else:
        for guard in verdict.data["guards"]:
            limit = "none" if guard["limit"] is None else number(guard["limit"])
            word = VERDICTS.get(guard["state"], guard["state"])
            print(f"{word:<8}{guard['name']:<16}{number(guard['value'])} v limit {limit}")
    if dry_run:
        if "request" in verdict.data:
            print(f"request  {encode(verdict.data['request'])}")
            fees = verdict.data["fees"]
            print(f"fees     {plain(fees['estimate'])} at a rate of {plain(fees['rate'])}")
        print("a dry run: nothing is sent")
