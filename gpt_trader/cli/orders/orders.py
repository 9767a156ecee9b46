"""`gpt-trader orders`: test orders through the same checks as the bot's own."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.confirm import confirm
from gpt_trader.cli.options import StateDir, again
from gpt_trader.cli.output import Json, ProfileName

REFUSED = 6
app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Place, list, change and cancel orders by hand; read the exchange's fills and history.",
)


class Side(StrEnum):
    """Buy or sell."""

    BUY = "buy"
    SELL = "sell"


class OrderKind(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LIMIT = "stop_limit"
    BRACKET = "bracket"


class Tif(StrEnum):
    """How long an order lives."""

    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


Size = Annotated[str | None, typer.Option("--size", metavar="BASE", help="Amount of the base.")]
Price = Annotated[str | None, typer.Option("--price", metavar="P", help="Limit price.")]
Live = Annotated[bool, typer.Option("--live", help="Send to the exchange, if the profile may.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask to type the product.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the verdict, send nothing.")]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, help="How far back.")]
OfProduct = Annotated[str | None, typer.Option("--product", help="Only this product.")]
OrderId = Annotated[str, typer.Argument(help="Its client order id, or the beginning of it.")]


@app.command()
def place(  # noqa: PLR0913 - typer reads the flags from the arguments
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    side: Annotated[Side, typer.Argument(help="buy or sell.")],
    *,
    size: Size = None,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="QUOTE", help="Money to spend, fee included (market buy)."),
    ] = None,
    kind: Annotated[OrderKind, typer.Option("--type", help="How it is priced.")] = OrderKind.MARKET,
    price: Price = None,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="P", help="Trigger of a stop or bracket.")
    ] = None,
    tif: Annotated[
        Tif | None, typer.Option("--tif", help="How long it lives.  [default: GTC; market: IOC]")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="End of a GTD order, UTC.")
    ] = None,
    post_only: Annotated[
        bool, typer.Option("--post-only", help="Never cross: rest, or be rejected.")
    ] = False,
    dry_run: DryRun = False,
    live: Live = False,
    yes: Yes = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Place one order through every check; in a simulation it meets the next bar.

    A refused order exits 6 and names the guard, its value and its limit. One of which nobody knows
    what became, or that waits and nobody runs, exits 5.
    """
    from gpt_trader.app import orders as orders_input
    from gpt_trader.app.hand import hand_on
    from gpt_trader.cli.orders import view as orders_view

    asked = orders_input.OrderRequest(
        product=product,
        side=side.value,
        size=size,
        value=value,
        kind=kind.value,
        price=price,
        stop=stop,
        tif=None if tif is None else tif.value,
        until=until,
        post_only=post_only,
    )
    if live and not dry_run:
        confirm(product, "money is at stake", yes=yes)
    with hand_on(profile, state_dir, output.warn, live=live, reads=dry_run) as hand:
        verdict = orders_input.place(hand, asked, dry_run=dry_run)
    if not json:
        orders_view.show_place(verdict, dry_run=dry_run)
    _end(
        "orders place",
        verdict,
        f"Next: gpt-trader orders list{again(profile, state_dir)}",
        json=json,
    )


@app.command("list")
def list_orders(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """List open orders and the newest that have ended."""
    from gpt_trader.app.inspect import orders

    listed, warnings = orders(profile, state_dir)
    output.emit("orders list", {"orders": listed}, warnings, json=json)
    if json:
        return
    columns = ("client_order_id", "product", "side", "type", "size", "price", "filled", "status")
    rows = [[_cell(one, column) for column in columns] for one in listed]
    output.table([column.replace("client_order_id", "id") for column in columns], rows)
    if not listed:
        print("no orders yet")


def _cell(one: dict[str, Any], column: str) -> object:
    shown = one[column]
    if column == "size" and shown is None:
        return f"for {one['value']}"
    return "-" if shown is None else shown


@app.command()
def cancel(
    order_id: OrderId,
    *,
    dry_run: DryRun = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Cancel an order that was placed by hand."""
    from gpt_trader.app import orders as orders_input
    from gpt_trader.app.hand import hand_on

    with hand_on(profile, state_dir, output.warn, reduces=True, reads=dry_run) as hand:
        verdict = orders_input.cancel(hand, order_id, dry_run=dry_run)
    _end(
        "orders cancel",
        verdict,
        f"Next: gpt-trader orders list{again(profile, state_dir)}",
        json=json,
    )


@app.command()
def edit(
    order_id: OrderId,
    *,
    size: Size = None,
    price: Price = None,
    dry_run: DryRun = False,
    live: Live = False,
    yes: Yes = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Change size or price of a resting order; its side and purpose stay."""
    from gpt_trader.app import orders as orders_input
    from gpt_trader.app.hand import hand_on

    if live and not dry_run:
        confirm(order_id, "money is at stake", yes=yes)
    with hand_on(profile, state_dir, output.warn, live=live, reads=dry_run) as hand:
        verdict = orders_input.edit(hand, order_id, size=size, price=price, dry_run=dry_run)
    _end(
        "orders edit",
        verdict,
        f"Next: gpt-trader orders list{again(profile, state_dir)}",
        json=json,
    )


@app.command("cancel-all")
def cancel_all(
    *,
    product: OfProduct = None,
    dry_run: DryRun = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Cancel every open order that was placed by hand; `pause` also cancels the bot's entries."""
    from gpt_trader.app import orders as orders_input
    from gpt_trader.app.hand import hand_on

    with hand_on(profile, state_dir, output.warn, reduces=True, reads=dry_run) as hand:
        found = orders_input.cancel_all(hand, product, dry_run=dry_run)
    output.emit("orders cancel-all", {"orders": found, "dry_run": dry_run}, json=json)
    if not json:
        print(f"{'would cancel' if dry_run else 'cancelled'}: {len(found)} orders")


@app.command()
def preview(
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    side: Annotated[Side, typer.Argument(help="buy or sell.")],
    *,
    size: Size = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="QUOTE", help="Money to spend (market buy).")
    ] = None,
    kind: Annotated[OrderKind, typer.Option("--type", help="How it is priced.")] = OrderKind.MARKET,
    price: Price = None,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="P", help="Trigger of a stop or bracket.")
    ] = None,
    post_only: Annotated[bool, typer.Option("--post-only", help="Never cross.")] = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Ask the exchange what an order would come to; nothing is placed."""
    from gpt_trader.app import orders as orders_input
    from gpt_trader.cli.orders import exchange as orders_exchange

    asked = orders_input.OrderRequest(
        product, side.value, size, value, kind.value, price, stop, None, None, post_only
    )
    orders_exchange.preview(asked, profile, state_dir, json=json)


@app.command()
def show(
    order_id: OrderId,
    *,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Show one order: what the journal knows, and what the exchange says of it."""
    from gpt_trader.cli.orders import exchange as orders_exchange

    orders_exchange.show(order_id, profile, state_dir, json=json)


@app.command()
def fills(
    *,
    product: OfProduct = None,
    days: Days = 7,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """List the account's fills as the exchange tells them, newest first."""
    from gpt_trader.cli.orders import exchange as orders_exchange

    orders_exchange.fills(profile, state_dir, product, days, json=json)


@app.command()
def history(
    *,
    product: OfProduct = None,
    days: Days = 7,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """List the account's orders as the exchange tells them, newest first."""
    from gpt_trader.cli.orders import exchange as orders_exchange

    orders_exchange.history(profile, state_dir, product, days, json=json)


def _end(command: str, verdict: Any, following: str, *, json: bool) -> None:  # noqa: ANN401
    """Say what became of a request; a refusal exits 6, what is not open any more 2.

    An order of which nobody knows what became exits 5.
    """
    from gpt_trader.app.orders import LISTED
    from gpt_trader.engine.operator import NOT_OPEN
    from gpt_trader.errors import HaltError, UnknownOutcome, UsageError
    from gpt_trader.observe.cycle import reason_json
    from gpt_trader.observe.words import number

    refusal = verdict.refusal
    if refusal is None:
        if not json:
            print(verdict.words)
            print(following)
        left = None
        if verdict.open_end:
            left = UnknownOutcome(verdict.open_end, hint="gpt-trader run --once finds it out")
        output.emit(command, verdict.data, _notes(verdict), json=json, refused=left)
        return
    if refusal.code == NOT_OPEN:
        raise UsageError(refusal.detail, hint=LISTED)
    message = f"refused: {refusal.code}: {refusal.detail}"
    if refusal.value is not None and refusal.threshold is not None:
        message += f": {number(refusal.value)} v limit {number(refusal.threshold)}"
    if not json:
        raise HaltError(message, hint=verdict.hint)
    error = {"code": refusal.code, "message": message, "hint": verdict.hint, "where": None}
    data = verdict.data | {"refusal": reason_json(refusal)}
    print(output.document(command, data=data, error=error))
    raise typer.Exit(REFUSED)


def _notes(verdict: Any) -> Sequence[str]:  # noqa: ANN401
    return [verdict.hint] if verdict.hint else []
