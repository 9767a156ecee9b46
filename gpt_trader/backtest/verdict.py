"""What a result comes to, in one word and in sentences that people understand."""

from dataclasses import dataclass

LOSES = "LOSES"
NOT_PROVEN = "NOT PROVEN"
PASS = "PASS"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Verdict:
    """word: LOSES, NOT PROVEN or PASS. reasons: sentences, the weightiest first."""

    word: str
    reasons: tuple[str, ...]
