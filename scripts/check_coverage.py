"""Hold the coverage floors: 80 % of everything, 95 % of the branches where money is decided.

Reads the JSON report of coverage.py. The tests ran with NUMBA_DISABLE_JIT=1, so the kernel's
lines count too. Exit code 1 if a group is under its floor.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

OVERALL_FLOOR_PCT = 80.0
BRANCH_FLOOR_PCT = 95.0
BRANCH_GROUPS = ("engine", "risk", "broker", "journal", "kernel")


class Row(NamedTuple):
    """One line of the table: what was measured, how much, and what is wanted."""

    name: str
    covered: int
    total: int
    floor_pct: float

    @property
    def pct(self) -> float:
        """Covered share in percent; 100 where there is nothing to cover."""
        return 100.0 * self.covered / self.total if self.total else 100.0

    @property
    def holds(self) -> bool:
        """Whether the floor is reached, compared exactly and not as it is printed."""
        return self.pct >= self.floor_pct


def group_row(files: dict[str, Any], group: str) -> Row:
    """Branch coverage of one package."""
    inside = [f["summary"] for name, f in files.items() if f"gpt_trader/{group}/" in name]
    return Row(
        f"{group} (branches)",
        sum(s["covered_branches"] for s in inside),
        sum(s["num_branches"] for s in inside),
        BRANCH_FLOOR_PCT,
    )


def rows(report: dict[str, Any]) -> list[Row]:
    """Every floor with what was measured: lines and branches overall, then each group."""
    total = report["totals"]
    overall = Row(
        "overall (lines and branches)",
        total["covered_lines"] + total["covered_branches"],
        total["num_statements"] + total["num_branches"],
        OVERALL_FLOOR_PCT,
    )
    files = {name.replace("\\", "/"): f for name, f in report["files"].items()}
    return [overall, *(group_row(files, group) for group in BRANCH_GROUPS)]


def missing(report: dict[str, Any], group: str) -> list[str]:
    """The files of a group with their uncovered branches, as `file: 10->12, ...`."""
    return [
        f"    {name}: " + ", ".join(f"{a}->{b}" for a, b in f["missing_branches"])
        for name, f in report["files"].items()
        if f"gpt_trader/{group}/" in name.replace("\\", "/") and f["missing_branches"]
    ]


def main(path: str) -> int:
    """Print the table; say what is missing where a floor is not reached."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    table = rows(report)
    for row in table:
        mark = "ok    " if row.holds else "FAILED"
        print(f"{mark}  {row.pct:6.2f} % (floor {row.floor_pct:.0f} %)  {row.name}")
        if not row.holds:
            print(*missing(report, row.name.split()[0]), sep="\n")
    return 0 if all(row.holds for row in table) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
