"""`gpt-trader assess FILE`: judge an equity curve or a list of trades of another tool."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.options import DataFiles
from gpt_trader.cli.output import Json

COMMAND = "assess"


def command(
    file: Annotated[Path, typer.Argument(help="A CSV file: time,equity or exit_time,pnl.")],
    *,
    cash: Annotated[
        float | None,
        typer.Option("--cash", min=0.0, help="Money at its start; a list of trades needs it."),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=1, help="How many were tried, this one included."),
    ] = None,
    data: DataFiles = None,
    json: Json = False,
) -> None:
    """Judge what another tool made: an equity curve, or a list of closed trades.

    The same intervals, luck and baselines as of a backtest. It never passes: what made it cannot
    be run again.
    """
    from gpt_trader.app.assess import assess

    found, said = assess(file, cash=cash, trials=trials, data=data or [])
    if not json:
        _show(found)
    output.emit(COMMAND, found, said, json=json)


def _show(found: dict[str, Any]) -> None:
    from gpt_trader.cli.numbers import grid, number, percent

    numbers, sure, beside = found["result"], found["inference"], found["baselines"] or {}
    out = output.console()
    days = f"{found['first'][:10]} to {found['last'][:10]}"
    print(f"{Path(found['file']).name}: {found['kind']}, {found['rows']:,} rows, {days}")
    print()
    rows = [
        ("return", percent(numbers["return_pct"]), _range(sure["return_pct"], " %"),
         percent(beside.get("buy_hold_return_pct")), percent(beside.get("vol_matched_return_pct"))),
        ("Sharpe ratio", number(numbers["sharpe"]), _range(sure["sharpe"]),
         number(beside.get("buy_hold_sharpe")), number(beside.get("vol_matched_sharpe"))),
        ("deepest drawdown", percent(numbers["max_drawdown_pct"]),
         _range(sure["max_drawdown_pct"], " %"), "", ""),
        ("return a year", percent(numbers["cagr_pct"]), "", "", ""),
    ]  # fmt: skip
    level = f"{100 * sure['level']:.0f} % interval"
    out.print(grid(("", "result", level, "buy and hold", "at equal risk"), rows))
    without = found["trimmed"]
    print()
    print(
        f"days      Sharpe {number(without['without_best'])} without the best "
        f"{without['days']:,}, {number(without['without_worst'])} without the worst"
    )
    print()
    why = f" ({', '.join(found['why'])})" if found["why"] else ""
    print(f"Verdict: {found['verdict']}{why}, {numbers['return_pct']:+,.2f} %")
    for reason in found["reasons"]:
        print(f"  - {reason}")


def _range(ends: dict[str, float] | None, unit: str = "") -> str:
    from gpt_trader.cli.numbers import brief

    return "-" if ends is None else f"{brief(ends['low'], 1)} to {brief(ends['high'], 1)}{unit}"
