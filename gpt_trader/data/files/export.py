"""Bars as files that `--data` reads back, bit for bit."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np

from gpt_trader.data.store.durable import replace_file
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_time
from gpt_trader.errors import UsageError
from gpt_trader.kernel.rounding import BPS
from gpt_trader.kernel.slippage import NO_QUOTE

EXTENSIONS = (".csv", ".csv.gz", ".parquet")


def write_file(path: Path, bars: Bars) -> None:
    """Write bars as CSV, CSV.gz or Parquet, by the file's name.

    Raises UsageError on another name, StorageError if it cannot be written.
    """
    name = path.name.lower()
    if not name.endswith(EXTENSIONS):
        raise UsageError(f"expected a file named *{', *'.join(EXTENSIONS)}, was {path}")
    if name.endswith(".parquet"):
        content = _parquet(bars)
    else:
        text = _csv(bars).encode()
        content = gzip.compress(text, mtime=0) if name.endswith(".gz") else text
    replace_file(path.absolute(), content)


def _csv(bars: Bars) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    header = ["time", "open", "high", "low", "close", "volume"]
    funding, spreads = bars.funding_rate.any(), bars.half_spread_e8
    header += ["funding_rate"] if funding else []
    header += ["half_spread_bps"] if spreads is not None else []
    writer.writerow(header)
    for i in range(len(bars)):
        bar = bars.bar(i)
        row = [format_time(bar.open_ms)]
        row += [f"{bars.product.price(t):f}" for t in (bar.open, bar.high, bar.low, bar.close)]
        row.append(repr(bar.volume))
        row += [repr(bar.funding_rate)] if funding else []
        if spreads is not None:
            quoted = bar.half_spread_e8
            row.append("" if quoted == NO_QUOTE else repr(quoted / BPS))
        writer.writerow(row)
    return out.getvalue()


def _parquet(bars: Bars) -> bytes:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    tick = bars.product.price_increment
    num, den = tick.as_integer_ratio()
    prices = {name: getattr(bars, name) * num / den for name in ("open", "high", "low", "close")}
    columns: dict[str, np.ndarray] = {"time": bars.time, **prices, "volume": bars.volume}
    if bars.funding_rate.any():
        columns["funding_rate"] = bars.funding_rate
    if bars.half_spread_e8 is not None:
        quoted = bars.half_spread_e8
        columns["half_spread_bps"] = np.where(quoted == NO_QUOTE, np.nan, quoted / BPS)
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content
