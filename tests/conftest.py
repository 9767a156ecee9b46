"""What holds in every test: no network, no waiting, no user's state, the same examples."""

import gc
import os
import pwd
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from numba import config

from gpt_trader.backtest import anew
from gpt_trader.cli import output
from gpt_trader.measure import nulls
from tests.examples import TIMES
from tests.home import sitecustomize as home

ROOT = Path(__file__).resolve().parent.parent
OURS = (str(ROOT / "gpt_trader"), str(ROOT / "tests"))
LOOPBACK = ("127.", "::1", "localhost")
KEPT_ENV = {"GPT_TRADER_CACHE_DIR"}  # the compiled kernel stays warm between tests

# Any run draws the same examples, so that a failure is found again by running again.
# HYPOTHESIS_PROFILE=explore draws new ones, and more of them.
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "repeat",
    max_examples=50 * TIMES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=SLOW_IS_FINE,
)
settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's background job begins
    signal.signal(signal.SIGINT, signal.default_int_handler)

if config.DISABLE_JIT:  # a hundred times slower: coverage needs no more than a few nulls
    nulls.BUDGET_BARS = 60_000

gc.disable()  # while collecting: a third of that time went into sweeps that free nothing
_guard_is_on = [False]  # an audit hook cannot be taken out again, so it looks here
_real_sleep = time.sleep


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    """Fail on an address that is not this machine; paths (Unix sockets) are fine."""
    address = args[1] if event == "socket.connect" else args[:1]
    host = address[0] if isinstance(address, tuple) and address else None
    if isinstance(host, bytes):
        host = host.decode()
    if isinstance(host, str) and host and not host.startswith(LOOPBACK):
        pytest.fail(f"a test reached for the network: {event} {host}")


def _sleep(seconds: float) -> None:
    """Fail when our own code sleeps; the standard library may (subprocess waits that way)."""
    caller = sys._getframe(1).f_code.co_filename
    if seconds and caller.startswith(OURS):
        pytest.fail(f"a test slept, in {caller}: pass the time in, do not wait for it")
    _real_sleep(seconds)


def _audit(event: str, args: tuple[object, ...], guard: list[bool] = _guard_is_on) -> None:
    if guard[0] and event in {"socket.connect", "socket.getaddrinfo"}:
        _refuse_network(event, args)


sys.addaudithook(_audit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Switch the guard of the network on for the time of a test."""
    _guard_is_on[0] = True
    try:
        return (yield)
    finally:
        _guard_is_on[0] = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of the compiled kernel where it is not compiled."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") in {"", "0"}:
        return
    for item in items:
        if item.get_closest_marker("compiled"):
            item.add_marker(pytest.mark.skip(reason="NUMBA_DISABLE_JIT is set"))


def pytest_collection_finish() -> None:
    """Count what was imported and collected as there for good: no sweep looks at it again."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how to repeat this order; pytest-randomly's own line is not shown with -q."""
    seed = terminalreporter.config.getoption("randomly_seed", None)
    if isinstance(seed, int):
        terminalreporter.write_line(f"random order: repeat it with --randomly-seed={seed}")


@pytest.fixture(autouse=True)
def _own_imports() -> Iterator[None]:
    """Forget the folders beside a test's strategies: a command's process ends with them."""
    kept = list(sys.path)
    yield
    sys.path[:] = kept


def _move_state(folders: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> None:
    """Let what runs from now on, and what that starts, keep its state in folders of its own."""
    patch.setenv("GPT_TRADER_STATE_DIR", str(folders.mktemp("state")))
    patch.setenv(home.VARIABLE, str(folders.mktemp("home")))
    patch.setenv("XDG_DATA_HOME", str(folders.mktemp("anchors")))


@pytest.fixture(autouse=True, scope="session")
def _nobodys_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is made for more than one test out of the user's home, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GPT_TRADER_", "COINBASE_")) and name not in KEPT_ENV:
                patch.delenv(name)
        patch.setenv("PYTHONPATH", str(Path(home.__file__).parent), prepend=os.pathsep)
        patch.setattr(pwd, "getpwuid", home.move_home)
        _move_state(tmp_path_factory, patch)
        yield


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a test and the commands it starts a state folder of its own."""
    _move_state(tmp_path_factory, monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(time, "sleep", _sleep)
    output.set_verbosity(0)  # a command that ran in this process may have left it quiet
    for name in ("FORCE_COLOR", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _fork_whatever_another_test_had_started(monkeypatch):
    """Have strategies asked in a fork though a test before this one used polars."""
    monkeypatch.setattr(anew, "is_pool_up", lambda: False)
    monkeypatch.setattr(anew, "STOOD_STILL", threading.Event())
