"""Write what is generated, the pages of docs/ and a stub: each from what it describes."""

from pathlib import Path

from gpt_trader.cli import cli_page
from gpt_trader.config import configuration_page as config_page
from gpt_trader.domain import order_life_page
from gpt_trader.indicators import stub as indicators_stub
from gpt_trader.risk import guards_page as guard_page
from gpt_trader.strategy import indicators_page as indicator_page
from gpt_trader.strategy import strategies_page as strategy_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "docs/cli.md": cli_page.render,
    "docs/configuration.md": config_page.render,
    "docs/guards.md": guard_page.render,
    "docs/indicators.md": indicator_page.render,
    "docs/order-life.md": order_life_page.render,
    "docs/strategies.md": strategy_page.render,
    "gpt_trader/indicators/__init__.pyi": indicators_stub.render,
}


def main() -> None:
    """Write each file; say which changed."""
    for name, render in PAGES.items():
        path, text = ROOT / name, render().rstrip("\n") + "\n"
        same = path.exists() and path.read_text(encoding="utf-8") == text
        if not same:
            path.write_text(text, encoding="utf-8")
        print(f"{'same   ' if same else 'written'} {name}")


if __name__ == "__main__":
    main()
