"""A file that a running loop touches: how long it has been silent, for a process that watches it.

It goes when a run ends in good order; after a crash it stays, and grows old.
"""

import time
from dataclasses import dataclass
from pathlib import Path

ALIVE = "alive"
EVERY_S = 1.0


@dataclass(slots=True)
class Alive:
    """The file of a state folder."""

    folder: Path
    _touched_s: float = -EVERY_S

    def touch(self) -> None:
        """Say that the loop runs; at most once a second reaches the file system."""
        now_s = time.monotonic()
        if now_s - self._touched_s >= EVERY_S:
            self._touched_s = now_s
            (self.folder / ALIVE).touch()

    def end(self) -> None:
        """Say that the run ended in good order."""
        (self.folder / ALIVE).unlink(missing_ok=True)

    def silent_s(self) -> float | None:
        """Return for how long the loop has been silent; None if no run is under way."""
        try:
            return max(time.time() - (self.folder / ALIVE).stat().st_mtime, 0.0)
        except FileNotFoundError:
            return None
