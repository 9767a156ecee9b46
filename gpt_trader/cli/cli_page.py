"""The page docs/cli.md, written from the commands' own help.

`python -m gpt_trader.cli.cli_page > docs/cli.md` writes it; a test holds it in step.
"""

import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from gpt_trader.cli.commands import COMMANDS, PROGRAM
from gpt_trader.cli.group import load, root

WIDTH = 88
_INTRO = f"""\
# The command line

<!-- Written by: python -m gpt_trader.cli.cli_page > docs/cli.md -->

stdout carries data, stderr everything else. `--json` on every command writes one document,
`{{"schema_version", "command", "ok", "data", "warnings", "error"}}`, whose `error` is null or
`{{"code", "message", "hint", "where"}}`; `run --json` writes a line a cycle and a last summary
line. Money, prices and sizes are text, ratios are numbers, what is undefined is null; times are
ISO-8601 UTC. `-q`, `-v` and `--debug` may stand anywhere. `NO_COLOR` is honored.

State lives under `--state-dir`, else `GPT_TRADER_STATE_DIR`, else the platform's user state
directory, in a folder a profile. A command that reads a session takes `--profile`, else
`GPT_TRADER_PROFILE`, else the only session there is; simulations that have ended count only for
what may add risk.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failure; `replay`: something came out otherwise |
| 2 | usage: a command, flag or value that cannot be |
| 3 | configuration |
| 4 | authentication or permission |
| 5 | exchange or network |
| 6 | refused by a guard, or halted (`run --once`: halted, or only a person can end a position) |
| 7 | data missing or bad |
| 8 | a validation gate was not passed |
| 9 | another instance holds the lock |
| 130 | interrupted; the state is saved |

`{PROGRAM} --install-completion` sets up completion for your shell.
"""


def render() -> str:
    """Return the page."""
    blocks = [_INTRO, _block(PROGRAM, root(), PROGRAM)]
    for name in COMMANDS:
        blocks += _sections(f"{PROGRAM} {name}", load(name))
    return "\n".join(blocks)


def _sections(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield a command's section, and those of its subcommands."""
    yield _block(path, command, path)
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _sections(f"{path} {name}", inner)


def _block(title: str, command: Any, path: str) -> str:  # noqa: ANN401
    context = typer.Context(
        command,
        info_name=path,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(render())
