"""A strategy in a file that fails: one line with its place, in backtest and in run."""

import pytest

from tests.session_helpers import call, write_market

HEAD = """\
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Target, Targets

@dataclass(frozen=True)
class Bad:
    name: ClassVar[str] = "bad"
    min_bars = 5
    warmup = 5
"""
BY_BAR = "    def on_bar(self, view, memory):\n        return "
WHOLE = "    def targets(self, bars):\n        n = len(bars)\n        return "


@pytest.mark.parametrize(
    "code, line, said",
    [
        (BY_BAR + "1 / 0", 12, "ZeroDivisionError: division by zero"),
        (BY_BAR + "3", 11, "gave a value of type int, expected (target or None, memory)"),
        (BY_BAR + "0.5, None", 11, "gave a value of type float, expected a Target or None"),
        (BY_BAR + "None, {1, 2}", 11, "gave a memory that is not JSON"),
        (BY_BAR + "Target(2.0), None", 11, "gave weight 2 for the SOL-USD bar at 2022-01-01T04"),
        (BY_BAR + "Target('x'), None", 11, "as weight, expected numbers"),
        (WHOLE + "np.ones(n) + np.ones(n + 1)", 13, "ValueError: operands"),
        (WHOLE + "open('/no/such/file')", 13, "FileNotFoundError"),
        (WHOLE + "bars.close", 11, "gave a value of type ndarray, expected Targets"),
        (WHOLE + "Targets(np.zeros(3))", 11, "gave 3 rows of weight for"),
        (WHOLE + "Targets(np.zeros((n, 1)))", 11, "gave 2 dimensions of weight"),
        (WHOLE + "Targets(np.full(n, 'x'))", 11, "as weight, expected numbers"),
    ],
)
def test_the_line_and_the_fault_are_named(code, line, said, capsys, tmp_path):
    file = tmp_path / "bad.py"
    file.write_text(HEAD + code + "\n")
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=60)
    flags = ("--strategy", f"{file}:Bad", "--data", data)
    for command, wanted in (("backtest", 2), ("run", 6)):
        code, _, err = call(capsys, command, "-p", "dev", *flags)
        last = [text for text in err.splitlines() if text.startswith("error: ")]
        assert code == wanted
        assert len(last) == 1
        assert last[0].startswith(f"error: {file}:{line}: ")
        assert said in last[0]
        assert "internal error" not in err
