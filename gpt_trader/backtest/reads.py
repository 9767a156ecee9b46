"""What code of a user reaches for while it is asked, told by Python as it happens.

Files are noted by their path, and what is no file (another program, a connection, the names in a
folder, a library) by a few words. Compiled code that opens files by itself raises no event.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import FrameType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from gpt_trader.backtest.installed import ROOT, is_installed, is_standard, package_of

# where strategies begin to be asked, or are imported anew, and what else reads around that: whoever
# called it is no strategy, though its file may be that of one
BEGINS = frozenset(
    str(ROOT / name)
    for name in (
        "backtest/anew.py",
        "backtest/counted.py",
        "backtest/descriptors.py",
        "backtest/warm.py",
        "observe/provenance.py",
        "optimize/counted.py",
    )
)
THREAD = "_thread.start_new_thread"
IMPORTS = "<frozen importlib"
METADATA = "/importlib/metadata/"  # looks through all folders of modules for what is installed
COMPILED = (".pyc", ".so")
CACHED, CACHING = (".nbi", ".nbc"), "numba/core/caching.py"
# of the system, what Python and libraries read by themselves, and nobody writes signals to
SYSTEM = frozenset({
    "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero", "/etc/localtime", "/etc/timezone",
    "/etc/ld.so.cache", "/proc/cpuinfo", "/proc/meminfo", "/proc/self/maps", "/proc/self/status",
    "/proc/self/cgroup", "/proc/self/stat",
})  # fmt: skip
SYSTEM_FOLDERS = ("/sys/devices/system/", "/sys/fs/cgroup/", "/usr/share/zoneinfo/")
WRITES_ONLY = os.O_WRONLY | os.O_TRUNC

# files read, and what else was reached for, by the file whose code did
Notes = tuple[dict[str, list[str]], dict[str, list[str]]]

_READ: dict[str, dict[str, None]] = {}  # files opened, by the file whose code asked for them
_TOUCHED: dict[str, dict[str, None]] = {}  # what else was, likewise
_STARTED: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()  # whose code did that
_WATCHING: list[None] = []  # one a caller that wants to know
_HOOKED: list[bool] = []  # an audit hook cannot be taken out again


@contextmanager
def watched_reads() -> Iterator[None]:
    """Note meanwhile what is reached for, and by whose code."""
    if not _HOOKED:
        _HOOKED.append(True)
        sys.addaudithook(_note)
    _WATCHING.append(None)
    try:
        yield
    finally:
        _WATCHING.pop()


def read_by(files: Iterable[Path]) -> list[Path]:
    """Return the files that were opened by the code of some files; they may be gone since."""
    return list(map(Path, _noted(_READ, files)))


def touched_by(files: Iterable[Path]) -> list[str]:
    """Return what else the code of some files reached for, a few words each."""
    return _noted(_TOUCHED, files)


def all_noted() -> Notes:
    """Return what has been noted, for `note_all` in another process."""
    return {k: [*v] for k, v in _READ.items()}, {k: [*v] for k, v in _TOUCHED.items()}


def note_all(notes: Notes) -> None:
    """Note what another process has noted."""
    for mine, theirs in zip((_READ, _TOUCHED), notes, strict=True):
        for asker, found in theirs.items():
            mine.setdefault(asker, {}).update(dict.fromkeys(found))


def _noted(notes: dict[str, dict[str, None]], files: Iterable[Path]) -> list[str]:
    return list(dict.fromkeys(one for file in files for one in tuple(notes.get(str(file), ()))))


def _note(event: str, args: tuple[Any, ...]) -> None:
    if not _WATCHING:
        return
    if event == "open":
        path, mode, flags = args
        if _may_read(mode, flags):
            _note_file(path, sys._getframe(1))  # noqa: SLF001 - the one that opens it
    elif event == "sqlite3.connect":
        _note_file(_of_sqlite(args[0]), sys._getframe(1))  # noqa: SLF001
    elif event in _SAID and (said := _SAID[event](*args)) is not None:
        frame = sys._getframe(1)  # noqa: SLF001
        asker = _asker(frame, importing=False, library=event != "ctypes.dlopen")
        begins = args[0] if event == THREAD else None
        thread = begins.__self__ if isinstance(begins, MethodType) else None
        if asker is not None and isinstance(thread, threading.Thread):
            _STARTED[thread] = asker
        elif asker is not None:
            _TOUCHED.setdefault(asker, {})[said] = None


def _note_file(path: object, frame: FrameType) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return
    file = os.path.normpath(Path(os.fsdecode(path)).absolute())
    if file in SYSTEM or file.startswith(SYSTEM_FOLDERS) or _is_compiled(file, frame):
        return
    home = package_of(Path(os.path.realpath(file)))
    for asker in _askers(frame):
        own = is_of_user(file) or (home is not None and home == package_of(Path(asker)))
        if not own or asker == file:
            continue
        if Path(file).is_file():
            _READ.setdefault(asker, {})[file] = None
        elif Path(file).exists() and not Path(file).is_dir():  # to read it again may wait for ever
            _TOUCHED.setdefault(asker, {})[f"the device {file}"] = None


def _is_compiled(file: str, frame: FrameType) -> bool:
    """Whether an import opens compiled code, or numba what it has compiled."""
    opener = frame.f_code.co_filename
    if file.endswith(COMPILED):
        return opener.startswith(IMPORTS)
    return file.endswith(CACHED) and opener.endswith(CACHING) and not is_of_user(opener)


def _askers(frame: FrameType) -> Iterator[str]:
    """Yield whose code asks: the innermost of a user, and each installed package's below it.

    A strategy may be installed, too.
    """
    asker = _asker(frame)
    inner: FrameType | None = frame
    while inner is not None and inner.f_code.co_filename not in BEGINS:
        file = os.path.realpath(inner.f_code.co_filename)
        if file == asker:
            break
        if package_of(Path(file)) is not None:
            yield file
        inner = inner.f_back
    if asker is not None:
        yield asker


def _may_read(mode: object, flags: object) -> bool:
    """Whether what is opened may be read: an append or an update may, a file made anew has none."""
    if isinstance(flags, int):
        return not flags & WRITES_ONLY
    return not (isinstance(mode, str) and set(mode) & set("wx"))


def _of_sqlite(database: object) -> object:
    if isinstance(database, str) and database.startswith("file:"):
        return database.removeprefix("file:").partition("?")[0]
    return database


def _say_program(program: object, *_: object) -> str:
    return f"the program {Path(_text(program)).name}"


def _say_command(command: object, *_: object) -> str:
    return f"the command {_text(command)}"


def _say_peer(_socket: object, address: object, *_: object) -> str:
    if isinstance(address, tuple):
        return "the connection to " + ":".join(map(str, address[:2]))
    return f"the connection to {_text(address)}"


def _say_url(url: object, *_: object) -> str:
    return f"the address {_text(url).partition('?')[0]}"


def _say_folder(path: object = None, *_: object) -> str | None:
    if isinstance(path, int):
        return "a folder's names"
    folder = Path("." if path is None else os.fsdecode(path)).absolute()  # type: ignore[arg-type]
    if f"{folder}/".startswith(SYSTEM_FOLDERS) or not is_of_user(str(folder)):
        return None
    return f"the folder {folder.name}"


def _say_mapped(file: object, *_: object) -> str | None:
    return None if file == -1 else "a file mapped into memory"


def _say_library(name: object, *_: object) -> str | None:
    return None if name is None else f"the library {Path(_text(name)).name}"


def _say_process(*_: object) -> str:
    return "another process"


def _say_thread(*_: object) -> str:
    return "a bare thread"


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, str | bytes | os.PathLike) else str(value)


_SAID: Mapping[str, Callable[..., str | None]] = {
    "subprocess.Popen": _say_program,
    "os.exec": _say_program,
    "os.posix_spawn": _say_program,
    "os.system": _say_command,
    "os.fork": _say_process,
    "os.forkpty": _say_process,
    "socket.connect": _say_peer,
    "socket.sendto": _say_peer,
    "urllib.Request": _say_url,
    "os.listdir": _say_folder,
    "os.scandir": _say_folder,
    "mmap.__new__": _say_mapped,
    "ctypes.dlopen": _say_library,
    THREAD: _say_thread,
}


def _asker(frame: FrameType | None, *, importing: bool = True, library: bool = True) -> str | None:
    """Return the file of the innermost code of a user; on a thread, of what had it started.

    importing, library: whether what an import does, or an installed package, is the user's doing.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file in BEGINS or (not importing and (file.startswith(IMPORTS) or METADATA in file)):
            return None
        if file[:1] not in {"<", ""}:
            if is_of_user(file):
                return os.path.realpath(file)
            if not library and not is_standard(Path(file).resolve()):
                return None
        frame = frame.f_back
    return _STARTED.get(threading.current_thread())


@lru_cache(maxsize=4096)
def is_of_user(file: str) -> bool:
    """Whether a file is neither Python's, nor of an installed package, nor this package's."""
    path = Path(file).resolve()
    return not (is_installed(path) or is_standard(path))
