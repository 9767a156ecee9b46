"""What equal results depend on besides data and settings: the code, packages, the processor."""

import hashlib
import inspect
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType

PACKAGES = ("gpt-trader", "numpy", "numba", "apsw")
ROOT = Path(__file__).parents[1]
SCRIPT = frozenset({"__main__", "__mp_main__"})  # what runs, as `multiprocessing` names it, too


def versions() -> dict[str, str]:
    """Return versions of packages and Python, and a digest of the processor's features."""
    packages = {name: _version(name) for name in PACKAGES}
    return packages | {"python": platform.python_version(), "cpu": _cpu()}


def version_changes(recorded: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """Return what is otherwise here than where something was recorded."""
    return [f"{name} {was}, this is {here[name]}" for name, was in recorded.items()
            if was != here[name]]  # fmt: skip


@cache
def sources_sha256() -> str:
    """Return the SHA-256 of the package's Python files as they were at the first call."""
    return digest_of_sources(ROOT)


def digest_of_sources(folder: Path) -> str:
    """Return a SHA-256 of the names and contents of a folder's Python files."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def source_sha256(code: type) -> str | None:
    """Return the SHA-256 of the file that defines a class, as it was at the first call.

    None if the file belongs to the package (`sources_sha256` covers it) or there is none; of a
    script's class, too: it goes by what is loaded, also in a process that was sent it without file.
    """
    return _source_sha256(code)


@cache
def _source_sha256(code: type) -> str | None:
    path = None if code.__module__ in SCRIPT else file_of(code)
    if path is None or path.is_relative_to(ROOT.resolve()):
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_of(code: type) -> Path | None:
    """Return the file that defines a class; None if it was typed at a prompt, or made by exec.

    Of a script's class it is what its functions are from: in a process that was sent it, what runs
    is another script.
    """
    try:
        path = Path(_of_script(code) if code.__module__ in SCRIPT else inspect.getfile(code))
    except (OSError, TypeError):
        return None
    return path.resolve() if path.is_file() else None


def _of_script(code: type) -> str:
    own = (one for kind in code.__mro__ if kind.__module__ in SCRIPT for one in vars(kind).values())
    files = (one.__code__.co_filename for one in own if isinstance(one, FunctionType))
    return next((file for file in files if not file.startswith("<")), "")


def _cpu() -> str:
    """Return the architecture and a digest of the processor's features, where they are told."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    features = next((x for x in lines if x.lower().startswith(("flags", "features"))), "")
    told = hashlib.sha256(" ".join(sorted(features.split()[2:])).encode()).hexdigest()[:12]
    return f"{platform.machine()}-{told}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
