"""Numbers as other programs write them: dollar signs, commas or points between thousands."""

import re
from collections.abc import Callable, Sequence

from gpt_trader.data.files.text_times import Fail

Read = Callable[[str], float | None]

MONEY = re.compile(r"(-?)\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d*)?")
IN_COMMAS = re.compile(r"-?(\d{1,3}(?:\.\d{3})+|\d+),\d+")
POINTED = re.compile(r"-?\d{1,3}(?:\.\d{3})+")  # a point as likely before thousands
POINTS = "write decimals with a point, and nothing between thousands"


def number_reader(cells: Sequence[tuple[int, str]], fail: Fail) -> tuple[Read, str | None]:
    """Return how the numbers of a file are read, and what is to be said of it.

    cells: rows and their texts. fail: raises the error about a row. A comma stands between
    thousands where a point, a dollar sign or a second comma shows it, before decimals where no
    thousands can be written so; else nobody can tell.
    """
    with_comma = [(index, cell) for index, cell in cells if "," in cell]
    if any(IN_COMMAS.fullmatch(c) and _is_no_thousand(c) for _, c in with_comma):
        return _number_in_commas, "decimal commas"
    shown = any(
        ("." in c and not POINTED.fullmatch(c)) or "$" in c or c.count(",") > 1 for _, c in cells
    )
    if with_comma and not shown:
        index, cell = with_comma[0]
        mean = f"{cell.replace(',', '.')} or {cell.replace(',', '')}"
        fail(index, f"cannot tell whether {cell} is {mean}", POINTS)
    return _number, None


def _is_no_thousand(cell: str) -> bool:
    return cell.lstrip("-").startswith("0") or not MONEY.fullmatch(cell)


def _number(text: str) -> float | None:
    """Return a number, also one with a dollar sign or commas between thousands."""
    if match := MONEY.fullmatch(text):
        return float(match[1] + match[2].replace(",", "") + (match[3] or ""))
    try:  # Python reads 1_000 as a number, files do not
        return float(text.replace("_", "?"))
    except ValueError:
        return None


def _number_in_commas(text: str) -> float | None:
    """Return a number with a decimal comma, also one with points between thousands."""
    if IN_COMMAS.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    return None if "." in text or "," in text else _number(text)
