"""Numbers as people read them, and tables of them."""

from collections.abc import Mapping, Sequence
from typing import Any

HOURS_A_DAY = 24.0
LONG = 1e9  # from which on digits widen a table and say nothing
SMALL = 100.0  # quote: an account below it is one of a dear currency


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401
    """Return a table whose names stand left and whose values stand right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for i, title in enumerate(header):
        names = i == 0 or (title.startswith("   ") or (title == "" and len(header) == i + 2))
        table.add_column(title, justify="left" if names else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def places_for(start: str) -> int:
    """Return the decimals of an account's money: cents, or 1e-8 where it starts below 100."""
    return 2 if float(start) >= SMALL else 8


def money(text: str, places: int = 2) -> str:
    """Return money in quote."""
    return f"{float(text):,.{places}f}"


def format_signed(text: str, sign: int = 1, places: int = 2) -> str:
    """Return money gained or (sign -1) paid."""
    value = float(text)
    return f"{sign * value:+,.{places}f}" if value else "0.00"


def brief(value: float, places: int = 2) -> str:
    """Return a number, a very large one by its power of ten."""
    return f"{value:,.{places}f}" if abs(value) < LONG else f"{value:.1e}"


def percent(value: float | None) -> str:
    """Return a percentage; a dash where it is undefined."""
    return "-" if value is None else f"{brief(value)} %"


def number(value: float | None) -> str:
    """Return a ratio; a dash where it is undefined."""
    return "-" if value is None else brief(value)


def bps(value: float | None) -> str:
    """Return basis points; a dash where they are undefined."""
    return "-" if value is None else f"{brief(value, 0)} bps"


def hours(value: float | None) -> str:
    """Return a time in hours, from two days on in days; a dash where it is undefined."""
    if value is None:
        return "-"
    return f"{value:,.1f} h" if value < 2 * HOURS_A_DAY else f"{value / HOURS_A_DAY:,.1f} days"


def list_commonest(counts: Mapping[str, int], most: int) -> str:
    """Return the first names with their counts, `most` of them, and how many are left."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:most]]
    rest = len(counts) - len(shown)
    return (", ".join(shown) or "none") + (f", {rest} more" if rest else "")


def list_some(names: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return the first names, and how many are left; one that is left alone is named, too."""
    shown = names if len(names) <= most + 1 else names[:most]
    rest = len(names) - len(shown)
    return separator.join([*shown, *([f"{rest:,} more"] if rest else [])])
