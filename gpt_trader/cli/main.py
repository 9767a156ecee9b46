"""The console entry `gpt-trader`: finds a command, runs it, and turns every error into words.

What commands there are stands in `commands`; each is imported only when it runs. Errors become
words and exit codes here and nowhere else.

The global flags `-q`, `-v`, `--debug` may stand anywhere on the command line; commands do not
declare them. This file imports nothing slow: `--version` answers without the parser.
"""

import errno
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence

from gpt_trader.cli.commands import GLOBAL_FLAGS, INTERRUPTED, PROGRAM, version

VERSION = (["--version"], ["-V"])  # answered without importing the parser


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
