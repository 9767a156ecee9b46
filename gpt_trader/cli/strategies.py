"""`gpt-trader strategies`: what can be traded by, with every parameter and its range."""

import inspect
from typing import Annotated, Any

import typer

from gpt_trader.cli import output
from gpt_trader.cli.output import Json
from gpt_trader.config.keys import format_value
from gpt_trader.strategy.base import params_of
from gpt_trader.strategy.params import range_of
from gpt_trader.strategy.registry import all_strategies, resolve

COMMAND = "strategies"


def command(
    name: Annotated[
        str | None, typer.Argument(help="One strategy, or file.py:Class; all if left out.")
    ] = None,
    json: Json = False,
) -> None:
    """List strategies with their parameters, ranges and defaults."""
    if name is None:
        described = [_describe(s.name, s.strategy, s.source) for s in all_strategies()]
    else:
        sources = {s.name: s.source for s in all_strategies()}
        described = [_describe(name, resolve(name), sources.get(name, "file"))]
    output.emit(COMMAND, {"strategies": described}, json=json)
    if not json:
        for strategy in described:
            _show(strategy, whole=name is not None)
        print("Next: gpt-trader backtest --demo --strategy " + described[0]["name"])


def _describe(name: str, strategy: type[Any], source: str) -> dict[str, Any]:
    doc = inspect.getdoc(strategy) or ""
    params = [
        {
            "name": p.name,
            "type": type(p.default).__name__,
            "default": p.default,
            "low": p.low,
            "high": p.high,
            "range": range_of(p),
            "doc": p.doc,
        }
        for p in params_of(strategy)
    ]
    return {
        "name": name,
        "source": source,
        "summary": doc.partition("\n")[0],
        "doc": doc,
        "params": params,
    }


def _show(strategy: dict[str, Any], *, whole: bool) -> None:
    print(f"{strategy['name']}  ({strategy['source']})")
    print(strategy["doc"] if whole else f"  {strategy['summary']}")
    if strategy["params"]:
        rows = [
            (p["name"], format_value(p["default"]), p["range"], p["doc"])
            for p in strategy["params"]
        ]
        output.table(("parameter", "default", "range", "meaning"), rows)
    else:
        print("  no parameters\n")
