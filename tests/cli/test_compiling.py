"""The first command of an installation says why it takes its time, the second does not."""

from pathlib import Path

import numba
import pytest
from numba.core import caching

from gpt_trader import kernel
from gpt_trader.backtest import compiling as library
from gpt_trader.cli.compiling import SIMULATOR, say_if_compiling
from gpt_trader.kernel import simulate

SAID = "compiling, once for this version: a minute or more\n"


@pytest.fixture(autouse=True)
def _cold(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "CACHE_DIR", tmp_path / "cache")
    monkeypatch.setattr(kernel, "HERE", tmp_path / "here" / "kernel")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    library.say_if_compiling.cache_clear()
    yield
    library.say_if_compiling.cache_clear()


def _by_numba(locator, tmp_path, monkeypatch):
    """The index file numba would write for the simulator of the installation at `here`."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "here" / "kernel" / "simulate.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.touch()
    function = simulate._run.py_func
    place = locator.from_function(function, str(source))
    name = simulate._run._cache._impl.filename_base
    return Path(place.get_cache_path()) / f"{name}.nbi"


@pytest.mark.parametrize(
    "locator",
    [caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator],
)
def test_it_is_said_until_the_file_is_where_numba_looks(locator, tmp_path, monkeypatch, capsys):
    kept = _by_numba(locator, tmp_path, monkeypatch)
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == SAID
    kept.touch()
    say_if_compiling(SIMULATOR)
    library.say_if_compiling()
    assert capsys.readouterr().err == ""


def test_what_another_installation_compiled_is_not_this_ones(tmp_path, monkeypatch, capsys):
    kept = _by_numba(caching.UserProvidedCacheLocator, tmp_path, monkeypatch)
    kept.touch()
    monkeypatch.setattr(kernel, "HERE", tmp_path / "there" / "kernel")
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == SAID


def test_interpreted_nothing_is_compiled(monkeypatch, capsys):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == ""


def test_the_library_says_it_once(capsys):
    library.say_if_compiling()
    library.say_if_compiling()
    assert capsys.readouterr() == ("", f"gpt-trader: {SAID}")
