"""Parquet files that say what they hold and tell when they are damaged.

A file's description is JSON in its metadata, beside the SHA-256 of that text; its pages carry
checksums. Both are verified by every read, so a changed byte is an error, never a wrong number.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gpt_trader.data.store.durable import replace_file
from gpt_trader.errors import DataError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

SCHEMA_VERSION = 1
KEY = b"gpt-trader"
SEAL = b"gpt-trader-sha256"
ENCODINGS = {"i": "DELTA_BINARY_PACKED", "f": "BYTE_STREAM_SPLIT", "O": "DELTA_BYTE_ARRAY"}


class Sealed(NamedTuple):
    """A file's rows and what it says of them."""

    table: "pa.Table"
    about: dict[str, Any]


class Opened(NamedTuple):
    """A file whose rows are not read yet: the names of its columns, what it says of them."""

    path: Path
    file: "parquet.ParquetFile"
    names: tuple[str, ...]
    about: dict[str, Any]


def write(path: Path, columns: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write a file in place of the one before: whole or not at all.

    columns: int64, float64, or text as an array of objects. Raises StorageError, also if what was
    written reads back as something else; the old file stays then.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    text = json.dumps({"schema_version": SCHEMA_VERSION, **about, "rows": _rows(columns)})
    arrays = {
        name: pa.array(column, pa.string() if column.dtype == object else None)
        for name, column in columns.items()
    }
    schema = pa.schema(
        [pa.field(name, array.type, nullable=False) for name, array in arrays.items()],
        metadata={KEY: text, SEAL: _seal(text.encode())},
    )
    sink, table = pa.BufferOutputStream(), pa.table(arrays, schema=schema)
    parquet.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=False,
        column_encoding={name: ENCODINGS[c.dtype.kind] for name, c in columns.items()},
        write_statistics=False,
        write_page_checksum=True,
    )
    content = sink.getvalue()
    if not parquet.ParquetFile(content).read(use_threads=False).equals(table):
        raise StorageError(f"{path}: what was written is not what was to be written")
    replace_file(path, content.to_pybytes())


def read(path: Path) -> Sealed:
    """Read a file, its pages verified; raises DataError, naming it, if it is damaged."""
    opened = open_file(path)
    return Sealed(rows(opened), opened.about)


def open_file(path: Path) -> Opened:
    """Open a file for `rows`, which then come from it even if it is replaced meanwhile.

    Raises DataError, naming it, if what it says of itself is damaged.
    """
    from pyarrow import parquet  # noqa: PLC0415

    with _name_file(path):
        file = parquet.ParquetFile(path, memory_map=True, page_checksum_verification=True)
        schema = file.schema_arrow
    return Opened(path, file, tuple(schema.names), _about(path, schema))


def rows(opened: Opened) -> "pa.Table":
    """Read the rows of an opened file, its pages verified, and close it; raises DataError."""
    with _name_file(opened.path), opened.file:
        table = opened.file.read(use_threads=False)
    if table.num_rows != opened.about["rows"]:
        raise corrupt(opened.path, f"{table.num_rows} rows instead of {opened.about['rows']}")
    return table


def read_about(path: Path) -> dict[str, Any]:
    """Read what a file says of itself, no rows; raises DataError if that is damaged."""
    from pyarrow import parquet  # noqa: PLC0415

    with _name_file(path):
        return _about(path, parquet.read_schema(path))


def corrupt(path: Path, why: str) -> DataError:
    """Return the error for a file of the store that cannot be believed."""
    folder = path.parent
    what = (
        f"{folder.name} --trades"
        if folder.parent.name == "trades"
        else f"{folder.parent.name} --interval {folder.name}"
    )
    return DataError(
        f"{path} is corrupt: {why}",
        hint=f"gpt-trader data repair {what}: sets it aside, fetches anew",
    )


@contextmanager
def _name_file(path: Path) -> Iterator[None]:
    import pyarrow as pa  # noqa: PLC0415

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise corrupt(path, str(error).partition("\n")[0]) from None


def _about(path: Path, schema: "pa.Schema") -> dict[str, Any]:
    metadata = schema.metadata or {}
    text = metadata.get(KEY)
    if text is None:
        raise corrupt(path, "not a file of this store")
    if metadata.get(SEAL) != _seal(text):
        raise corrupt(path, "its description was changed")
    about: dict[str, Any] = json.loads(text)
    if about["schema_version"] != SCHEMA_VERSION:
        raise corrupt(path, f"of version {about['schema_version']}, not {SCHEMA_VERSION}")
    return about


def _seal(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _rows(columns: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(columns.values())))
