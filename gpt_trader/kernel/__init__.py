"""Compiled numerics: plain functions over scalars and arrays, nothing above them known.

Numba's disk cache notices an edit in a function's own file only, not in a callee's file.
The cache folder is therefore named by a hash of every kernel file: an edit anywhere in the
kernel starts a fresh folder, and an unchanged kernel compiles nothing in its second process.
Within it numba keeps a folder for each place the package is installed in.
"""

import hashlib
import os
import pathlib
import sys

import platformdirs

HERE = pathlib.Path(__file__).parent


def _cache_dir() -> pathlib.Path:
    digest = hashlib.sha256()
    for path in sorted(HERE.rglob("*.py")):
        digest.update(str(path.relative_to(HERE)).encode())
        digest.update(path.read_bytes())
    root = os.environ.get("GPT_TRADER_CACHE_DIR") or platformdirs.user_cache_dir("gpt-trader")
    return pathlib.Path(root) / f"kernel-{digest.hexdigest()[:16]}"


CACHE_DIR = _cache_dir()


def _numba_folders() -> tuple[pathlib.Path, ...]:
    """Where numba looks for this installation's functions: it names folders by the sources' path.

    Where the cache folder cannot be written, it is beside the sources, then in numba's own.
    """
    sources = os.path.abspath(HERE)  # noqa: PTH100 - as numba does: links stay, `..` goes
    name = f"{HERE.name}_{hashlib.sha1(sources.encode(), usedforsecurity=False).hexdigest()}"
    theirs = pathlib.Path(platformdirs.user_cache_dir("numba", appauthor=False))
    return (CACHE_DIR / name, HERE / "__pycache__", theirs / name)


def is_compiled(function: str) -> bool:
    """Whether this installation's function (file.name) is cached, or nothing is compiled at all."""
    is_interpreted = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    kept = f"{function}-*.{python}{sys.abiflags}.nbi"
    return is_interpreted or any(any(folder.glob(kept)) for folder in _numba_folders())
