"""What other programs call the columns of a bar.

Only names that leave no doubt are known here. A volume is in base units unless a file's other
columns show whose it is: tables with an adjusted close, dividends and splits, or a market
capitalization state it in the quote currency.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gpt_trader.data.increments import LEAST_ORDERS
from gpt_trader.errors import DataError

REQUIRED = ("time", "open", "high", "low", "close", "volume")
OPTIONAL = ("funding_rate", "half_spread_bps", "bid", "ask")
PRICES = ("open", "high", "low", "close")
TIMES = (  # the first that a file has: a number before a text, the open before the close
    "time", "unix", "unix timestamp", "open time", "opentime", "timeopen", "timestamp",
    "datetime", "date time", "gmt time", "date", "start",
)  # fmt: skip
ENDS = ("close time", "closetime", "time close", "timeclose", "end", "end time")  # no bar's open
CLOSES = ("close/last",)
VOLUMES = ("volume", "vol", "vol.", "base volume", "basevolume", "volumefrom")
IN_QUOTE = ("adj close", "dividends", "stock splits", "marketcap", "market cap")
NO_BASE = {*LEAST_ORDERS, "BUSD", "TUSD", "FDUSD", "CURRENCY", "QUOTE", "TO"} - {"BTC"}  # volume of
BINANCE = (
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count",
    "taker_buy_volume", "taker_buy_quote_volume", "ignore",
)  # fmt: skip
HEADERLESS = {  # by the number of columns
    6: REQUIRED,
    7: (*REQUIRED, "trades"),  # Kraken
    len(BINANCE): BINANCE,
}
HINT = (
    f"columns are {','.join(REQUIRED)} and optionally {','.join(OPTIONAL)}; "
    f"also read as time: {', '.join(TIMES[1:])}"
)


class Header(NamedTuple):
    """columns: a file's names by ours. in_quote: whether its volume is in the quote currency."""

    columns: dict[str, str]
    in_quote: bool

    @property
    def renamed(self) -> str | None:
        """What is read under another name than the file's, None if nothing is."""
        other = [f"{k} from {v!r}" for k, v in self.columns.items() if k != v.strip().lower()]
        return ", ".join(other) or None


def read_header(names: Sequence[str], where: str, base: str | None) -> Header:
    """Return which of a file's columns are which of ours; the others are ignored.

    where: the file, for words. base: the currency that its product's sizes are in, if known.
    Raises DataError if one is missing, twice there, or not told from another.
    """
    found: dict[str, str] = {}
    for name in names:
        plain = plain_name(name)
        if plain in found and (plain in PRICES or plain in (*TIMES, *VOLUMES)):
            raise DataError(f"column {plain} appears twice in {where}")
        found.setdefault(plain, name)
    columns = {one: found[one] for one in (*PRICES, *map(plain_name, OPTIONAL)) if one in found}
    columns = {one.replace(" ", "_"): name for one, name in columns.items()}
    for one, others in (("time", TIMES), ("close", CLOSES)):
        named = next((found[name] for name in others if name in found), None)
        if named is not None and one not in columns:
            columns[one] = named
    volume = _volume(found, where, base)
    if volume is not None:
        columns["volume"] = volume
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        has = ", ".join(repr(name) for name in names[:12])
        raise DataError(f"{where} lacks the columns {', '.join(missing)}; it has {has}", hint=HINT)
    ordered = {name: columns[name] for name in (*REQUIRED, *OPTIONAL) if name in columns}
    return Header(ordered, in_quote=any(name in found for name in IN_QUOTE))


def headerless(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return the names of a file's columns if its first line is a row of numbers, else None."""
    if not re.fullmatch(r"\d{9,19}(\.\d+)?", cells[0].strip()):
        return None
    return HEADERLESS.get(len(cells))


def _volume(found: dict[str, str], where: str, base: str | None) -> str | None:
    """Return the name of the column that holds the volume in base units."""
    for name in VOLUMES:
        if name in found:
            return found[name]
    of = {name: name.removeprefix("volume").strip(" ()").upper() for name in found if
          name.startswith("volume ")}  # fmt: skip
    own = [name for name, token in of.items() if token == base]
    own = own or [name for name, token in of.items() if token not in NO_BASE]
    if len(own) == 1:
        return found[own[0]]
    if of:
        names = " or ".join(repr(found[name]) for name in own or of)
        raise DataError(
            f"which column of {where} is the volume in base units, {names}?",
            hint="name the product, as in --product BTC-USD, or rename one to volume",
        )
    return None


def plain_name(name: str) -> str:
    """Return a column's name in small letters, without signs around it."""
    words = re.sub(r"[\s_]+", " ", name.strip().strip("<>").lower())
    return re.sub(r" ?\(?utc\)?$", "", words)
