"""Check the rules of the house that ruff, mypy and import-linter cannot state.

Each rule names what it forbids, where, and the few files that may; a finding is one line,
`file:line: rule: what to do`. Exit code 1 if there is any.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = ("kernel", "domain", "strategy", "risk", "engine")
SHELL = ("runtime", "dashboard", "cli")

CLOCK_CALLS = {
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.sleep",
    "pd.Timestamp.now",
    "pd.Timestamp.utcnow",
}
IO_CALLS = {"open", "print", "input", "breakpoint"}
RANDOM_IDS = {"uuid1", "uuid4"}
SEEDED_RANDOM = {"default_rng", "Generator", "SeedSequence", "PCG64", "Philox"}
ROUNDING_CALLS = {
    "round",
    "math.ceil",
    "math.floor",
    "math.trunc",
    "np.ceil",
    "np.floor",
    "np.rint",
    "np.round",
    "np.trunc",
}
MONEY_PACKAGES = ("domain", "risk", "engine", "broker")
ROUNDING_FILES = ("gpt_trader/domain/product.py", "gpt_trader/domain/times.py")
# The library has no shell that could tell when something was tried.
CLOCK_FILES = ("gpt_trader/backtest/counted.py", "gpt_trader/optimize/counted.py")
# Puts back what code of others drew.
GLOBAL_RANDOM_FILES = ("gpt_trader/backtest/contained.py",)
# The loop halts on the unforeseen; the command line's end turns it into a line and a code.
CATCH_ALL_FILES = (
    "gpt_trader/backtest/anew.py",  # hands every error over to the process that asks
    "gpt_trader/broker/exchange/carry.py",  # hands every error over to the loop
    "gpt_trader/optimize/failing.py",  # raises what no strategy failed with
    "gpt_trader/runtime/loop.py",
    "gpt_trader/cli/main.py",
)
# Stop what is no number where it comes in: a product's own methods make ticks and lots of the rest.
READING_PACKAGE = "broker"
OWN_TEXTS = ("gpt_trader/broker/exchange/wallets.py",)  # the ledger's texts are the journal's
APPROVING_FILE = "gpt_trader/engine/approve.py"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place."""

    file: str
    line: int
    text: str


def dotted(node: ast.expr) -> str:
    """Spell a name or attribute chain, e.g. `np.random.seed`; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""


def call_findings(node: ast.Call, file: str, package: str) -> Iterator[str]:
    """Rules about what is called."""
    name = dotted(node.func)
    if package in CORE and name in IO_CALLS:
        yield f"{name}() in the core: return a value and let the shell speak"
    if package not in SHELL and file not in CLOCK_FILES and name in CLOCK_CALLS:
        yield f"{name}() below runtime/: take the time as an argument"
    if package in CORE and name.split(".")[-1] in RANDOM_IDS:
        yield f"{name}() is random: derive ids from what they name"
    rounds = name in ROUNDING_CALLS or name.endswith(".quantize")
    if rounds and package in MONEY_PACKAGES and file not in ROUNDING_FILES:
        yield f"{name}() on money or sizes: round with domain.product or kernel.rounding"
    is_told = package == READING_PACKAGE and file not in OWN_TEXTS
    if name == "Decimal" and is_told and not _is_literal(node):
        yield "Decimal() takes NaN and 1e999 from outside: read_decimal of domain.number does not"
    is_approving = "Approved" in name.split(".") or _replaces(node, {"order", "approved"})
    if is_approving and file != APPROVING_FILE:
        yield "an Approved is made in engine/approve.py only, after the guards: call it"
    if name == "getattr" and len(node.args) == 3:
        yield "getattr with a default hides a missing field: name the field"
    if name.endswith("default_rng") and not node.args and not node.keywords:
        yield "default_rng() without a seed: take a seed argument"
    if name.split(".")[-1] in {"njit", "jit", "vectorize", "guvectorize"}:
        keywords = {k.arg for k in node.keywords}
        if "fastmath" in keywords:
            yield "fastmath changes results between machines: remove it"
        if "cache" not in keywords:
            yield "a kernel without cache=True compiles again in every process"


def _is_literal(node: ast.Call) -> bool:
    """Whether what is called with is written in the code."""
    return all(isinstance(one, ast.Constant) for one in node.args)


def _replaces(node: ast.Call, fields: set[str]) -> bool:
    """Whether a call is `x._replace(field=...)` of one of these fields."""
    is_replace = isinstance(node.func, ast.Attribute) and node.func.attr == "_replace"
    return is_replace and any(keyword.arg in fields for keyword in node.keywords)


def random_finding(node: ast.Attribute) -> str | None:
    """Module-level randomness of NumPy, which no seed argument reaches."""
    name = dotted(node)
    for prefix in ("np.random.", "numpy.random."):
        if name.startswith(prefix) and name.removeprefix(prefix) not in SEEDED_RANDOM:
            return f"{name} draws from global state: use a Generator made from a seed"
    return None


def import_findings(node: ast.ImportFrom) -> Iterator[str]:
    """Rules about an import (import-linter holds the layers)."""
    if node.level:
        yield "relative import: spell the package"


def handler_finding(node: ast.ExceptHandler, file: str) -> str | None:
    """A catch-all hides failures, unless it ends by raising again what it caught."""
    last = node.body[-1]
    if file in CATCH_ALL_FILES or (isinstance(last, ast.Raise) and last.exc is None):
        return None
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    if any(n is None or dotted(n) in {"Exception", "BaseException"} for n in caught):
        return "a catch-all: name the errors that can be acted on"
    return None


def node_findings(node: ast.AST, file: str, package: str) -> Iterator[str]:
    """All rules for one node."""
    match node:
        case ast.Call():
            yield from call_findings(node, file, package)
        case ast.Attribute():
            found = random_finding(node)
            if found and file not in GLOBAL_RANDOM_FILES:
                yield found
        case ast.ImportFrom():
            yield from import_findings(node)
        case ast.ExceptHandler():
            if found := handler_finding(node, file):
                yield found


def file_findings(source: str, file: str) -> list[Finding]:
    """Every finding in one file; `file` is its path from the top of the checkout."""
    parts = file.split("/")
    package = parts[1] if len(parts) > 2 else ""
    findings = {
        Finding(file, node.lineno, text)  # type: ignore[attr-defined]
        for node in ast.walk(ast.parse(source, file))
        for text in node_findings(node, file, package)
    }
    return sorted(findings, key=lambda f: (f.line, f.text))


def main() -> int:
    """Check every file of the package."""
    findings = [
        finding
        for path in sorted((ROOT / "gpt_trader").rglob("*.py"))
        for finding in file_findings(
            path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        )
    ]
    for finding in findings:
        print(f"{finding.file}:{finding.line}: {finding.text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
