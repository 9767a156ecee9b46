"""The first command of an installation says why it takes its time, the second does not."""

import pytest

from gpt_trader import kernel
from gpt_trader.backtest import compiling as library
from gpt_trader.cli.compiling import SIMULATOR, say_if_compiling

SAID = "compiling, once for this version: a minute or more\n"


@pytest.fixture(autouse=True)
def _cold(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "CACHE_DIR", tmp_path / "cache")
    monkeypatch.setattr(kernel, "HERE", tmp_path / "beside")
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    library.say_if_compiling.cache_clear()
    yield
    library.say_if_compiling.cache_clear()


@pytest.mark.parametrize("folder", ["cache", "beside"])
def test_it_is_said_until_a_folder_holds_the_function(folder, tmp_path, capsys):
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == SAID
    (tmp_path / folder / "kernel").mkdir(parents=True)
    (tmp_path / folder / "kernel" / "simulate._run-161.py312.nbi").touch()
    say_if_compiling(SIMULATOR)
    library.say_if_compiling()
    assert capsys.readouterr().err == ""


def test_interpreted_nothing_is_compiled(monkeypatch, capsys):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == ""


def test_the_library_says_it_once(capsys):
    library.say_if_compiling()
    library.say_if_compiling()
    assert capsys.readouterr() == ("", f"gpt-trader: {SAID}")
