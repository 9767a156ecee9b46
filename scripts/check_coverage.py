"""Hold the coverage floors: 95 % of the branches where money is decided.

Reads the JSON report of coverage.py. The kernel's lines are those that tests reached with
NUMBA_DISABLE_JIT=1. Exit code 1 if a group is under its floor, or was not measured.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

FLOOR_PCT = 95
GROUPS = ("engine", "risk", "broker", "journal", "kernel")


class Row(NamedTuple):
    """Branches of one package: how many there are, and how many were taken."""

    name: str
    covered: int
    total: int

    @property
    def pct(self) -> float:
        """Covered share in percent; 0 where nothing was measured."""
        return 100 * self.covered / self.total if self.total else 0.0

    @property
    def holds(self) -> bool:
        """Whether the floor is reached, compared exactly and not as it is printed."""
        return self.pct >= FLOOR_PCT


def row(files: dict[str, Any], group: str) -> Row:
    """Branch coverage of one package."""
    inside = [f["summary"] for name, f in files.items() if f"gpt_trader/{group}/" in name]
    covered = sum(s["covered_branches"] for s in inside)
    return Row(group, covered, sum(s["num_branches"] for s in inside))


def missing(files: dict[str, Any], group: str) -> list[str]:
    """The files of a group with their uncovered branches, as `file: 10->12, ...`."""
    return [
        f"    {name}: " + ", ".join(f"{a}->{b}" for a, b in f["missing_branches"])
        for name, f in files.items()
        if f"gpt_trader/{group}/" in name and f["missing_branches"]
    ]


def main(path: str) -> int:
    """Print the table; say what is missing where a floor is not reached."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    files = {name.replace("\\", "/"): f for name, f in report["files"].items()}
    table = [row(files, group) for group in GROUPS]
    for one in table:
        mark = "ok    " if one.holds else "FAILED"
        print(f"{mark}  {one.pct:6.2f} % of branches (floor {FLOOR_PCT} %)  {one.name}")
        if not one.holds:
            print(*missing(files, one.name), sep="\n")
    return 0 if all(one.holds for one in table) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
