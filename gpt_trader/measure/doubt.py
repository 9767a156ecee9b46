"""What keeps a result from PASS: its kind, and a sentence that people understand."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["below luck", "too short", "untested data", "fragile", "leak"]

BELOW_LUCK: Kind = "below luck"  # chance, or the market alone, makes as much
TOO_SHORT: Kind = "too short"  # a record of such days that is longer would be proof
UNTESTED: Kind = "untested data"  # what it rests on was not checked, or is in doubt
FRAGILE: Kind = "fragile"  # it is gone at slightly other terms
LEAK: Kind = "leak"  # it is too good and too short-lived to be known in time


@dataclass(frozen=True, slots=True)
class Doubt:
    """One condition of a PASS that does not hold."""

    kind: Kind
    sentence: str
