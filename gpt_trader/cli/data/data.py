"""`gpt-trader data`: market data, pulled, imported, checked and stored."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli.options import DataDir, FromTime, ToTime
from gpt_trader.cli.output import Json, ProfileName


class Layout(StrEnum):
    """Whose files they are."""

    PLAIN = "plain"
    FREQTRADE = "freqtrade"
    BINANCE = "binance"


app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Pull, import, check and keep market data.",
)

Products = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PRODUCT]...", help="Products; the profile's if none."),
]
OneInterval = Annotated[
    str | None, typer.Option("--interval", "-i", metavar="1m..1d", help="Bar length.")
]


@app.command()
def pull(
    products: Products = None,
    *,
    interval: OneInterval = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="3y|90d|12h", help="How far back; default 1y.")
    ] = None,
    start: FromTime = None,
    end: ToTime = None,
    trades: Annotated[
        bool, typer.Option("--trades", help="Every trade instead of bars, held against them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked for, and ask nothing.")
    ] = False,
    profile: ProfileName = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Fetch bars from Coinbase; no key is needed.

    What was answered before is not asked again, so the same command goes on after any end.
    """
    from gpt_trader.cli.data import pull as data_pull
    from gpt_trader.cli.data import pull_trades as data_pull_trades

    asked = data_pull.PullFlags(products or [], interval, since, start, end, profile, data_dir)
    pull_these = data_pull_trades.run if trades else data_pull.run
    pull_these(asked, dry_run=dry_run, json=json)


@app.command("list")
def list_(*, data_dir: DataDir = None, json: Json = False) -> None:
    """List what is stored: products, intervals, periods, coverage and size."""
    from gpt_trader.cli.data import stored as data_stored

    data_stored.show_list(data_dir, json=json)


@app.command()
def show(
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    *,
    interval: OneInterval = None,
    start: FromTime = None,
    end: ToTime = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show a stored series: first and last bars, sources, digest, gaps."""
    from gpt_trader.cli.data import stored as data_stored

    data_stored.show(product, interval, start, end, data_dir, json=json)


@app.command()
def export(
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="*.csv, *.csv.gz or *.parquet.")],
    *,
    interval: OneInterval = None,
    start: FromTime = None,
    end: ToTime = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write stored bars to a file that --data reads."""
    from gpt_trader.cli.data import stored as data_stored

    data_stored.export(product, file, interval, start, end, data_dir, json=json)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of bars.")],
    *,
    product: Annotated[
        str | None, typer.Option("--product", metavar="ID", help="Whose bars they are.")
    ] = None,
    interval: OneInterval = None,
    layout: Annotated[
        Layout | None,
        typer.Option("--layout", help="Whose files they are; found out if not given."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Of times that state none.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the files' bars where stored ones differ.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check; store nothing.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Bring files into the store: CSV, Parquet, Feather, freqtrade's, Binance's.

    Layout, product, unit and zone are found out and stated; what cannot be told is asked for.
    """
    from gpt_trader.cli.data import importing as data_import

    data_import.run(
        files,
        data_import.ImportFlags(product, interval, None if layout is None else layout.value, zone),
        data_dir,
        replace=replace,
        dry_run=dry_run,
        json=json,
    )


@app.command()
def remove(
    product: Annotated[str, typer.Argument(help="A product, such as BTC-USD.")],
    *,
    interval: OneInterval = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask to type the product.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Delete a product's stored bars, of one interval or of all; it cannot be undone."""
    from gpt_trader.cli.data import remove as data_remove

    data_remove.run(product, interval, data_dir, yes=yes, json=json)


@app.command()
def repair(
    products: Products = None,
    *,
    interval: OneInterval = None,
    profile: ProfileName = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Set corrupt files aside, fetch what is missing, record it.

    Without products all that is stored; a second run finds nothing to do.
    """
    from gpt_trader.cli.data import repair as data_repair

    data_repair.run(products or [], interval, profile, data_dir, json=json)


@app.command()
def check(
    named: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PRODUCT|FILE]...", help="Stored products, or files."),
    ] = None,
    *,
    interval: OneInterval = None,
    start: FromTime = None,
    end: ToTime = None,
    strip: Annotated[
        Path | None, typer.Option("--strip", metavar="FILE.svg", help="Draw the gaps of one.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Find what is wrong, odd or missing; exit 7 if bars are wrong.

    Gaps are told apart: no trades, venue outage, never downloaded. They alone are no fault.
    """
    from gpt_trader.cli.data import check as data_check

    data_check.run(named or [], interval, start, end, data_dir, strip, json=json)


@app.command()
def universe(
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="As in 2024-01-31; default: today.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Listings; default: the bundled.")
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", min=1, help="The N largest by volume.")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say which products were listed on a day, and which would be chosen."""
    from gpt_trader.cli.data import universe as data_universe

    data_universe.run(as_of, file, top, data_dir, json=json)
