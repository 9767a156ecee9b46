"""`make notebooks`: run the notebooks of the documentation, and keep what their cells show."""

import os
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tests.notebooks.executed import execute, read

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"


def executed(path: Path) -> NotebookNode:
    """Return a notebook with what its cells show, its runs counted in a ledger of its own.

    Raises CellExecutionError where a cell fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_TRADER_STATE_DIR"] = folder  # the kernel takes it over
        notebook = execute(read(path), Path(folder))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran: another one at each run
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> None:
    """Run every notebook in place."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(executed(path), path)
        print(f"notebooks: {path.name} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
