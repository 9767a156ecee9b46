"""What the ids of both forms have in common."""

import re
import uuid

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def hashed(key: str) -> str:
    """Return the bits that say what made an order: all but version, variant and mark."""
    number = uuid.UUID(key).int
    return f"{number >> 80:012x}-{number >> 64 & 0xFFF:03x}-{number >> 32 & 0x3FFFFFFF:08x}"


def without_marks(text: str) -> str:
    """Return a text with every id in it as `hashed` says it."""
    return ID.sub(lambda found: hashed(found[0]), text)
