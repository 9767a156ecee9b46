"""The console entry `gpt-trader`: finds a command, runs it, and turns every error into words.

What commands there are stands in `commands`; each is imported only when it runs. Errors become
words and exit codes here and nowhere else.

The global flags `-q`, `-v`, `--debug` may stand anywhere on the command line; commands do not
declare them. This file imports nothing slow: `--version` answers without the parser.
"""

import atexit
import contextlib
import errno
import os
import pathlib
import sys
import threading
from collections.abc import Mapping, Sequence

from gpt_trader.cli.commands import GLOBAL_FLAGS, INTERRUPTED, PROGRAM, version
from gpt_trader.cli.plain_text import fall_back

VERSION = (["--version"], ["-V"])  # answered without importing the parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; the process's own (None) ends the process."""
    code = _main(list(sys.argv[1:] if argv is None else argv))
    if argv is None:
        with contextlib.suppress(OSError, ValueError):  # a full disk, or a stream is closed
            sys.stdout.flush()
            os.dup2(2, 1)  # all is said: what others print as the process ends is no data
        _end_at_once(code)
    return code


def _end_at_once(code: int) -> None:
    """End the process as Python does, but for what libraries do after that.

    Arrow's reader of CSV leaves a thread of its own behind; under load the process was seen to
    abort (134) while that was torn down, with everything done and written. Where other threads of
    ours still run, nothing is done here.
    """
    if "pyarrow" not in sys.modules or threading.active_count() > 1:
        return
    atexit._run_exitfuncs()  # noqa: SLF001 - what Python itself does here
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # said by `_main`, or closed
            stream.flush()
    os._exit(code)


def _main(args: list[str]) -> int:
    _open_closed_streams()
    fall_back()
    _leave_a_deleted_folder()
    try:
        code = _run(hoist(args) or ["--help"]) if args not in VERSION else _say_version()
        sys.stdout.flush()
    except KeyboardInterrupt:  # before the command itself, while modules load
        return _say_interrupted(args)
    except OSError as error:
        # Nobody reads stdout any more (as after `head`), or it is a full disk. What is still
        # buffered goes nowhere, so that the interpreter does not fail on it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EIO:
            print("error: the terminal is closed", file=sys.stderr)
        elif not isinstance(error, BrokenPipeError):
            print(f"error: cannot write to stdout: {error.strerror}", file=sys.stderr)
            print("hint: free some space, or send the output elsewhere", file=sys.stderr)
        return 1
    return code


def _is_of_stream(error: Exception) -> bool:
    """Whether stdout takes nothing: the disk is full, or the terminal is closed."""
    if not isinstance(error, OSError) or error.filename:
        return False
    return error.errno in (errno.ENOSPC, errno.EIO)


def _say_interrupted(args: list[str]) -> int:
    with contextlib.suppress(KeyboardInterrupt):  # whoever asks again wants no words
        from gpt_trader.cli import failure
        from gpt_trader.cli.group import ENDED
        from gpt_trader.errors import Interrupted

        return failure.report(failure.describe(Interrupted(ENDED), args), args)
    return INTERRUPTED


def _say_version() -> int:
    print(f"{PROGRAM} {version()}")
    return 0


def _open_closed_streams() -> None:
    """Let a command that was started without stdout or stderr (`>&-`) speak to nobody."""
    for name in ("stdout", "stderr"):
        if vars(sys)[name] is None:
            setattr(sys, name, pathlib.Path(os.devnull).open("w"))  # noqa: SIM115 - until exit


def _leave_a_deleted_folder() -> None:
    """Go on from the root where the current folder was deleted: `kill` needs no folder."""
    try:
        pathlib.Path.cwd()
    except FileNotFoundError:
        os.chdir(os.sep)
        print("warning: the current folder is deleted: names are looked for in /", file=sys.stderr)


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
    except BrokenPipeError:
        raise
    except SystemExit as error:
        if not failure.is_of_strategy(error):
            raise
        return failure.report(failure.describe(error, args), args)
    except Exception as error:
        if _is_of_stream(error):
            raise  # stdout: where the program opens a file itself, it raises StorageError
        if wants_traceback(args, os.environ) and not isinstance(error, TraderError):
            raise
        return failure.report(failure.describe(error, args), args)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    raise SystemExit(main())
