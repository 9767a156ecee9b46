"""Finished points on the disk, so that a search that was stopped goes on where it was.

One file a search ground (data, terms, strategy, code), named by a digest of all of it: whatever
changes leads to another file. Each record is a point's digest, its daily closes and a checksum,
appended when the point is done; a torn or foreign record is passed over.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpt_trader.errors import StorageError

Floats = NDArray[np.float64]
DIGITS = 16


def digest_of(value: object) -> str:
    """Return a digest of anything that JSON can hold, text for what it cannot."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


class PointStore:
    """The finished points of one search ground; days: closes a point."""

    def __init__(self, folder: Path, ground: str, days: int) -> None:
        self._path = folder / f"{ground}.points"
        self._record = np.dtype([("point", f"S{DIGITS}"), ("sum", "<u4"), ("closes", "<f8", days)])

    def load(self) -> dict[str, Floats]:
        """Return the daily closes of each finished point by its digest."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(self._path, error) from error
        whole = len(data) // self._record.itemsize * self._record.itemsize
        rows = np.frombuffer(data[:whole], self._record)
        return {
            row["point"].decode(): row["closes"].astype(np.float64)
            for row in rows
            if zlib.crc32(row["closes"].tobytes()) == row["sum"]
        }

    def append(self, points: Mapping[str, Floats]) -> None:
        """Add finished points; a torn record at the end is cut off first."""
        rows = np.zeros(len(points), self._record)
        for row, (point, closes) in zip(rows, points.items(), strict=True):
            row["point"] = point.encode()
            row["closes"] = closes
            row["sum"] = zlib.crc32(row["closes"].tobytes())
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                torn = file.tell() % self._record.itemsize
                file.truncate(file.tell() - torn)
                file.write(rows.tobytes())
        except OSError as error:
            raise _unusable(self._path, error) from error


def _unusable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{path}: finished points cannot be kept ({error.strerror})",
        hint="make it writable for this user, or keep them elsewhere with --state-dir",
    )
