"""Any value in an error, on one line; nothing heavy is imported for it."""

LONGEST = 80  # characters


def brief(value: object) -> str:
    """Return a value as an error shows it: one line, and the beginning of a long one."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
