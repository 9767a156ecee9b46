"""Write the generated pages of docs/: each from what it describes."""

from pathlib import Path

from gpt_trader.cli import cli_page
from gpt_trader.config import configuration_page as config_page
from gpt_trader.domain import order_life_page
from gpt_trader.risk import guards_page as guard_page
from gpt_trader.strategy import indicators_page as indicator_page
from gpt_trader.strategy import strategies_page as strategy_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {
    "cli.md": cli_page.render,
    "configuration.md": config_page.render,
    "guards.md": guard_page.render,
    "indicators.md": indicator_page.render,
    "order-life.md": order_life_page.render,
    "strategies.md": strategy_page.render,
}


def main() -> None:
    """Write each page; say which changed."""
    for name, render in PAGES.items():
        path, text = DOCS / name, render().rstrip("\n") + "\n"
        same = path.exists() and path.read_text(encoding="utf-8") == text
        if not same:
            path.write_text(text, encoding="utf-8")
        print(f"{'same   ' if same else 'written'} docs/{name}")


if __name__ == "__main__":
    main()
