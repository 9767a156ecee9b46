"""A drawing that a notebook shows, on any background: its ink is the page's own.

It brings no style sheet: a notebook's other cells are not its to style. Every color but the ink is
a middle tone, which stands out on white and on black.
"""

from dataclasses import dataclass
from pathlib import Path

from gpt_trader.backtest.files import check_writable, write_text
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.door import at_the_door
from gpt_trader.errors import UsageError
from gpt_trader.paths import path_given

FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"
GAIN, LOSS = "#3f7be8", "#d2691e"
NAME = "margin-right:18px;white-space:nowrap"
WIDE_PX, LEAST_PX = 960, 480
HEAD_PX, KEYS_PX, FOOT_PX = 40, 18, 12
LEFT_PX, RIGHT_PX, TOP_PX = 60, 16, 12
PAPER = "color-scheme: light dark; color: light-dark(#17191e, #ece9e3);"
BACKGROUND = "light-dark(#ffffff, #1a1d22)"


@dataclass(frozen=True, slots=True)
class Key:
    """What a line in the drawing is: its name, its color, and its opacity."""

    text: str
    color: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing with its title: shown by a notebook, saved with `save`.

    body: SVG markup, `height_px` high; across it goes by percent of the width there is, unless it
    has a width of its own, `width_px`, scaled down where there is less. keys: names of its lines.
    """

    title: str
    keys: tuple[Key, ...]
    body: str
    height_px: float
    width_px: float | None = None

    def __repr__(self) -> str:
        return f"<Drawing: {self.title}>"

    def _repr_html_(self) -> str:
        title = tag("div", esc(self.title), style="font-weight:600;margin-bottom:4px")
        return tag("div", title, self.markup(), style=f"font:14px/1.5 {FONT};max-width:{WIDE_PX}px")

    def _repr_svg_(self) -> str:
        across = WIDE_PX - LEFT_PX - RIGHT_PX if self.width_px is None else self.width_px
        wide, head = max(LEFT_PX + across + RIGHT_PX, LEAST_PX), HEAD_PX + KEYS_PX * bool(self.keys)
        high = f"{head + self.height_px + FOOT_PX:g}"
        names = [
            tag("tspan", esc(f"— {key.text}"), fill=key.color, fill_opacity=key.opacity, dx=dx)
            for key, dx in zip(self.keys, (0, *[16] * len(self.keys)), strict=False)
        ]
        return tag(
            "svg",
            tag("rect", width="100%", height="100%", style=f"fill:{BACKGROUND}"),
            tag("text", esc(self.title), x=LEFT_PX, y=22, font_size=15, font_weight=600,
                fill="currentColor"),
            tag("text", *names, x=LEFT_PX, y=42, font_size=13),
            tag("svg", self.body, x=LEFT_PX, y=head, width=f"{across:g}",
                height=f"{self.height_px:g}", overflow="visible"),
            xmlns="http://www.w3.org/2000/svg", width=f"{wide:g}", height=high,
            viewBox=f"0 0 {wide:g} {high}", font_family=FONT,
            style=f"{PAPER} max-width:100%; height:auto;", role="img",
        )  # fmt: skip

    def markup(self) -> str:
        """Return it without its title, as HTML that styles nothing but itself."""
        size: dict[str, object] = {"width": "100%", "height": f"{self.height_px:g}"}
        style = "display:block;overflow:visible"
        if self.width_px is not None:  # as wide as it is, or as there is room for
            size = {"viewBox": f"0 0 {self.width_px:g} {self.height_px:g}"}
            style += f";width:100%;max-width:{self.width_px:g}px"
        drawn = tag("svg", self.body, **size, role="img", aria_label=self.title, style=style)
        room = f"margin:{TOP_PX}px {RIGHT_PX}px 0 {LEFT_PX}px"
        return self._legend() + tag("div", drawn, style=room)

    def _legend(self) -> str:
        names = [tag("span", _sample(key), esc(key.text), style=NAME) for key in self.keys]
        return tag("div", *names, style="font-size:13px;opacity:.85") if names else ""

    @at_the_door
    def save(self, path: Path | str) -> Path:
        """Write it as SVG, or as a page where the name ends with .html; return where.

        Raises UsageError for another name or where nothing can be written, StorageError.
        """
        file = path_given("path", path)
        kind = file.suffix.lower()
        if kind not in {".svg", ".html"}:
            raise UsageError(
                f"expected a file named *.svg or *.html, was {file}",
                hint=f'save("{file.with_suffix(".svg")}"): a browser makes a PNG of it',
            )
        check_writable(file)
        write_text(file, self._repr_svg_() if kind == ".svg" else self._page())
        return file

    def _page(self) -> str:
        title = esc(self.title)
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width,initial-scale=1"><title>{title}</title><body '
            f'style="{PAPER}background:{BACKGROUND};margin:24px">{self._repr_html_()}</body></html>'
        )


def _sample(key: Key) -> str:
    """A piece of the line."""
    return tag(
        "span",
        style="display:inline-block;width:20px;height:3px;margin-right:6px;vertical-align:middle;"
        f"background:{key.color};opacity:{key.opacity:g}",
    )
