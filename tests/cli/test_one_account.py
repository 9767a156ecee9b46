"""One account holds one quote currency, whichever command it is that adds money up."""

import json

import pytest

from gpt_trader.cli.main import main
from tests.market_files import rows_of, walk, write_rows

HOLD = ("--strategy", "buy_and_hold")


@pytest.mark.parametrize(
    "command",
    [
        ("backtest", *HOLD),
        ("optimize", "--strategy", "sma_cross", "--grid", "fast=2,3", "--set", "slow=5"),
        ("run", "--profile", "dev", *HOLD),
    ],
)
@pytest.mark.parametrize("other", ["ETH-EUR", "ETH-BTC", "ETH-USDC"])
def test_two_currencies_are_refused(capsys, tmp_path, command, other):
    files = [
        f"--data={write_rows(tmp_path / f'{name}_1d.csv', rows_of(walk(60)))}"
        for name in ("BTC-USD", other)
    ]
    code = main([*command, *files, "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 2
    assert error["message"].startswith("products are quoted in")
    assert "one quote currency" in error["hint"]
