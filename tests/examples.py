"""How many examples a property is tried on: few in each run, PROOFS times as many for a proof."""

import os

from hypothesis import settings

TIMES = int(os.environ.get("PROOFS", "1"))


def examples(count: int) -> settings:
    """Try a property on this many examples, and on PROOFS times as many under `make proofs`."""
    return settings(max_examples=count * TIMES)
