"""The first command of an installation says why it takes its time, the second does not."""

from gpt_trader.cli.compiling import SIMULATOR, say_if_compiling


def test_it_is_said_until_the_cache_holds_the_function(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == "compiling, once for this version: a minute or more\n"
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "simulate._run-161.py312.nbi").touch()
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == ""


def test_interpreted_nothing_is_compiled(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    say_if_compiling(SIMULATOR)
    assert capsys.readouterr().err == ""
