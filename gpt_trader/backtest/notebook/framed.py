"""A whole page inside of a notebook: in a frame of its own that reaches nothing around it."""

from dataclasses import dataclass, field
from pathlib import Path

from gpt_trader.backtest.files import check_writable, write_text
from gpt_trader.backtest.report.svg import tag
from gpt_trader.door import at_the_door
from gpt_trader.errors import UsageError
from gpt_trader.paths import path_given

HEIGHT_PX = 720


@dataclass(frozen=True, slots=True)
class FramedPage:
    """A page: shown by a notebook in a sandboxed frame, saved with `save`. html: the document."""

    title: str
    html: str = field(repr=False)
    height_px: int = HEIGHT_PX

    def _repr_html_(self) -> str:
        return tag(
            "iframe",
            srcdoc=self.html,
            sandbox="allow-scripts",  # its own only; it stays a stranger to the notebook
            title=self.title,
            loading="lazy",
            style=f"width:100%;height:{self.height_px}px;border:1px solid rgba(127,127,127,.4)",
        )

    @at_the_door
    def save(self, path: Path | str) -> Path:
        """Write the page; return where.

        Raises UsageError for a name that does not end with .html or where nothing can be written,
        StorageError where the disk refuses.
        """
        file = path_given("path", path)
        if file.suffix.lower() not in {".html", ".htm"}:
            raise UsageError(f"expected a file named *.html, was {file}")
        check_writable(file)
        write_text(file, self.html)
        return file
