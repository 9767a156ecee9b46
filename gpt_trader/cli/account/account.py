"""`gpt-trader account`: what an exchange's account holds, may do and pays."""

from enum import StrEnum
from typing import Annotated

import typer

from gpt_trader.cli.options import StateDir
from gpt_trader.cli.output import Json, ProfileName

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Read the account at the exchange, and hold it against the journal.",
)


class AdjustmentKind(StrEnum):
    """Why an asset came in or went out otherwise than by a fill."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    REWARD = "reward"
    TRANSFER = "transfer"


@app.command()
def snapshot(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """Show everything at once: key, wallets with their worth, fees, open orders, limits."""
    from gpt_trader.cli.account import read as account_read

    account_read.snapshot(profile, state_dir, json=json)


@app.command()
def balances(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """Show each wallet: what is free, what orders hold, what it is worth."""
    from gpt_trader.cli.account import read as account_read

    account_read.balances(profile, state_dir, json=json)


@app.command()
def fees(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Show the fee tier, its rates, and what it rests on."""
    from gpt_trader.cli.account import read as account_read

    account_read.fees(profile, state_dir, json=json)


@app.command()
def permissions(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """Show what the key may do, and in which portfolio."""
    from gpt_trader.cli.account import read as account_read

    account_read.permissions(profile, state_dir, json=json)


@app.command()
def portfolios(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """List the portfolios that the key can see; it trades in one of them."""
    from gpt_trader.cli.account import read as account_read

    account_read.portfolios(profile, state_dir, json=json)


@app.command()
def limits(*, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False) -> None:
    """Show the limits on requests and, by product, on orders."""
    from gpt_trader.cli.account import read as account_read

    account_read.limits(profile, state_dir, json=json)


@app.command()
def adjust(
    *,
    kind: Annotated[AdjustmentKind, typer.Option("--kind", help="What happened.")],
    asset: Annotated[str, typer.Option("--asset", metavar="ASSET", help="As in USD or BTC.")],
    amount: Annotated[
        str,
        typer.Option("--amount", metavar="AMOUNT", help="Above 0; below 0: a transfer out."),
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Record that money or coins came in or went out: no profit, no loss.

    Nothing is moved at the exchange; the session's journal learns what was.
    """
    from gpt_trader.app.adjust import Adjustment
    from gpt_trader.cli.account import adjust as account_adjust

    account_adjust.run(
        Adjustment(kind.value, asset, amount, by, reason),
        profile=profile,
        state_dir=state_dir,
        json=json,
    )


@app.command()
def settle(
    product: Annotated[str, typer.Argument(help="As in BTC-USD.")],
    *,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: for scripts.")] = False,
    profile: ProfileName = None,
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Write off what was sold beyond what was bought, and let the product trade again.

    It says what is owed at the ask of now, lets you confirm it, and looks at the account. Nothing
    is bought: the value leaves the session's cash, and what it cost beyond its sale is a loss of
    today. The bot must not run.
    """
    from gpt_trader.app.settle import Settlement
    from gpt_trader.cli.account import settle as account_settle

    account_settle.run(
        Settlement(product.strip().upper(), by, reason),
        profile=profile,
        state_dir=state_dir,
        yes=yes,
        json=json,
    )


@app.command()
def reconcile(
    *, profile: ProfileName = None, state_dir: StateDir = None, json: Json = False
) -> None:
    """Hold the exchange against the journal, to the last digit; exit 1 if they differ.

    Reads both, changes neither. An open order of somebody else is a difference, too. A journal that
    is damaged agrees with nothing: exit 1, as of journal verify.
    """
    from gpt_trader.cli.account import reconcile as account_reconcile

    account_reconcile.run(profile, state_dir, json=json)
