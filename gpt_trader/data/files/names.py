"""What a file's name says of its bars: product and length, as other programs name files.

BTC-USD_1h.csv                    plain, also Yahoo's BTC-USD.csv
BTC_USD-1h.json                   freqtrade
BTCUSDT-1m-2024-01.zip            Binance
XBTUSD_60.csv                     Kraken, minutes
Coinbase_BTCUSD_1h.csv            CryptoDataDownload
COINBASE_BTCUSD, 60.csv           TradingView, minutes
"""

import re
from typing import NamedTuple

from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.increments import known_increments
from gpt_trader.domain.times import INTERVALS, MINUTE_MS

QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
KRAKEN = {"XBT": "BTC", "XDG": "DOGE"}
_ENDS = r"(?: \(\d+\))?\.[a-z.]+"
_PLAIN = re.compile(r"([A-Z0-9]+(?:-[A-Z0-9]+)+)[_.].*")
_FREQTRADE = re.compile(r"([A-Za-z0-9]+)_([A-Za-z0-9]+)-(\d+[mhd])\.(json|json\.gz|feather)")
_BINANCE = re.compile(r"([A-Z0-9]+)-(\d+[a-z]+)-\d{4}-\d{2}(-\d{2})?\.(csv|zip)")
_KRAKEN = re.compile(r"([A-Z0-9]+)_(\d+)" + _ENDS)
_DOWNLOAD = re.compile(r"[A-Za-z]+_([A-Z0-9]+)_(?:\d{4}_)?(1h|1hr|d|1d|minute|1min|\d+m)" + _ENDS)
_TRADING_VIEW = re.compile(r"[A-Z]+_([A-Z0-9]+), (\d+|1?D)(?:_[0-9a-z]+)?" + _ENDS)
_LENGTHS = {"1hr": "1h", "d": "1d", "D": "1d", "1D": "1d", "minute": "1m", "1min": "1m"}


class Name(NamedTuple):
    """product_id: None where it is not told. may_be: what a symbol that is not told could be.

    symbol: what the product was cut from, None where its parts stand apart.
    """

    product_id: str | None = None
    interval_ms: int | None = None
    symbol: str | None = None
    may_be: tuple[str, ...] = ()


def read_name(name: str) -> Name:
    """Return what a file's name says."""
    if match := _PLAIN.fullmatch(name):
        return Name(normalize_id(match[1]))
    if match := _FREQTRADE.fullmatch(name):
        return Name(normalize_id(f"{match[1]}-{match[2]}"), INTERVALS.get(match[3]))
    for pattern in (_BINANCE, _DOWNLOAD, _TRADING_VIEW, _KRAKEN):
        if match := pattern.fullmatch(name):
            return _cut(match[1], _length(match[2]))
    return Name()


def _length(text: str) -> int | None:
    """Return a length as INTERVALS or a number of minutes says it."""
    found = INTERVALS.get(_LENGTHS.get(text, text))
    if found is None and text.isdigit():
        found = int(text) * MINUTE_MS
    return found if found in INTERVALS.values() else None


def _cut(symbol: str, interval_ms: int | None) -> Name:
    found = pairs(symbol)
    if len(found) == 1:
        return Name(found[0], interval_ms, symbol)
    return Name(None, interval_ms, symbol, tuple(found))


def pairs(symbol: str) -> list[str]:
    """Return what a symbol can be cut into: SHIBUSD into SHIB-USD, and not into SHI-BUSD.

    A currency that is known makes a cut surer than one that is not.
    """
    known = {*QUOTES, *(product_id.split("-")[0] for product_id in known_increments())}
    cuts = []
    for quote in QUOTES:
        base = symbol.removesuffix(quote)
        if base not in {"", symbol}:
            cuts.append((KRAKEN.get(base, base), quote))
    sure = [cut for cut in cuts if cut[0] in known]
    return [f"{base}-{quote}" for base, quote in sure or cuts]
