import enum
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.cli import output


@pytest.fixture(autouse=True)
def _normal_verbosity():
    yield
    output.set_verbosity(0)


class Side(enum.Enum):
    BUY = "buy"


class Code(enum.IntEnum):
    ONE = 1


@dataclass(frozen=True, slots=True)
class Pair:
    a: Decimal
    b: float


@pytest.mark.parametrize(
    "value, expected",
    [
        (Decimal("1E+4"), "10000"),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("NaN"), None),
        (float("nan"), None),
        (float("-inf"), None),
        (np.float64(1.5), 1.5),
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.bool_(1), True),
        (np.array([1.0, np.nan]), [1.0, None]),
        (Side.BUY, "buy"),
        (Code.ONE, 1),
        (Pair(Decimal("1.10"), 2.0), {"a": "1.10", "b": 2.0}),
        (Path("a/b"), "a/b"),
        ({"x": (1, None)}, {"x": [1, None]}),
        ({3, 1}, [1, 3]),
        (datetime(2022, 1, 1, tzinfo=UTC), "2022-01-01T00:00:00.000Z"),
        (datetime(2022, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2021-12-31T22:00:00.000Z"),
    ],
)
def test_plain_follows_the_rules_of_the_envelope(value, expected):
    assert json.loads(output.encode(value)) == expected


def test_a_value_that_json_cannot_hold_is_an_error():
    with pytest.raises(TypeError, match="complex"):
        output.encode(1j)


def test_emit_writes_exactly_one_document(capsys):
    output.emit("x", {"cash": Decimal(1)}, ["careful"], json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema_version": 1,
        "command": "x",
        "ok": True,
        "data": {"cash": "1"},
        "warnings": ["careful"],
        "error": None,
    }
    assert out.count("\n") == 1
    assert err == ""


def test_emit_without_json_writes_warnings_to_stderr_only(capsys):
    output.emit("x", {}, ["careful"], json=False)
    assert capsys.readouterr() == ("", "warning: careful\n")


@pytest.mark.parametrize(
    "level, heard", [(-1, ["warning: c"]), (0, ["a", "warning: c"]), (1, ["a", "b", "warning: c"])]
)
def test_verbosity_decides_what_stderr_hears(capsys, level, heard):
    output.set_verbosity(level)
    output.note("a")
    output.detail("b")
    output.warn("c")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == heard


def test_a_table_shows_text_as_it_is_and_cuts_nothing_in_a_pipe(capsys):
    output.table(("name", "x"), [("[red]a[/red]", "y" * 300), (":smile:", 1)], title="t")
    out = capsys.readouterr().out
    assert "[red]a[/red]" in out
    assert "y" * 300 in out
    assert ":smile:" in out
    assert "\x1b" not in out


def test_what_is_said_of_many_products_is_one_warning():
    said = [f"P{i}-USD is not in the bundled grids" for i in range(200)]
    [one] = output.joined(said)
    assert one.startswith("P0-USD is not in the bundled grids; the same of P1-USD, P2-USD, P3-USD,")
    assert one.endswith(", 196 more")
    assert output.joined(["A is odd", "B is odd", "A is even", "A is odd", "short"]) == [
        "A is odd; the same of B",
        "A is even",
        "short",
    ]
    assert output.joined([]) == []
