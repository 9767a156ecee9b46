"""Compiled numerics: plain functions over scalars and arrays, nothing above them known.

Numba's disk cache notices an edit in a function's own file only, not in a callee's file.
The cache folder is therefore named by a hash of every kernel file: an edit anywhere in the
kernel starts a fresh folder, and an unchanged kernel compiles nothing in its second process.
"""

import hashlib
import os
import pathlib

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


def is_compiled(function: str) -> bool:
    """Whether a function (file.name) is in the cache, or nothing is compiled at all.

    Where the cache folder cannot be written, numba keeps it beside the sources.
    """
    is_interpreted = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
    folders = (CACHE_DIR, HERE)
    return is_interpreted or any(any(one.rglob(f"{function}-*.nbi")) for one in folders)
