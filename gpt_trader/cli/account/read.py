"""What `gpt-trader account` reads from the exchange, as documents and tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gpt_trader.app import account_facts as facts
from gpt_trader.app.account import reach_account
from gpt_trader.cli import output
from gpt_trader.plain import plain


def snapshot(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show everything at once."""
    reached = reach_account(profile, state_dir)
    data = facts.snapshot(reached)
    output.emit("account snapshot", data, json=json)
    if json:
        return
    _pairs("key", data["permissions"])
    _wallets(data["balances"], reached.quote)
    _pairs("fees", data["fees"])
    _rows(("product", "side", "type", "status", "client_order_id"), data["open_orders"], "orders")


def balances(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show each wallet."""
    reached = reach_account(profile, state_dir)
    found = facts.balances(reached)
    output.emit("account balances", {"balances": found, "quote": reached.quote}, json=json)
    if not json:
        _wallets(found, reached.quote)


def fees(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show the fee tier."""
    data = facts.fees(reach_account(profile, state_dir))
    output.emit("account fees", data, json=json)
    if not json:
        _pairs("fees", data)


def permissions(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show what the key may do."""
    data = facts.permissions(reach_account(profile, state_dir))
    warnings = ["this key can move money out: a bot needs no such key"]
    output.emit("account permissions", data, warnings if data["can_transfer"] else [], json=json)
    if not json:
        _pairs("key", data)


def portfolios(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """List the portfolios."""
    found = facts.portfolios(reach_account(profile, state_dir))
    output.emit("account portfolios", {"portfolios": found}, json=json)
    if not json:
        _rows(("name", "type", "uuid", "is_traded"), found, "portfolios")


def limits(profile: str | None, state_dir: Path | None, *, json: bool) -> None:
    """Show limits on requests and orders."""
    requests, products = facts.limits(reach_account(profile, state_dir))
    output.emit("account limits", {"requests": requests, "products": products}, json=json)
    if not json:
        _pairs("requests", requests)
        sizes = ("base_min_size", "quote_min_size", "base_increment")
        columns = ("product", *sizes, "modes", "closed")
        _rows(columns, products, "products")


def _wallets(found: Sequence[Mapping[str, Any]], quote: str) -> None:
    columns = ("currency", "total", "available", "hold", "worth")
    rows = [one for one in found if one["total"]]
    _rows(columns, rows, f"wallets, worth in {quote}")
    if len(rows) < len(found):
        print(f"{len(found) - len(rows)} empty wallets are not shown")


def _pairs(title: str, data: Mapping[str, Any]) -> None:
    output.table((title, ""), [(name, _cell(value)) for name, value in data.items()])


def _rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], title: str) -> None:
    if not rows:
        print(f"{title}: none")
        return
    output.table(columns, [[_cell(row[name]) for name in columns] for row in rows], title=title)


def _cell(value: object) -> str:
    shown = plain(value)
    if isinstance(shown, list):
        return ", ".join(map(str, shown)) or "-"
    if isinstance(shown, dict):
        return ", ".join(f"{key} {one}" for key, one in shown.items()) or "-"
    return "-" if shown is None else str(shown)
