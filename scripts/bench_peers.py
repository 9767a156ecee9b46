"""Other backtesters on the same bars, for `make bench`; run by their own Python environment.

Usage: bench_peers.py BARS.npz. Prints one JSON line a library: name, version, ns a bar, trades.
A library that is not installed is left out. SMA 20/50 long only, fees and slippage of a tenth of
a basis point, warm: the best of three runs after one that is not counted. What each of them does
in that time is theirs to say: none checks limits, stops inside the bar or exact money.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np

FAST, SLOW = 20, 50
RATE = 1e-5
CASH = 1_000_000.0


def best_s(call: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Return the shortest of several runs after a warm-up, and what the last one gave."""
    found = call()
    times = []
    for _ in range(repeats):
        began = perf_counter()
        found = call()
        times.append(perf_counter() - began)
    return min(times), found


def with_vectorbt(columns: dict[str, Any]) -> tuple[float, int]:
    """Time vectorbt from closes to a portfolio with its equity and trades."""
    import pandas as pd  # noqa: PLC0415
    import vectorbt as vbt  # noqa: PLC0415

    close = pd.Series(columns["close"])  # with an index of times it is many times slower

    def run() -> Any:  # noqa: ANN401
        fast = vbt.MA.run(close, FAST)
        slow = vbt.MA.run(close, SLOW)
        book = vbt.Portfolio.from_signals(
            close,
            fast.ma_crossed_above(slow),
            fast.ma_crossed_below(slow),
            fees=RATE,
            slippage=RATE,
            init_cash=CASH,
        )
        book.value()
        return book.trades.count()

    seconds, trades = best_s(run)
    return seconds, int(trades)


def with_backtesting(columns: dict[str, Any]) -> tuple[float, int]:
    """Time backtesting.py on a fifth of the bars: it takes seconds."""
    import pandas as pd  # noqa: PLC0415
    from backtesting import Backtest, Strategy  # noqa: PLC0415
    from backtesting.lib import crossover  # noqa: PLC0415

    n = len(columns["close"]) // 5
    frame = pd.DataFrame(
        {name.capitalize(): columns[name][:n] for name in ("open", "high", "low", "close")},
        pd.to_datetime(columns["time"][:n], unit="ms", utc=True),
    )

    class Cross(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            close = pd.Series(self.data.Close)
            self.fast = self.I(lambda: close.rolling(FAST).mean().to_numpy())
            self.slow = self.I(lambda: close.rolling(SLOW).mean().to_numpy())

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()

    def run() -> Any:  # noqa: ANN401
        return Backtest(frame, Cross, cash=1e9, commission=RATE).run()

    seconds, found = best_s(run, 1)
    return seconds * len(columns["close"]) / n, int(found["# Trades"])


PEERS = {"vectorbt": with_vectorbt, "backtesting": with_backtesting}


def main() -> None:
    """Measure what is installed."""
    columns = dict(np.load(sys.argv[1]))
    for name, measure in PEERS.items():
        if importlib.util.find_spec(name) is None:
            continue
        seconds, trades = measure(columns)
        found = {
            "name": name,
            "version": version(name),
            "ns_a_bar": seconds / len(columns["close"]) * 1e9,
            "trades": trades,
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
