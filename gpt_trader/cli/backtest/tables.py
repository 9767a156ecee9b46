"""Tables of where a backtest's money came from, as `-v` prints them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gpt_trader.cli.numbers import format_signed, grid, number, percent

DAYS = 10  # characters of a date
Document = Mapping[str, Any]


def breakdown(tables: Document, places: int) -> Iterator[Any]:
    """Yield tables by product, exit reason and month, and the deepest drawdowns.

    tables: `breakdown` of the result's document; a table without rows is left out. places: decimals
    of money.
    """
    if tables["products"]:
        yield _groups("by product", tables["products"], places)
    if tables["exit_reasons"]:
        yield _groups("by exit reason", tables["exit_reasons"], places)
    if tables["months"]:
        yield grid(
            ("by month", "return", "trades ended", "their net"),
            [
                (
                    m["begin"][:7],
                    percent(m["return_pct"]),
                    f"{m['trades']:,}",
                    format_signed(m["pnl"], places=places),
                )
                for m in tables["months"]
            ],
        )
    if tables["drawdowns"]:
        yield grid(
            ("deepest drawdowns", "depth", "days", "trough", "over"),
            [
                (
                    fall["start"][:DAYS],
                    percent(fall["depth_pct"]),
                    f"{fall['days']:,.1f}",
                    fall["trough"][:DAYS],
                    "not yet" if fall["end"] is None else fall["end"][:DAYS],
                )
                for fall in tables["drawdowns"]
            ],
        )


def _groups(title: str, rows: Sequence[Document], places: int) -> Any:  # noqa: ANN401
    return grid(
        (title, "trades", "net", "fees", "won", "profit factor"),
        [
            (
                row["name"],
                f"{row['trades']:,}",
                format_signed(row["pnl"], places=places),
                format_signed(row["fees"], -1, places),
                percent(row["win_rate_pct"]),
                number(row["profit_factor"]),
            )
            for row in rows
        ],
    )
