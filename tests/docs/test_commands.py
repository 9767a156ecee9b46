"""Every command that a page shows is executed, page by page, in order, in a copy.

In README.md and docs/ the blocks fenced as `console` are run as a reader would: a copy of the
checkout as working directory, a state folder of its own, the project's commands on PATH.
`gpt-trader`, `make` and `printf` are run, and every block fenced as `python`. Comments before
a block change that:

    <!-- not-run: reason -->   the block is skipped
    <!-- exact -->             its output must be equal, not only its exit code
    <!-- exit: N -->           its last command ends with N

The pages in AT_THE_STAND_IN are run against the stand-in for the exchange, with a key to it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, Block, Step, console_blocks, pages, python_blocks
from tests.emulator import serve

SCRIPTS = Path(sysconfig.get_path("scripts"))
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "tests", "build", "dist")
# Run by .ci/run itself, or they would run this test again: here it is enough that they exist.
ONLY_EXIST = {"demo", "test", "check", "coverage", "bench", "lock", "simulate", "crashes", "soak"}
TIMEOUT_S = 120
AT_THE_STAND_IN = {"live.md"}


def documented() -> list[Path]:
    """The pages whose commands are run."""
    return [p for p in pages() if p.parent == ROOT / "docs" or p.name == "README.md"]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what a reader has in front of him, without the tests."""
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_COPIED))


@pytest.fixture
def environment(monkeypatch):
    """The project's commands first on PATH; `make` uses the virtual environment at hand."""
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("VENV", str(SCRIPTS.parent))
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)
    return dict(os.environ)


@contextmanager
def at_the_exchange(page: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give the environment in which a page's commands run."""
    if page.name not in AT_THE_STAND_IN:
        yield environment
        return
    with serve(now_ms=int(time.time() * 1000)) as exchange:
        exchange.books.transfer("USD", "1000")
        name, secret = exchange.new_key()
        yield environment | {
            "GPT_TRADER_COINBASE__REST_URL": exchange.rest_url,
            "GPT_TRADER_COINBASE__WS_URL": exchange.ws_url,
            "COINBASE_API_KEY": name,
            "COINBASE_API_SECRET": secret,
        }


def is_run(step: Step) -> bool:
    """Whether a command is ours to run."""
    return step.command.split()[0] in {"gpt-trader", "make", "printf"}


def as_run(command: str) -> str:
    """The command to run for the one that is shown; `make` takes the set-up as done."""
    words = command.split()
    if words[0] != "make":
        return command
    dry = "-n " if ONLY_EXIST & set(words) else ""
    return command.replace("make", f"make {dry}-o setup", 1)


def run(step: Step, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command in a shell, as it is written."""
    return subprocess.run(
        ["bash", "-c", as_run(step.command)],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def run_block(block: Block, where: str, cwd: Path, env: dict[str, str]) -> None:
    """Run a block's commands one after another and hold them against what is printed."""
    steps = [s for s in block.steps if is_run(s)]
    for step in steps:
        done = run(step, cwd, env)
        wanted = block.exit_code if step is steps[-1] else 0
        place = f"{where}:{block.line}: $ {step.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == wanted, f"exit {done.returncode}, not {wanted}: {place}"
        if block.exact:
            assert done.stdout.strip() == step.output.strip(), place


@pytest.mark.parametrize("page", documented(), ids=lambda p: str(p.relative_to(ROOT)))
def test_documented_commands_run(page, checkout, environment):
    blocks = console_blocks(page.read_text(encoding="utf-8"))
    with at_the_exchange(page, environment) as around:
        for block in blocks:
            assert block.not_run != "", f"{page.name}:{block.line}: say why it is not run"
            if block.not_run is None:
                run_block(block, page.name, checkout, around)


@pytest.mark.parametrize("page", documented(), ids=lambda p: str(p.relative_to(ROOT)))
def test_documented_python_runs(page, checkout):
    for block in python_blocks(page.read_text(encoding="utf-8")):
        assert block.not_run != "", f"{page.name}:{block.line}: say why it is not run"
        if block.not_run is None:
            code = block.steps[0].command  # -P: the package at hand, which is compiled already
            done = subprocess.run(
                [sys.executable, "-P", "-c", code], cwd=checkout, capture_output=True, text=True,
                check=False, timeout=TIMEOUT_S,
            )  # fmt: skip
            assert done.returncode == 0, f"{page.name}:{block.line}: {done.stderr}"


def test_a_failing_command_fails(checkout, environment):
    block = Block(1, (Step("gpt-trader no-such-command", ""),))
    with pytest.raises(AssertionError, match="exit 2, not 0"):
        run_block(block, "page", checkout, environment)


def test_an_expected_exit_code_and_exact_output_hold(checkout, environment):
    run_block(
        Block(1, (Step("gpt-trader no-such-command", ""),), exit_code=2),
        "page",
        checkout,
        environment,
    )
    wrong = Block(1, (Step("gpt-trader --version", "gpt-trader 99"),), exact=True)
    with pytest.raises(AssertionError):
        run_block(wrong, "page", checkout, environment)
