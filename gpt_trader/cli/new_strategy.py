"""`gpt-trader new-strategy NAME`: a working strategy file and its test, to start from."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gpt_trader.cli import output
from gpt_trader.cli.output import Json
from gpt_trader.errors import StorageError, UsageError

COMMAND = "new-strategy"


def command(
    name: Annotated[str, typer.Argument(help="Name in lower_case, such as my_trend.")],
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Folder for the files.")
    ] = Path(),
    market: Annotated[
        bool, typer.Option("--market", help="One that sees all products of its route at once.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a commented, working strategy and its test; nothing is overwritten."""
    from gpt_trader.strategy.template import render, render_market

    rendered = render_market(name) if market else render(name)
    files = {directory / file: text for file, text in rendered.items()}
    taken = [str(path) for path in files if path.exists()]
    if taken:
        raise UsageError(
            f"{' and '.join(taken)} exists already", hint="take another name, or --dir"
        )
    for path, text in files.items():
        _write(path, text)
    module = next(path for path in files if not path.name.startswith("test_"))
    named = shlex.quote(f"{module}:{_class_name(files[module])}")
    following = f"gpt-trader backtest --demo --strategy {named}"
    written = [str(path) for path in files]
    output.emit(COMMAND, {"files": written, "next": following}, json=json)
    if not json:
        print("\n".join(f"wrote {file}" for file in written))
        print(f"Next: {following}")


def _write(path: Path, text: str) -> None:
    """Write a new file. Raises StorageError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def _class_name(text: str) -> str:
    import ast

    return next(node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
