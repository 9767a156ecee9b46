"""The console entry: every command, every kind of error, and what is not imported."""

import errno
import importlib.util
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import typer

from gpt_trader import errors
from gpt_trader.cli import main as cli
from gpt_trader.cli.commands import COMMANDS
from gpt_trader.cli.main import hoist, main
from tests.market_files import rows_of, walk, write_rows

ROOT = Path(__file__).parents[2]

# The least arguments that each command works with; {tmp} is a folder of the test's own.
MINIMAL = {
    "run": ["--profile", "dev", "--cycles", "2", "--state-dir", "{tmp}"],
    "backtest": ["--demo", "--strategy", "hold"],
    "optimize": ["--demo", "--strategy", "sma_cross", "--grid", "fast=5,10", "--set", "slow=20"],
    "assess": ["{tmp}/equity.csv"],
    "data": ["list", "--data-dir", "{tmp}"],
    "validate-config": ["--profile", "dev"],
    "status": ["--profile", "dev", "--state-dir", "{tmp}"],
    "account": ["balances", "--profile", "spot"],
    "orders": ["place", "--profile", "dev", "--state-dir", "{tmp}"],
    "doctor": ["--profile", "dev", "--state-dir", "{tmp}"],
    "why": ["BTC-USD", "--profile", "dev", "--state-dir", "{tmp}"],
    "replay": ["--profile", "dev", "--state-dir", "{tmp}"],
    "journal": ["verify", "--profile", "dev", "--state-dir", "{tmp}"],
    "kill": ["--profile", "dev", "--state-dir", "{tmp}"],
    "watchdog": ["--once", "--profile", "dev", "--state-dir", "{tmp}"],
    "pause": ["--by", "me", "--profile", "dev", "--state-dir", "{tmp}"],
    "resume": ["--by", "me", "--profile", "dev", "--state-dir", "{tmp}"],
    "rearm": ["--by", "me", "--reason", "a test", "--profile", "dev", "--state-dir", "{tmp}"],
    "strategies": [],
    "new-strategy": ["my_strategy", "--dir", "{tmp}"],
}
CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
ENVELOPE = {"schema_version", "command", "ok", "data", "warnings", "error"}


def exists(name):
    return importlib.util.find_spec(COMMANDS[name][0]) is not None


def started(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "gpt_trader.cli.main", *args],
        capture_output=True,
        text=True,
        check=False,
        **kwargs,
    )


@pytest.fixture
def boom(monkeypatch):
    """Add a command `boom` that raises what the test gives it."""

    def with_error(error):
        def command(json: bool = typer.Option(False, "--json")) -> None:
            """Fail."""
            raise error

        module = types.ModuleType("boom_module")
        module.command = command
        monkeypatch.setitem(sys.modules, "boom_module", module)
        monkeypatch.setitem(COMMANDS, "boom", ("boom_module", "Fail."))

    return with_error


def test_every_command_has_its_least_arguments_here():
    assert set(MINIMAL) == set(COMMANDS)


@pytest.mark.parametrize("extra", [[], ["--no-such-flag"]], ids=["minimal", "unknown-flag"])
@pytest.mark.parametrize("name", COMMANDS)
def test_lesson_23_json_stdout_parses(name, extra, tmp_path, capsys, monkeypatch):
    if not exists(name):
        pytest.skip(f"{name} is not there yet")
    monkeypatch.chdir(tmp_path)
    args = [a.replace("{tmp}", str(tmp_path)) for a in MINIMAL[name]]
    code = main([name, *args, *extra, "--json"])
    out, err = capsys.readouterr()
    assert code == 2 if extra else code in CODES
    assert "Traceback" not in err
    documents = [json.loads(line) for line in out.splitlines()]
    if name == "run":
        assert documents[-1]["type"] == "summary"
        return
    (document,) = documents
    assert set(document) == ENVELOPE
    assert document["command"].split()[0] == name
    assert document["ok"] is (code == 0)
    if code:
        assert set(document["error"]) == {"code", "message", "hint", "where"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    if not exists(name):
        pytest.skip(f"{name} is not there yet")
    assert main([name, "--help"]) == 0
    assert "--json" in capsys.readouterr().out or name in {"account", "data", "orders", "journal"}


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(args, capsys):
    assert main(args) == 0
    out = capsys.readouterr().out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in out
        assert line[:30] in out


@pytest.mark.parametrize(
    "args, words, hint",
    [
        (["validate-confg"], "no such command: validate-confg", "did you mean validate-config?"),
        (["--jsn"], "no such option: --jsn", "gpt-trader --help"),
        (["validate-config", "--jsn"], "no such option: --jsn", "did you mean --json"),
        (["validate-config", "-p"], "requires an argument", "validate-config --help"),
        (["validate-config", "extra"], "extra", "validate-config --help"),
        (["new-strategy"], "missing argument", "new-strategy --help"),
        (["strategies", "sma_cros"], "unknown strategy", "did you mean sma_cross?"),
    ],
)
def test_misuse_ends_with_2_one_line_and_a_hint(args, words, hint, capsys):
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert words in first.lower()
    assert hint in second


def test_misuse_with_json_is_an_envelope_on_stdout(capsys):
    assert main(["nonsense", "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["error"]["code"] == "USAGE"
    assert main(["strategies", "--bogus", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["command"] == "strategies"


def test_the_errors_of_run_are_a_summary_line(capsys):
    assert main(["run", "--bogus", "--json"]) in {1, 2}
    document = json.loads(capsys.readouterr().out)
    assert (document["type"], document["ok"]) == ("summary", False)


@pytest.mark.parametrize(
    "error, code, name",
    [
        (errors.UsageError("no"), 2, "USAGE"),
        (errors.ConfigError("no"), 3, "CONFIG"),
        (errors.AuthError("no"), 4, "AUTH"),
        (errors.RateLimited("no", retry_after_s=1.0), 5, "RATE_LIMITED"),
        (errors.HaltError("no"), 6, "HALTED"),
        (errors.GapError("no"), 7, "DATA_GAP"),
        (errors.ValidationGateError("no"), 8, "VALIDATION"),
        (errors.LockedError("no"), 9, "LOCKED"),
        (errors.StorageError("no"), 1, "STORAGE"),
        (MemoryError(), 1, "MEMORY"),
        (typer.Abort(), 1, "ABORTED"),
        (OSError(errno.ENOSPC, "No space left on device", "f"), 1, "FAILURE"),
        (ZeroDivisionError("secret\nsauce"), 1, "INTERNAL"),
    ],
)
def test_every_error_has_its_exit_code_and_no_traceback(error, code, name, boom, capsys):
    boom(error)
    assert main(["boom"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert sum(line.startswith("error: ") for line in err.splitlines()) == 1
    assert main(["boom", "--json"]) == code
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == name
    assert err == ""


def test_an_error_says_where_and_what_to_do(boom, capsys):
    boom(errors.DataError("expected high >= low", hint="fix the file", where="bars.csv:7:1"))
    assert main(["boom"]) == 7
    assert capsys.readouterr().err == (
        "error: bars.csv:7:1: expected high >= low\nhint: fix the file\n"
    )


def test_an_exit_code_without_an_error_is_handed_on(boom, capsys):
    boom(typer.Exit(6))
    assert main(["boom"]) == 6
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_ends_with_130(boom, capsys):
    boom(KeyboardInterrupt())
    assert main(["boom"]) == 130
    said = "interrupted: ended at once, before it was done"
    assert capsys.readouterr() == ("", f"error: {said}\n")
    assert main(["boom", "--json"]) == 130
    out, err = capsys.readouterr()
    assert (json.loads(out)["error"]["message"], err) == (said, "")


@pytest.mark.parametrize("where", ["root", "TyperGroup.make_context", "load"])
def test_an_interrupt_while_modules_load_is_said(monkeypatch, capsys, where):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"gpt_trader.cli.group.{where}", interrupt)
    assert main(["backtest", "--demo"]) == 130
    assert capsys.readouterr().err == "error: interrupted: ended at once, before it was done\n"


@pytest.mark.parametrize("where", ["flag", "environment"])
def test_debug_shows_the_traceback_of_an_internal_error(where, boom, monkeypatch):
    boom(ZeroDivisionError("x"))
    if where == "environment":
        monkeypatch.setenv("GPT_TRADER_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["boom", *(["--debug"] if where == "flag" else [])])


def test_debug_shows_no_traceback_of_a_named_error(boom, capsys):
    boom(errors.ConfigError("no"))
    assert main(["boom", "--debug"]) == 3
    assert capsys.readouterr().err == "error: no\n"


def test_global_flags_may_stand_anywhere():
    assert hoist(["x", "-q", "y", "--debug"]) == ["-q", "--debug", "x", "y"]
    assert hoist(["x", "--", "-q"]) == ["x", "--", "-q"]


def test_quiet_silences_notes_and_not_results(capsys):
    assert main(["validate-config", "-p", "spot", "-q"]) == 0
    assert "interval" in capsys.readouterr().out


def test_the_entry_imports_no_command_until_it_runs():
    code = (
        "import sys; from gpt_trader.cli.commands import COMMANDS\n"
        "from gpt_trader.cli.main import main; main(['--help'])\n"
        "heavy = {'numpy', 'numba', 'pydantic', 'ruamel', 'rich', 'pandas'}\n"
        "loaded = {m for m, _ in COMMANDS.values()} | heavy\n"
        "print('LOADED', sorted(loaded & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stdout


def test_version_answers_without_the_parser(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gpt-trader {cli.version()}\n"
    assert main(["-v", "--version"]) == 0
    assert capsys.readouterr().out == f"gpt-trader {cli.version()}\n"
    code = "import sys; from gpt_trader.cli.main import main; main(['--version'])\n"
    code += "print('typer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    "words, index, found", [("va", 1, "validate-config"), ("sta", 1, "status")]
)
def test_the_shell_completes_commands(words, index, found):
    env = os.environ | {
        "_GPT_TRADER_COMPLETE": "complete_bash",
        "COMP_WORDS": f"gpt-trader {words}",
        "COMP_CWORD": str(index),
    }
    assert started(env=env).stdout.split() == [found]


def test_completion_can_be_shown():
    # typer would ask which shell started us; under make that is sh, which has no completion
    env = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = started("--show-completion", "bash", env=env)
    assert done.returncode == 0
    assert "_GPT_TRADER_COMPLETE=complete_bash" in done.stdout


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "gpt_trader.cli.main", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 1


def test_a_terminal_that_is_closed_is_said_to_be():
    ours, theirs = os.openpty()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "gpt_trader.cli.main", "strategies"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (1, "error: the terminal is closed\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "args",
    [["--version"], ["--help"], ["strategies"], ["strategies", "hold", "--json"]],
)
def test_a_full_disk_is_one_line(args):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a file
        done = subprocess.run(
            [sys.executable, "-m", "gpt_trader.cli.main", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "error: cannot write to stdout: No space left on device"
    assert second.startswith("hint: ")
    assert "Traceback" not in done.stderr


def test_a_closed_stdout_is_no_error():
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m gpt_trader.cli.main --version >&-', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_deleted_current_folder_is_left(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    shell = f"cd {gone}; rmdir {gone}; exec {sys.executable} -m gpt_trader.cli.main data list"
    known = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}  # needs a folder
    where = {
        **known,
        "GPT_TRADER_DATA_DIR": str(tmp_path),
        "PYTHONPATH": f"{ROOT}:{os.environ['PYTHONPATH']}",
    }
    done = subprocess.run(
        ["sh", "-c", shell], capture_output=True, text=True, check=False, env=where
    )
    assert done.returncode == 0, done.stderr
    assert "warning: the current folder is deleted" in done.stderr
    assert "nothing is stored" in done.stdout


@pytest.mark.parametrize(
    "encoding, shown", [("ascii", "######"), ("latin-1", "######"), ("utf-8", "██████")]
)
def test_a_terminal_without_our_signs_is_shown_others(tmp_path, encoding, shown):
    file = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(6)))
    done = started("data", "check", str(file), env={**os.environ, "PYTHONIOENCODING": encoding},
                   encoding=encoding)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_no_thread_of_a_library_is_waited_for_at_the_end(tmp_path):
    """What C++ does after Python has ended cannot turn a finished command into an abort."""
    file = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(6)))
    code = """
import atexit, ctypes, os, sys
aborting = ctypes.CFUNCTYPE(None)(os.abort)
ctypes.CDLL(None)["__cxa_atexit"](aborting, None, None)
atexit.register(lambda: print("ended as Python does"))
from gpt_trader.cli.main import main
main()
"""
    args = ["data", "import", str(file), "--data-dir", str(tmp_path / "store")]
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.rstrip().endswith("ended as Python does")
