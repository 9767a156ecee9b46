"""What a strategy that somebody brings did, in short: the same of the same bars, or another trial.

A seed from the clock, or from the order of a set, makes other trades at every run of one and the
same code: each of them is a try of its own.
"""

import hashlib
from collections.abc import Iterable
from functools import cache

from gpt_trader.data.checks.quality import digest
from gpt_trader.domain.bars import Bars
from gpt_trader.measure.path import Path
from gpt_trader.observe.provenance import sources_sha256, versions

DIGITS = 16
BETWEEN = ":"
NOT_TWICE = "on record are other fills of the same code on the same bars: it is not the same twice"


def tell_outcome(path: Path, others: Iterable[Bars], universe: str) -> str:
    """Return a digest of what a run went by, and one of its fills.

    others: bars that it went by besides the path's. universe: who could be held when.
    """
    told = [sorted(digest(one) for one in path.bars), [digest(one) for one in others], universe]
    return f"{_short(told)}{BETWEEN}{_short(_fills(path))}"


def is_other(mine: str, theirs: str) -> bool:
    """Whether two outcomes are of the same inputs and yet not the same; False of what is empty."""
    went_by, _, did = mine.partition(BETWEEN)
    same, _, also = theirs.partition(BETWEEN)
    return bool(did and also) and went_by == same and did != also


def _fills(path: Path) -> list[tuple[str, str]]:
    """Return each product's fills as a digest, whatever the order of the products."""
    found = []
    for j, bars in enumerate(path.bars):
        rows = path.fills[path.fills["product"] == j]
        told = hashlib.sha256(path.time[rows["bar"]].tobytes())
        for name in ("side", "lots", "ticks", "fee"):
            told.update(rows[name].tobytes())
        found.append((bars.product.product_id, told.hexdigest()))
    return sorted(found)


def _short(told: object) -> str:
    return hashlib.sha256(f"{_here()}{told!r}".encode()).hexdigest()[:DIGITS]


@cache
def _here() -> str:
    """Return what else decides fills: this program, and what it runs on."""
    return f"{sources_sha256()}{sorted(versions().items())}"
