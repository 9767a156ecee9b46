"""The installed command starts, and starts without loading what it does not need.

`--version` has 0.2 s and `--help` 0.4 s; a timed test would be flaky, so the modules that
cost that time are named instead.
"""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

COMMAND = Path(sysconfig.get_path("scripts")) / "gpt-trader"
HEAVY = {
    "apsw",
    "asyncio",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pydantic_settings",
    "requests",
    "ruamel",
    "scipy",
    "sqlite3",
}


def imported_by(*args: str) -> set[str]:
    """Top-level modules that the command imports, as Python itself reports them."""
    # Under coverage a process would import coverage too.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(COMMAND), *args],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=env,
    )
    names = re.findall(r"^import time:.*\|\s*(\S+)$", done.stderr, re.MULTILINE)
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["backtest", "--help"]])
def test_lesson_01_installed_command_starts_as_a_user_starts_it(args, tmp_path):
    done = subprocess.run(
        [str(COMMAND), *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr == ""


def test_version_is_the_packages():
    import gpt_trader

    done = subprocess.run([str(COMMAND), "--version"], capture_output=True, text=True, check=True)
    assert gpt_trader.__version__ in done.stdout


def test_version_imports_nothing_heavy():
    assert imported_by("--version") & (HEAVY | {"rich", "typer"}) == set()


def test_help_imports_nothing_heavy():
    assert imported_by("--help") & HEAVY == set()


def test_heavy_modules_would_be_seen():
    """The reading of -X importtime works: a module that is loaded is found."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import numpy"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"^import time:.*\|\s*numpy$", done.stderr, re.MULTILINE)
