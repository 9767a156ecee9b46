"""Where profiles are: a file that is named, ./profiles, or those that ship with the program."""

import os
import pathlib

import gpt_trader
from gpt_trader.config.text import did_you_mean
from gpt_trader.errors import ConfigError

SUFFIXES = (".yaml", ".yml")


def find_shipped() -> pathlib.Path:
    """Return the folder of the profiles that ship: in the package, or beside it."""
    package = pathlib.Path(gpt_trader.__file__).parent
    inside = package / "profiles"
    return inside if inside.is_dir() else package.parent / "profiles"


def folders() -> list[pathlib.Path]:
    """Return the folders that are searched for a name, the first match winning."""
    return [pathlib.Path("profiles"), find_shipped()]


def profile_names() -> list[str]:
    """Return the names of all profiles that can be found."""
    files = [f for folder in folders() if folder.is_dir() for f in sorted(folder.iterdir())]
    return list(dict.fromkeys(f.stem for f in files if f.suffix in SUFFIXES))


def is_found(ref: str) -> bool:
    """Whether there is a profile of a name or path, well written or not."""
    try:
        find_profile(ref)
    except ConfigError:
        return False
    return True


def find_profile(ref: str, *, beside: pathlib.Path | None = None) -> pathlib.Path:
    """Return the file of a profile given by name or path.

    beside: the folder of the profile that extends it, which is searched first.
    Raises ConfigError, naming the nearest, if there is none.
    """
    if not is_named(ref):
        path = (beside or pathlib.Path()) / pathlib.Path(ref).expanduser()
        if not path.exists():
            raise ConfigError(f"no profile file {ref}", hint="check the path")
        return path
    for folder in [*([beside] if beside else []), *folders()]:
        for suffix in SUFFIXES:
            path = folder / f"{ref}{suffix}"
            if ref and path.is_file():
                return path
    raise ConfigError(f"no profile {ref!r}", hint=_hint(ref))


def is_named(ref: str) -> bool:
    """Whether a profile is given by its name, not by a path."""
    return os.sep not in ref and not ref.endswith(SUFFIXES)


def is_shipped(path: pathlib.Path) -> bool:
    """Whether a profile's file is one of those that ship."""
    return path.resolve().parent == find_shipped().resolve()


def find_covered(path: pathlib.Path) -> pathlib.Path | None:
    """Return the shipped profile that one of the same name stands before; None if there is none."""
    shipped = (find_shipped() / f"{path.stem}{suffix}" for suffix in SUFFIXES)
    return None if is_shipped(path) else next((one for one in shipped if one.is_file()), None)


def _hint(ref: str) -> str:
    names = profile_names()
    hint = did_you_mean(ref, names)
    return hint if hint.startswith("known") else f"{hint} known: {', '.join(names)}"
