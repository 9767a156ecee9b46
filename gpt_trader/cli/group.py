"""The root of the command line as typer sees it: commands are imported when they run."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gpt_trader.cli.commands import COMMANDS, PROGRAM, version
from gpt_trader.cli.output import set_verbosity
from gpt_trader.config.text import did_you_mean
from gpt_trader.errors import Interrupted, UsageError

ENDED = "interrupted: ended at once, before it was done"
PLAIN: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}


def load(name: str) -> Any:  # noqa: ANN401
    """Import a command's module and return its command or group.

    Raises KeyError on a name that is not in COMMANDS.
    """
    module_name, help_line = COMMANDS[name]
    module = importlib.import_module(module_name)
    if "app" in vars(module):
        command = typer.main.get_command(module.app)
    else:
        app = typer.Typer(add_completion=False, **PLAIN)
        app.command(name)(module.command)
        command = typer.main.get_command(app)
    command.name = name
    command.help = command.help or help_line
    return command


@contextmanager
def _told() -> Iterator[None]:
    """Make an error of Ctrl-C, of which typer would make an exit without a word."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(ENDED) from error


class LazyGroup(TyperGroup):
    """The table COMMANDS as a group: listing and completing names imports no command."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Import and return one command, None if there is none of that name."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:  # noqa: ANN401
        """Find the command that the arguments name.

        Raises UsageError, naming the nearest, if there is none.
        """
        if args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS)
            raise UsageError(f"no such command: {args[0]}", hint=hint)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Read the global flags, for which much is imported; raises Interrupted at Ctrl-C."""
        with _told():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command that the arguments name; raises Interrupted at Ctrl-C."""
        with _told():
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the help's list from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ANN401
        """Complete a command's name or a global flag."""
        from typer._click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names or super(TyperGroup, self).shell_complete(ctx, incomplete)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"{PROGRAM} {version()}")
        raise typer.Exit


def _globals(
    *,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", "-V", help="Show the version.", callback=_show_version),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say less on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
    debug: Annotated[  # noqa: ARG001
        bool, typer.Option("--debug", help="Show the traceback of an internal error.")
    ] = False,
) -> None:
    """Coinbase spot trading whose every decision explains itself."""
    set_verbosity(int(verbose) - int(quiet))


def root() -> Any:  # noqa: ANN401
    """Build the root command."""
    app = typer.Typer(
        cls=LazyGroup,
        callback=_globals,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="First: gpt-trader run --profile dev (a synthetic market; no account needed).",
        **PLAIN,
    )
    return typer.main.get_command(app)
