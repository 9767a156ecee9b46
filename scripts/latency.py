"""From close to departure, measured: `make latency MINUTES=6`.

The real program trades ten products at bars of a minute in real time against the stand-in, which
answers every request after 300 ms. Prints, for each close at which orders left, how long after the
last of the ten bars the last request arrived there; and how long one turn of the deciding thread
took, by kind of event.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gpt_trader.cli.main import main
from gpt_trader.runtime.session import Session
from tests.emulator.faults import Fault
from tests.emulator.market import Market, Product
from tests.emulator.server import Exchange, serve

ANSWER_S = 0.3
COINS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "LINK", "AVAX", "DOT")
PRODUCTS = tuple(Product(f"{coin}-USD", 400_000, trades_per_day=30_000) for coin in COINS)
SOON_MS = 5_000
PROFILE = """\
extends: canary
interval: 1m
products: [{products}]
strategy: {strategy}
params: {{bars: 1, stop: 0.05}}
order_style: {{entry: {{style: taker}}}}
risk: {{max_equity: "10000", max_gross_pct: 100, max_entries_per_day: 1000, max_daily_loss_pct: 50}}
"""


def program(taken: Path, words: list[str]) -> int:
    """Run the program, and write down how long the deciding thread took for each event."""
    took: list[tuple[str, int, float]] = []
    take = Session.take

    def timed(session: Session, event: object, observe: object) -> None:
        at_ms, began = time.time_ns() // 1_000_000, time.perf_counter()
        take(session, event, observe)  # type: ignore[arg-type]
        took.append((type(event).__name__, at_ms, time.perf_counter() - began))

    Session.take = timed  # type: ignore[method-assign]
    try:
        return main(words)
    finally:
        taken.write_text(json.dumps(took))


@contextmanager
def in_real_time(exchange: Exchange) -> Iterator[None]:
    """Let the stand-in's time pass as this machine's does."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.02):
            exchange.advance(time.time_ns() // 1_000_000)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _what(sent: bytes) -> str:
    """Return what a request is to place: an entry, an exit, or a stop, which follows a fill."""
    body = json.loads(sent.split(b"\r\n\r\n", 1)[-1])
    if "stop" in next(iter(body["order_configuration"])):
        return "stop"
    return "entry" if body["side"] == "BUY" else "exit"


def arrivals(exchange: Exchange) -> list[tuple[int, str]]:
    """Return a list that fills with when, ms, requests to place an order arrive, and what of."""
    found: list[tuple[int, str]] = []
    take = exchange.faults.take

    def noted(method: str, target: str, sent: bytes = b"") -> Fault | None:
        if method == "POST" and target.endswith("/orders"):
            found.append((time.time_ns() // 1_000_000, _what(sent)))
        return take(method, target, sent)

    exchange.faults.take = noted  # type: ignore[method-assign]
    return found


def run(folder: Path, minutes: int) -> tuple[list[tuple[int, str]], list[tuple[str, int, float]]]:
    """Let the program trade; return when orders arrived, and what its events took."""
    with serve(Market(PRODUCTS), now_ms=time.time_ns() // 1_000_000) as exchange:
        exchange.books.transfer("USD", "10000")
        name, secret = exchange.new_key()
        exchange.faults.add(Fault(times=None, delay_s=ANSWER_S))
        arrived = arrivals(exchange)
        root = Path(__file__).parents[1]
        profile = folder / "ten.yaml"
        names = ", ".join(one.product_id for one in PRODUCTS)
        strategy = f"{root / 'tests' / 'live_helpers.py'}:Flip"
        profile.write_text(PROFILE.format(products=names, strategy=strategy))
        known = {
            "GPT_TRADER_COINBASE__REST_URL": exchange.rest_url,
            "GPT_TRADER_COINBASE__WS_URL": exchange.ws_url,
            "GPT_TRADER_COINBASE__WS_USER_URL": exchange.ws_url,
            "GPT_TRADER_STATE_DIR": str(folder / "state"),
            "COINBASE_API_KEY": name,
            "COINBASE_API_SECRET": secret,
            "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests' / 'home'}",
            "TESTS_HOME": str(folder),
        }
        taken = folder / "taken.json"
        words = ["-q", "run", "-p", str(profile), "--live", "--json"]
        command = [
            sys.executable,
            "-m",
            "scripts.latency",
            "--program",
            str(taken),
            "--words",
            json.dumps(words),
        ]
        with in_real_time(exchange), (folder / "out").open("w") as out:
            bot = subprocess.Popen(command, env=os.environ | known, stdout=out)
            try:
                bot.wait(timeout=60 * minutes)
            except subprocess.TimeoutExpired:
                bot.terminate()
                bot.wait(timeout=60)
        if not taken.exists() or len(taken.read_text()) < 9:
            raise SystemExit((folder / "out").read_text()[-2_000:])
        return arrived, [tuple(one) for one in json.loads(taken.read_text())]


def report(arrived: list[tuple[int, str]], took: list[tuple[str, int, float]]) -> None:
    """Print what was measured."""
    closes: dict[int, list[int]] = {}
    for kind, at_ms, _ in took:
        if kind == "BarClosed":
            closes.setdefault(at_ms // 60_000, []).append(at_ms)
    print(f"{len(PRODUCTS)} products, every answer after {ANSWER_S * 1000:g} ms:")
    worst_ms: dict[str, int] = {}
    for times in closes.values():
        last = max(times)
        left = [(at - last, what) for at, what in arrived if min(times) <= at < last + SOON_MS]
        if len(times) < len(PRODUCTS) or not left:
            continue
        for kind in ("entry", "exit", "stop"):
            after = sorted(ms for ms, what in left if what == kind)
            if after:
                print(f"  {kind:<5} {len(after):>2}, ms after the last bar: {after}")
                worst_ms[kind] = max(worst_ms.get(kind, 0), *after)
    print(f"  the last of ten closes to the last departure, ms: {worst_ms}")
    seconds = np.array([one for _, _, one in took])
    print(f"a turn of the deciding thread, {len(took):,} events, ms:")
    for kind in ["all", *sorted({kind for kind, _, _ in took})]:
        own = seconds if kind == "all" else np.array([s for k, _, s in took if k == kind])
        p50, p99 = np.quantile(own, (0.5, 0.99)) * 1000
        line = f"median {p50:.2f}, p99 {p99:.2f}, most {own.max() * 1000:.2f}"
        print(f"  {kind:<14} {len(own):>6,}: {line}")


def parse() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="make latency", description=__doc__)
    parser.add_argument("--minutes", type=int, default=6)
    parser.add_argument("--program", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--words", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    asked = parse()
    if asked.program:
        sys.exit(program(asked.program, asked.words))
    with tempfile.TemporaryDirectory() as place:
        report(*run(Path(place), asked.minutes))
