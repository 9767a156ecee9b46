"""The flags of a market and its costs: one table, spread into each command that takes some."""

import inspect
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import pytest
import typer

from gpt_trader.cli.backtest.backtest import command as backtest
from gpt_trader.cli.flags import KEYS, MarketFlags, backtest_asked, settings_of, takes, words_of
from gpt_trader.cli.optimize.optimize import command as optimize
from gpt_trader.cli.options import Risk, StyleFlag
from gpt_trader.cli.run.run import command as run
from gpt_trader.errors import UsageError

NAMES = [field.name for field in fields(MarketFlags)]


@takes("cash", "data")
def ask(first, *, market, last=1):
    """Ask."""
    return first, market, last


def test_a_command_takes_the_named_flags_where_its_market_stood():
    found = inspect.signature(ask).parameters
    assert list(found) == ["first", "cash", "data", "last"]
    assert found["cash"].default is None
    assert ask.__doc__ == "Ask."


def test_what_is_given_arrives_as_one_value():
    market = MarketFlags(cash="100", data=["a.csv"])
    assert ask(1, cash="100", data=["a.csv"], last=2) == (1, market, 2)


@pytest.mark.parametrize("command", [backtest, optimize, run])
def test_every_command_declares_each_flag_as_the_table_does(command):
    known = {field.name: field for field in fields(MarketFlags)}
    taken = inspect.signature(command).parameters
    assert "market" not in taken
    shared = [name for name in taken if name in known]
    assert len(shared) >= 15
    for name in shared:
        assert taken[name].annotation is known[name].type
        assert taken[name].default == known[name].default


def test_a_flag_sets_the_key_of_a_profile():
    assert set(KEYS) <= set(NAMES)
    found = settings_of(MarketFlags(taker_bps=7.0, strategy="sma_cross"))
    assert found["costs.taker_bps"] == 7.0
    assert found["strategy"] == "sma_cross"
    assert found["costs.maker_bps"] is None


def test_a_run_on_history_is_asked_for_by_the_flags():
    market = MarketFlags(
        data=["BTC-USD"], risk=Risk.NONE, order_style=StyleFlag.TAKER, start="2024"
    )
    asked = backtest_asked("dev", market, engine="replay", self_check=False)
    assert (asked.profile, asked.data, asked.risk, asked.style) == (
        "dev",
        ["BTC-USD"],
        False,
        "taker",
    )
    assert (asked.engine, asked.self_check, asked.close_at_end) == ("replay", False, False)
    with pytest.raises(UsageError, match="before"):
        backtest_asked("dev", MarketFlags(start="2024-02-01", end="2024-01-01"))


def test_the_words_of_flags_give_the_same_flags():
    given = {
        field.name: _some(field.type)
        for field in fields(MarketFlags)
        if field.name not in {"risk", "order_style"}
    }
    market = MarketFlags(**given, risk=Risk.NONE, order_style=StyleFlag.TAKER)
    assert _parsed(words_of(market)) == market
    assert _parsed(words_of(replace(market, touch_fills=False))).touch_fills is False
    assert words_of(MarketFlags()) == []


def _some(declared):
    """Return a value that is no default, of a flag's type."""
    kinds = get_args(get_args(declared)[0]) or get_args(declared)[:1]
    examples = {bool: True, str: "a b", float: 0.1 + 0.2, int: 3, Path: Path("a b")}
    if list[str] in kinds:
        return ["a b", "c"]
    return next(examples[kind] for kind in kinds if kind in examples)


def _parsed(words):
    app, found = typer.Typer(), []

    @app.command()
    @takes(*NAMES)
    def ask_all(*, market):
        found.append(market)

    app(words, standalone_mode=False)
    return found[0]
