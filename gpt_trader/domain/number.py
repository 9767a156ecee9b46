"""The one gate for numbers from outside: what is no number, or absurd, is none at all.

NaN, Infinity and 1e999 are read by Decimal and float without a word, and end a loop far away from
where they came in.
"""

from decimal import Decimal, InvalidOperation

LARGEST = Decimal(10) ** 15  # of any price, size, volume or time in ms
LONGEST = 100  # digits and places: more are no number of a market


def read_decimal(value: object) -> Decimal | None:
    """Return a number as it was written; None for "", null and what is no number of a market."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = str(value).strip()
        found = Decimal(text)
    except (InvalidOperation, ValueError):  # ValueError: an int of thousands of digits
        return None
    if not found.is_finite() or not -LARGEST <= found <= LARGEST or len(text) > LONGEST:
        return None
    is_short = "e" not in text and "E" not in text
    return found if is_short or int(found.as_tuple().exponent) >= -LONGEST else None
