"""`gpt-trader run`: trade a profile, bar by bar."""

from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli import options as opt
from gpt_trader.cli.commands import INTERRUPTED
from gpt_trader.cli.compiling import ENGINE, say_if_compiling
from gpt_trader.cli.flags import MarketFlags, settings_of, takes
from gpt_trader.cli.options import again
from gpt_trader.cli.output import ProfileName, warn
from gpt_trader.errors import Unavailable, UsageError

HALTED = 6


@takes(
    "strategy",
    "sets",
    "data",
    "read",
    "start",
    "end",
    "interval",
    "cash",
    "taker_bps",
    "maker_bps",
    "spread_bps",
    "slippage_bps",
    "participation",
    "product_spec",
    "data_dir",
    "risk",
    "order_style",
)
def command(
    *,
    profile: ProfileName = None,
    once: Annotated[bool, typer.Option("--once", help="One cycle, then end (for cron).")] = False,
    cycles: Annotated[
        int | None, typer.Option("--cycles", metavar="N", min=1, help="End after N cycles.")
    ] = None,
    market: MarketFlags,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed", metavar="BARS", min=0, help="Bars a second; 0: as fast as it goes."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Trade money, if the profile says so too.")
    ] = False,
    fills: Annotated[
        Path | None,
        typer.Option("--fills", metavar="FILE", help="Write the session's fills as CSV."),
    ] = None,
    state_dir: opt.StateDir = None,
    json: Annotated[
        bool, typer.Option("--json", help="Write a line of JSON a cycle, and a summary.")
    ] = False,
) -> None:
    """Trade a profile: decide at each close, say why, survive anything.

    Ends with the market's data, after --cycles, or on Ctrl-C with the state saved (exit 130);
    the same command goes on from there. --once exits 5 if it leaves an order unknown or a
    position without its stop, and 6 if trading is halted or only a person can go on.
    """
    from gpt_trader.runtime.stop import stop_signals

    if once and cycles is not None:
        raise UsageError("--once and --cycles exclude each other", hint="give one of them")
    style = None if market.order_style is None else market.order_style.value
    with stop_signals() as stop:
        from gpt_trader.app import run as session
        from gpt_trader.app.history import parse_period
        from gpt_trader.app.request import RunRequest
        from gpt_trader.cli.run import view

        asked = RunRequest(
            profile=profile,
            flags=settings_of(market)
            | {
                "interval": None if market.data else market.interval,
                "order_style.entry.style": style,
                "order_style.exit.style": style,
                "run.speed_bars_per_s": "none" if speed == 0 else speed,
            },
            sets=market.sets or [],
            data=market.data or [],
            reads=market.read or [],
            period=parse_period(market.start, market.end),
            interval=market.interval,
            specs=market.product_spec or [],
            data_dir=market.data_dir,
            risk=market.risk is opt.Risk.PROFILE,
            live=live,
            once=once,
            cycles=cycles,
            state_dir=state_dir,
            fills=fills,
        )
        say_if_compiling(ENGINE)
        ran = session.run(asked, view.of(json=json), stop)
        view.show(ran, again(profile, state_dir), json=json)
    for one in (*ran.left.again, *ran.left.person):
        warn(one)
    if ran.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not once:
        raise typer.Exit(0 if ran.refused is None else ran.refused.exit_code)
    if ran.halted:
        raise typer.Exit(HALTED)
    if ran.left.again:
        raise typer.Exit(Unavailable.exit_code)
    if ran.left.person:
        raise typer.Exit(HALTED)
    if ran.refused is not None:
        raise typer.Exit(ran.refused.exit_code)
