"""Numbers and times as a reader wants them; what is undefined is a dash."""

import re
from decimal import Decimal

import numpy as np

Number = float | int | Decimal | np.floating | np.integer
DASH = "–"
MINUS = "−"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: Number | None, places: int = 2, *, sign: bool = False) -> str:
    """Return a number with thousands separated and a true minus; sign: + before a gain too."""
    if value is None or not np.isfinite(float(value)):
        return DASH
    rounded = round(float(value), places)
    text = f"{abs(rounded):,.{places}f}"
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if sign and rounded > 0 else text


def percent(value: Number | None, places: int = 2, *, sign: bool = False) -> str:
    """Return a percentage."""
    text = number(value, places, sign=sign)
    return text if text == DASH else f"{text} %"


def true_minus(text: str) -> str:
    """Return a sentence, its negative numbers with the minus that `number` writes."""
    return re.sub(r"(?<![\w.-])-(?=\d)", MINUS, text)


def compact(value: float) -> str:
    """Return an axis label: at most four digits, thousands as k, millions as M."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scale = 1e3 if unit == "k" else limit
            return _short(value / scale) + unit
    return _short(value)


def _short(value: float) -> str:
    text = f"{abs(value):,.6f}" if abs(value) < 1 else f"{abs(value):,.2f}"
    text = text.rstrip("0").rstrip(".")
    return (MINUS if value < 0 and text != "0" else "") + text


def moment(time_ms: Number) -> np.datetime64:
    """Return int64 ms UTC as numpy's instant."""
    return np.datetime64(int(time_ms), "ms")


def day(time_ms: Number) -> str:
    """Return a UTC date: 3 Mar 2024."""
    year, month, date = str(moment(time_ms))[:10].split("-")
    return f"{int(date)} {MONTHS[int(month) - 1]} {year}"


def minute(time_ms: Number) -> str:
    """Return a UTC date and time: 3 Mar 2024 14:05."""
    return f"{day(time_ms)} {str(moment(time_ms))[11:16]}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return a count with its noun: 1 trade, 2 trades."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def name(code: str) -> str:
    """Return a code as words: STOPPED_OUT is "stopped out"."""
    return code.replace("_", " ").lower()
