"""Notebooks executed as a user executes them: in a kernel of their own, cell by cell."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

CELL_S = 300  # a machine under load; a cell takes a second or two


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in a folder; return the notebook with its outputs.

    Raises CellExecutionError where a cell fails.
    """
    client = NotebookClient(
        notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    executed: NotebookNode = client.execute()
    return executed


def read(path: Path) -> NotebookNode:
    """Return a notebook from a file, without the outputs that it was saved with."""
    found: NotebookNode = nbformat.read(path, as_version=4)
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return found


def of_cells(sources: Iterable[str]) -> NotebookNode:
    """Return a notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    found: NotebookNode = nbformat.v4.new_notebook(cells=cells)
    return found


def shown(cell: NotebookNode) -> Mapping[str, Any]:
    """Return what a cell shows as its value, by MIME type; nothing if it has none."""
    values = [one.data for one in cell.outputs if one.output_type == "execute_result"]
    return values[-1] if values else {}


def said(notebook: NotebookNode, stream: str) -> str:
    """Return all that was written to "stdout" or "stderr"."""
    return "".join(
        one.text
        for cell in notebook.cells
        for one in cell.get("outputs", [])
        if one.output_type == "stream" and one.name == stream
    )
