"""Small text: words from outside to values, keys to words, the nearest name."""

import difflib
import json
import math
import re
from collections.abc import Iterable

Path = tuple[str | int, ...]
SECRET = re.compile(r"secret|api_?key|private[_ ]?key|passphrase|password|token", re.IGNORECASE)


def parse_text(text: str) -> object:
    """Return the number, truth value, null or JSON that a text spells, else the text."""
    words: dict[str, object] = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def format_path(path: Path) -> str:
    """Return ("routes", 0, "params") as routes[0].params."""
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}"
    return words.removeprefix(".")


def is_secret(path: Path) -> bool:
    """Whether a key's name says that it holds a secret."""
    return any(isinstance(part, str) and SECRET.search(part) is not None for part in path)


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that is most like `word`, or None if none is (cutoff: 0 to 1)."""
    matches = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=cutoff)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, else all of them."""
    choices = sorted(known)
    match = nearest(word, choices)
    return f"did you mean {match}?" if match else f"known: {', '.join(choices)}"
