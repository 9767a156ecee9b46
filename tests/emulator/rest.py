"""What every route answers with."""

from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    document: Any


def error(status: int, name: str, words: str) -> Answer:
    """Return a refusal in the gateway's shape."""
    return Answer(status, {"error": name, "error_details": words, "message": words})


def one(query: dict[str, list[str]], name: str, default: str) -> str:
    """Return the first value of a parameter."""
    return query.get(name, [default])[0]
