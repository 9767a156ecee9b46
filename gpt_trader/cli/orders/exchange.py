"""Orders as the exchange tells them, as documents and tables."""

from pathlib import Path
from typing import Any

from gpt_trader.app import exchange_orders as told
from gpt_trader.app.orders import OrderRequest
from gpt_trader.cli import output
from gpt_trader.plain import plain


def preview(
    asked: OrderRequest, profile: str | None, state_dir: Path | None, *, json: bool
) -> None:
    """Show what an order would come to."""
    data = told.preview(asked, profile, state_dir)
    output.emit("orders preview", data, list(data["warnings"]), json=json)
    if not json:
        output.table(("preview", ""), [(key, plain(value)) for key, value in data.items()])
        print("would be refused" if data["errors"] else "would be taken")


def fills(
    profile: str | None, state_dir: Path | None, product: str | None, days: int, *, json: bool
) -> None:
    """List the account's fills, newest first."""
    found = told.fills(profile, state_dir, product, days)
    output.emit("orders fills", {"fills": found}, json=json)
    _table(("time", "product", "side", "size", "price", "fee", "liquidity"), found, json=json)


def history(
    profile: str | None, state_dir: Path | None, product: str | None, days: int, *, json: bool
) -> None:
    """List the account's orders, of everybody, newest first."""
    found = told.history(profile, state_dir, product, days)
    output.emit("orders history", {"orders": found}, json=json)
    _table(
        ("time", "product", "side", "type", "size", "price", "filled", "status"), found, json=json
    )


def show(order_id: str, profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show one order: what the journal knows and, with an account, what the exchange says."""
    data = told.look_up(order_id, profile, state_dir)
    output.emit("orders show", data, json=json)
    if not json:
        for name in ("journal", "exchange"):
            rows = [] if data[name] is None else list(data[name].items())
            output.table((name, ""), [(key, plain(value)) for key, value in rows])
        _table(("time", "size", "price", "fee", "liquidity"), data["fills"], json=json)


def _table(columns: tuple[str, ...], rows: list[dict[str, Any]], *, json: bool) -> None:
    if json:
        return
    cells = [["-" if row[name] is None else plain(row[name]) for name in columns] for row in rows]
    output.table(columns, cells)
    if not rows:
        print("none")
