"""Where Python, this package and the installed ones lie: by their real folders, not by a name."""

import os
import site
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(os.__file__).resolve().parent
SITES = frozenset(
    Path(one).resolve()
    for one in (
        *site.getsitepackages(),
        site.getusersitepackages(),
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    )
)
NAMES = frozenset({"site-packages", "dist-packages"})  # within Python's own folder


def is_installed(path: Path) -> bool:
    """Whether a resolved path is of an installed package, or of this one."""
    return any(path.is_relative_to(home) for home in (ROOT, *SITES)) or _is_beside_python(path)


def is_standard(path: Path) -> bool:
    """Whether a resolved path is of Python's own library."""
    return path.is_relative_to(PYTHON) and not is_installed(path)


def package_of(path: Path) -> Path | None:
    """Return the folder, or the single file, of the installed package that a path is of."""
    for home in SITES:
        if path.is_relative_to(home) and path != home:
            return home / path.relative_to(home).parts[0]
    return None


def _is_beside_python(path: Path) -> bool:
    if not path.is_relative_to(PYTHON):
        return False
    return not NAMES.isdisjoint(path.relative_to(PYTHON).parts)
