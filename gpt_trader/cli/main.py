"""The console entry `gpt-trader`: finds a command, runs it, and turns every error into words.

A command is a module of this package, imported only when it runs. It exposes either
`command`, a function that typer turns into a command, or `app`, a `typer.Typer` with
subcommands; its line in COMMANDS is its name, its module and its help in one line.
A command takes `--json` itself (`output.Json`), writes its result with `output.emit`, raises
TraderError for what goes wrong and `typer.Exit(code)` for an exit code without an error.
It catches no error in order to print it: that happens here and nowhere else.

The global flags `-q`, `-v`, `--debug` may stand anywhere on the command line; commands do not
declare them. This file imports nothing slow: `--version` answers without the parser.
"""

import errno
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("gpt_trader.cli.run.run", "Trade a profile: bar by bar, each decision explained."),
    "backtest": (
        "gpt_trader.cli.backtest.backtest",
        "Try a strategy on history, with honest costs.",
    ),
    "optimize": (
        "gpt_trader.cli.optimize.optimize",
        "Search parameters, tested on days that no choice has seen.",
    ),
    "data": ("gpt_trader.cli.data.data", "Pull, import, check and keep market data."),
    "validate-config": (
        "gpt_trader.cli.validate_config",
        "Check a profile and show every value with its origin.",
    ),
    "status": ("gpt_trader.cli.status", "Show money at risk, positions, orders and halts."),
    "account": (
        "gpt_trader.cli.account.account",
        "Read the account at the exchange, hold it against the journal.",
    ),
    "orders": ("gpt_trader.cli.orders.orders", "Place a test order through the same checks."),
    "doctor": (
        "gpt_trader.cli.doctor",
        "Check what would keep a profile from trading.",
    ),
    "why": ("gpt_trader.cli.why", "Explain a decision: signal, threshold, guards, order, fill."),
    "replay": ("gpt_trader.cli.replay", "Decide a recorded session again and compare."),
    "kill": ("gpt_trader.cli.switches.kill", "Stop all entries at once, whatever the bot does."),
    "watchdog": ("gpt_trader.cli.switches.watchdog", "Cancel a bot's entries if it dies or hangs."),
    "pause": ("gpt_trader.cli.switches.pause", "Let a session only exit."),
    "resume": ("gpt_trader.cli.switches.resume", "Let a paused session enter again."),
    "rearm": ("gpt_trader.cli.switches.rearm", "Let a halted session trade again, on the record."),
    "journal": ("gpt_trader.cli.journal.journal", "Prove, copy and shorten a session's record."),
    "strategies": ("gpt_trader.cli.strategies", "List strategies with parameters and ranges."),
    "new-strategy": ("gpt_trader.cli.new_strategy", "Write a working strategy with its test."),
}
GLOBAL_FLAGS = frozenset({"-q", "--quiet", "-v", "--verbose", "--debug"})
PROGRAM = "gpt-trader"
VERSION = (["--version"], ["-V"])  # answered without importing the parser
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line (default: the process's own) and return its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    _open_closed_streams()
    try:
        code = _run(hoist(args) or ["--help"]) if args not in VERSION else _say_version()
        sys.stdout.flush()
    except KeyboardInterrupt:  # before or after the command itself, while modules load
        return INTERRUPTED
    except OSError as error:
        # Nobody reads stdout any more (as after `head`), or it is a full disk. What is still
        # buffered goes nowhere, so that the interpreter does not fail on it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"error: cannot write to stdout: {error.strerror}", file=sys.stderr)
            print("hint: free some space, or send the output elsewhere", file=sys.stderr)
        return 1
    return code


def _say_version() -> int:
    print(f"{PROGRAM} {version()}")
    return 0


def _open_closed_streams() -> None:
    """Let a command that was started without stdout or stderr (`>&-`) speak to nobody."""
    for name in ("stdout", "stderr"):
        if vars(sys)[name] is None:
            setattr(sys, name, pathlib.Path(os.devnull).open("w"))  # noqa: SIM115 - until exit


def version() -> str:
    """Return the installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("gpt-trader")
    except PackageNotFoundError:
        return "0 (not installed)"


def hoist(args: Sequence[str]) -> list[str]:
    """Move global flags to the front, so that they may stand after the command too."""
    end = args.index("--") if "--" in args else len(args)
    first = [arg for arg in args[:end] if arg in GLOBAL_FLAGS]
    return [*first, *(arg for arg in args[:end] if arg not in GLOBAL_FLAGS), *args[end:]]


def wants_traceback(args: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether an error may show its traceback."""
    return "--debug" in args or env.get("GPT_TRADER_DEBUG", "") not in ("", "0")


def _run(args: list[str]) -> int:
    """Run one command; the only place that turns errors into words and exit codes."""
    from gpt_trader.cli import failure
    from gpt_trader.cli.group import root
    from gpt_trader.errors import TraderError

    try:
        # Without standalone mode the code of `typer.Exit` is returned, and errors are raised.
        code = root().main(args, prog_name=PROGRAM, standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and not error.filename:
            raise  # stdout: where the program opens a file itself, it raises StorageError
        if wants_traceback(args, os.environ) and not isinstance(error, TraderError):
            raise
        return failure.report(failure.describe(error, args), args)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    raise SystemExit(main())
