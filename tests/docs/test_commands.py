"""Every command that a page shows is executed, page by page, in order, in a copy.

In README.md and docs/ the blocks fenced as `console` are run as a reader would: a copy of the
checkout as working directory, a state folder of its own, the project's commands on PATH.
`gpt-trader` runs in this process (that the installed command starts is tests/test_import_time.py's
to prove), `make` and `printf` in a shell, and so does every block fenced as `python`, here.
Comments before a block change that:

    <!-- not-run: reason -->   the block is skipped
    <!-- exact -->             its output must be equal, not only its exit code
    <!-- worded -->            equal but for numbers, digests and where lines end
    <!-- exit: N -->           its last command ends with N

The pages in AT_THE_STAND_IN are run against the stand-in for the exchange, with a key to it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from runpy import run_path

import pytest

from tests.docs.markdown import ROOT, Block, Step, console_blocks, pages, python_blocks
from tests.emulator import serve
from tests.session_helpers import call

SCRIPTS = Path(sysconfig.get_path("scripts"))
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "tests", "build", "dist")
# Run by .ci/run itself, or they would run this test again: here it is enough that they exist.
ONLY_EXIST = {
    "demo",
    "test",
    "check",
    "coverage",
    "proofs",
    "bench",
    "lock",
    "simulate",
    "crashes",
    "soak",
}
TIMEOUT_S = 600
AT_THE_STAND_IN = {"live.md"}
LONG = {"README.md", "backtest.md", "optimize.md"}  # where the kernel is interpreted
Run = Callable[[Step], tuple[int, str, str]]


def documented() -> list[Path]:
    """The pages whose commands are run."""
    return [p for p in pages() if p.parent == ROOT / "docs" or p.name == "README.md"]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what a reader has in front of him, without the tests."""
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_COPIED))


@pytest.fixture
def environment(monkeypatch) -> None:
    """The project's commands first on PATH; `make` uses the virtual environment at hand."""
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("VENV", str(SCRIPTS.parent))
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def at_the_exchange(page: Path) -> Iterator[dict[str, str]]:
    """Give the variables with which a page's commands run."""
    if page.name not in AT_THE_STAND_IN:
        yield {}
        return
    with serve(now_ms=int(time.time() * 1000)) as exchange:
        exchange.books.transfer("USD", "1000")
        name, secret = exchange.new_key()
        yield {
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


def in_a_shell(command: str) -> tuple[int, str, str]:
    """Run one command in a shell, as it is written."""
    done = subprocess.run(
        ["bash", "-c", as_run(command)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def run(checkout, environment, monkeypatch, capsys):
    """Run a step in the checkout: the exit code, stdout, stderr."""
    monkeypatch.chdir(checkout)

    def run(step: Step) -> tuple[int, str, str]:
        words = shlex.split(step.command, comments=True)
        if words[0] != "gpt-trader":
            return in_a_shell(step.command)
        return call(capsys, *words[1:])

    return run


def words_of(text: str) -> list[str]:
    """What a text says without its numbers and digests."""
    told = re.sub(r"\b[0-9a-f]{12,16}\b", "#", text)
    return re.sub(r"[-+]?\d[\d,.]*", "#", told).split()


def run_block(block: Block, where: str, run: Run) -> None:
    """Run a block's commands one after another and hold them against what is printed."""
    steps = [s for s in block.steps if is_run(s)]
    for step in steps:
        code, out, err = run(step)
        wanted = block.exit_code if step is steps[-1] else 0
        place = f"{where}:{block.line}: $ {step.command}\n{out}{err}"
        assert code == wanted, f"exit {code}, not {wanted}: {place}"
        if block.exact:
            assert out.strip() == step.output.strip(), place
        if block.worded and step.output.strip():
            assert words_of(out) == words_of(step.output), place


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.compiled] if page.name in LONG else [])
        for page in documented()
    ],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_documented_commands_run(page, run, monkeypatch):
    blocks = console_blocks(page.read_text(encoding="utf-8"))
    with at_the_exchange(page) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for block in blocks:
            assert block.not_run != "", f"{page.name}:{block.line}: say why it is not run"
            if block.not_run is None:
                run_block(block, page.name, run)


@pytest.mark.parametrize("page", documented(), ids=lambda p: str(p.relative_to(ROOT)))
def test_documented_python_runs(page, checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    for block in python_blocks(page.read_text(encoding="utf-8")):
        assert block.not_run != "", f"{page.name}:{block.line}: say why it is not run"
        if block.not_run is None:
            script = checkout / f"{page.stem}_{block.line}.py"
            script.write_text(block.steps[0].command, encoding="utf-8")
            run_path(str(script), run_name="__main__")


def test_a_failing_command_fails(run):
    block = Block(1, (Step("gpt-trader no-such-command", ""),))
    with pytest.raises(AssertionError, match="exit 2, not 0"):
        run_block(block, "page", run)


def test_an_expected_exit_code_and_exact_output_hold(run):
    run_block(Block(1, (Step("gpt-trader no-such-command", ""),), exit_code=2), "page", run)
    wrong = Block(1, (Step("gpt-trader --version", "gpt-trader 99"),), exact=True)
    with pytest.raises(AssertionError):
        run_block(wrong, "page", run)
    run_block(replace(wrong, exact=False, worded=True), "page", run)
    other = replace(wrong, steps=(Step("gpt-trader --version", "trader 99"),), exact=False)
    with pytest.raises(AssertionError):
        run_block(replace(other, worded=True), "page", run)
