"""Runs on disk: what went in, what came out, enough to show, compare and repeat each.

`runs/<run id>/run.json` holds inputs, provenance and the result's document, `fills.npz` the
fills. A run that is stored again replaces its record; nothing is ever half written.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.result import RUN_ID_DIGITS, Result
from gpt_trader.errors import DataError, StorageError, UsageError
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.metrics import drawdown_curve_pct
from gpt_trader.observe.provenance import sources_sha256, versions
from gpt_trader.observe.spark import sample

RUNS = "runs"
LAST = "last"
NAMED = 5  # runs that an error names
SCHEMA = 3
_RECORD, _FILLS = "run.json", "fills.npz"
_HEX = frozenset("0123456789abcdef")

Rows = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it is stored.

    inputs: what the command repeats it from. code: SHA-256 of the package's sources. versions:
    of packages, Python and processor. data: `Result.to_json_dict()`. curve: equity (quote) and
    drawdown (percent) in a few points. fills_sha256, equity_sha256: of all fills and all closes.
    """

    run_id: str
    inputs: Mapping[str, Any]
    code: str
    versions: Mapping[str, str]
    data: Mapping[str, Any]
    curve: Mapping[str, list[float]]
    fills_sha256: str
    equity_sha256: str


def record(result: Result, data: Mapping[str, Any], inputs: Mapping[str, Any]) -> StoredRun:
    """Return a result as it is stored.

    data: `Result.to_json_dict()` as plain JSON. inputs: what it can be run again from, likewise.
    """
    equity, start = result.path.equity, result.path.start
    return StoredRun(
        run_id=result.run_id,
        inputs=inputs,
        code=sources_sha256(),
        versions=versions(),
        data=data,
        curve={
            "equity": sample(equity).tolist(),
            "drawdown_pct": sample(drawdown_curve_pct(equity, start)).tolist(),
        },
        fills_sha256=hashlib.sha256(np.ascontiguousarray(result.fills).tobytes()).hexdigest(),
        equity_sha256=hashlib.sha256(np.ascontiguousarray(equity, "<f8").tobytes()).hexdigest(),
    )


def save(root: Path, run: StoredRun, fills: Rows) -> Path:
    """Store a run under root/runs; return its folder.

    Raises StorageError where the disk refuses; then nothing of it is left.
    """
    target = root / RUNS / run.run_id
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as scratch:
            draft = Path(scratch) / run.run_id
            draft.mkdir()
            told = {"schema": SCHEMA} | asdict(run)
            text = json.dumps(told | {"sha256": _digest(told)}, indent=1, allow_nan=False)
            (draft / _RECORD).write_text(text + "\n", encoding="utf-8")
            np.savez_compressed(draft / _FILLS, fills=fills)
            if target.is_dir():  # the same inputs and fills: only what is said of them is newer
                (draft / _RECORD).replace(target / _RECORD)
                (draft / _FILLS).replace(target / _FILLS)
            else:
                draft.rename(target)
    except OSError as error:
        raise StorageError(
            f"{target.parent}: the run cannot be stored ({error.strerror})",
            hint="make it writable, or choose another folder with --state-dir",
        ) from error
    return target


def run_ids(root: Path) -> list[str]:
    """Return the ids of the stored runs, the newest first; none if there is no folder."""
    records = [p for p in (root / RUNS).glob(f"*/{_RECORD}") if _is_id(p.parent.name)]
    newest = sorted(records, key=lambda p: (-p.stat().st_mtime_ns, p.parent.name))
    return [path.parent.name for path in newest]


def find(root: Path, ref: str) -> str:
    """Return the id that a reference names: an id, the beginning of one, or "last".

    Raises UsageError if no run or more than one has it.
    """
    known = run_ids(root)
    if not known:
        raise UsageError(
            f"no run is stored in {root / RUNS}", hint="make one: gpt-trader backtest --demo"
        )
    if ref == LAST:
        return known[0]
    found = [run_id for run_id in known if ref and run_id.startswith(ref.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found)} runs begin with {ref}", hint=_some(found))
    near = sorted(known, key=lambda run_id: -_common(run_id, ref.lower()))
    raise UsageError(f"no run {ref!r}", hint=_some(near))


class Found(NamedTuple):
    """A stored run. damaged: what was said of newer ones that could not be read, for "last"."""

    run: StoredRun
    damaged: tuple[str, ...]


def load(root: Path, ref: str) -> Found:
    """Return the stored run that a reference names; "last": the newest that can be read.

    Raises UsageError as `find`, DataError if what is stored cannot be read, or was altered.
    """
    run_id = find(root, ref)
    if ref != LAST:
        return Found(_read(root, run_id), ())
    damaged: list[DataError] = []
    for each in run_ids(root):
        try:
            return Found(_read(root, each), tuple(error.message for error in damaged))
        except DataError as error:
            damaged.append(error)
    raise damaged[0]


def _read(root: Path, run_id: str) -> StoredRun:
    path = root / RUNS / run_id / _RECORD
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["schema"] != SCHEMA:
            raise _unreadable(path, "it is of another version")
        if stored.pop("sha256") != _digest(stored):
            raise _unreadable(path, "it was altered")
        del stored["schema"]
        return StoredRun(**stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, str(error)) from error


def _digest(told: Mapping[str, Any]) -> str:
    """Return a digest of a record as JSON holds it."""
    text = json.dumps(told, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def load_fills(root: Path, run: StoredRun) -> Rows:
    """Return a stored run's fills, (m,) FILL_DTYPE.

    Raises DataError if they cannot be read or are not those that were stored.
    """
    path = root / RUNS / run.run_id / _FILLS
    try:
        with np.load(path, allow_pickle=False) as stored:
            fills: Rows = stored["fills"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _unreadable(path, str(error)) from error
    if hashlib.sha256(fills.tobytes()).hexdigest() != run.fills_sha256:
        raise _unreadable(path, "its fills were altered")
    if fills.dtype != FILL_DTYPE:
        raise _unreadable(path, "its fills have the columns of another version")
    return fills


def _is_id(name: str) -> bool:
    return len(name) == RUN_ID_DIGITS and set(name) <= _HEX


def _common(a: str, b: str) -> int:
    """Return how many characters two texts begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(b))


def _some(ids: list[str]) -> str:
    more = f", {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"stored: {', '.join(ids[:NAMED])}{more}"


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(
        f"{path}: the stored run cannot be read: {why}", hint="delete its folder, and run it again"
    )
