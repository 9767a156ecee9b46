"""The tables that `backtest -v` prints of a run's money."""

from pathlib import Path

import pytest

from gpt_trader.cli.backtest.view import say_checks
from gpt_trader.cli.main import main

WIDTH = 80


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> list[str]:
    flags = ("--demo", "--strategy", "breakout", "--risk", "none", "--state-dir", str(tmp_path))
    assert main(["backtest", "-v", *flags]) == 0
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_tables_name_products_reasons_months_and_drawdowns_in_80_columns(
    printed: list[str],
) -> None:
    begins = [line.split("  ")[0] for line in printed]
    at = [
        begins.index(title)
        for title in ("by product", "by exit reason", "by month", "deepest drawdowns")
    ]
    assert at == sorted(at)
    assert {"BTC-USD", "ETH-USD", "SOL-USD"} <= set(begins[at[0] : at[1]])
    assert {"EXIT", "STOP"} & set(begins[at[1] : at[2]])
    assert "2024-02" in begins[at[2] : at[3]]
    depths = [float(line.split()[1]) for line in printed[at[3] + 1 : printed.index("", at[3])]]
    assert 1 <= len(depths) <= 5
    assert depths == sorted(depths, reverse=True)
    tables = [line for line in printed if not line.startswith("Next: ")]  # a command is one line
    assert max(map(len, tables)) <= WIDTH


def test_what_is_odd_about_the_bars_is_added_up_and_the_rest_left_out() -> None:
    fine = {"missing_bars": 0, "findings": []}
    jump = {"kind": "jumps to another level", "count": 2}
    checks = {
        "lookahead": {"ok": True, "sampled": 8},
        "warmup": {"ok": None, "bars": 50},
        "data": [fine, fine],
    }
    assert say_checks(checks).endswith("warm-up not checked (50 bars), data ok")
    odd = [{"missing_bars": 1_200, "findings": [jump]}, {"missing_bars": 5, "findings": [jump]}]
    said = "data 1,205 bars missing, 4 jumps to another level"
    assert say_checks(checks | {"data": odd}).endswith(said)
    assert say_checks(checks | {"data": []}).endswith("data not checked")


def test_a_short_on_spot_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flags = ("--strategy", "momentum", "--set", "long_only=false", "--state-dir", str(tmp_path))
    assert main(["backtest", "--demo", *flags]) == 0
    assert " targets below 0 taken as 0: spot cannot be short" in capsys.readouterr().out
