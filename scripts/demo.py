"""The demo: trade the synthetic market, be killed midway, recover, account for all of it.

Runs `gpt-trader run --profile dev` as a user would, in a folder of its own. No account, no key,
no network. Nothing here chooses the seed or the result.
"""

import collections
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gpt_trader.backtest.api import run_backtest
from gpt_trader.backtest.asked import Scrutiny, Terms
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.route import Route
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.data.synthetic import SYNTHETIC_NOTE, synthetic_market
from gpt_trader.domain.decision import Decision
from gpt_trader.domain.order import Fill
from gpt_trader.domain.times import format_time
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import FillReceived
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import Decided, FillIgnored
from gpt_trader.errors import JournalError
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.session import JOURNAL
from gpt_trader.strategy.registry import create

BARS_PER_S = 60
FOLDER = Path(".demo")  # left behind for the command that comes next
SEEDS = range(100)
ROW_TIME = slice(0, 16)
console = Console(highlight=False)


def main() -> int:
    """Run the demo; exit code 1 if anything was lost or came twice."""
    settings = load_profile("dev", env={}).settings
    opening(settings)
    shutil.rmtree(FOLDER, ignore_errors=True)
    whole = undisturbed(settings, settings.synthetic.seed)
    killed_at = run_until_killed(orders=len({fill_order(f) for f in whole.fills}) // 2)
    console.print(
        f"\n[bold]SIGKILL[/bold] after {killed_at} orders: the process is gone, it could not "
        "even say goodbye. The same command again:\n"
    )
    if finish() != 0:
        return 1
    entries = list(journal_of())
    sound = account_for(whole, entries)
    luck(settings)
    reasons(entries)
    console.print(
        f"\n[bold]Next:[/bold] .venv/bin/gpt-trader why BTC-USD --last 24 --profile dev "
        f"--state-dir {FOLDER}"
    )
    return 0 if sound else 1


def opening(settings: Settings) -> None:
    """Say what this is and what it is not."""
    route = settings.routes[0]
    console.print(
        Panel(
            f"{', '.join(settings.products)}, {settings.interval} bars, strategy "
            f"[bold]{route.strategy}[/bold], simulated money: {settings.cash} USD.\n"
            f"[bold]{SYNTHETIC_NOTE}[/bold]; seed {settings.synthetic.seed} was fixed "
            "beforehand and is never tuned.\n"
            f"Costs are Coinbase's first tier: taker {settings.costs.taker_bps:g}, maker "
            f"{settings.costs.maker_bps:g} bps. Midway the bot is killed.",
            title="GPT-Trader",
            subtitle="no account, no key, no network",
        )
    )


def undisturbed(settings: Settings, seed: int) -> Result:
    """Run the profile on a seed's synthetic market, in one piece, as a backtest."""
    return run_backtest(
        synthetic_market(
            seed=seed,
            products=settings.products,
            n_bars=settings.synthetic.bars,
            interval_ms=settings.interval_ms,
        ),
        routes(settings),
        Terms(costs=settings.costs, risk=settings.risk, cash=settings.cash),
        Scrutiny(self_check=False),
    )


def fill_order(fill: np.void) -> tuple[int, int, int]:
    """Return what tells the orders of a backtest's fills apart."""
    return int(fill["product"]), int(fill["cause"]), int(fill["ordinal"])


def run(stdout: int | None = None) -> subprocess.Popen[str]:
    """Start the bot on the demo's folder; its live table is on stderr, its summary on stdout."""
    program = Path(sys.executable).parent / "gpt-trader"
    given = ["run", "--profile", "dev", "--speed", str(BARS_PER_S), "--state-dir", str(FOLDER)]
    width = os.environ | {"COLUMNS": str(console.width)}
    return subprocess.Popen([program, *given], stdout=stdout, text=True, env=width)


def finish() -> int:
    """Run the bot to the market's end and print its summary; the demo has its own last line."""
    bot = run(subprocess.PIPE)
    summary, _ = bot.communicate()
    own = "\n".join(x for x in summary.splitlines() if not x.startswith("Next:"))
    console.print(own, markup=False, soft_wrap=True)  # as wide as it is before the kill
    return bot.returncode


def run_until_killed(orders: int) -> int:
    """Run the bot and kill it once its journal holds `orders` orders; return how many it has."""
    bot = run()
    try:
        while bot.poll() is None and orders_sent() < orders:
            time.sleep(0.05)
    finally:
        bot.send_signal(signal.SIGKILL)
        bot.wait()
    return orders_sent()


def orders_sent() -> int:
    """Count the orders in the journal; none while it is being made."""
    try:
        return sum(len(orders_of(entry)) for entry in journal_of())
    except JournalError:
        return 0


def orders_of(entry: Entry) -> list[str]:
    """Return the client ids of the orders an entry sends."""
    return [c.order.client_order_id for c in entry.commands if isinstance(c, SubmitOrder)]


def journal_of() -> Iterator[Entry]:
    """Yield the journal's entries, its chain checked on the way; none before it exists."""
    for path in FOLDER.rglob(JOURNAL):
        with open_journal(path, readonly=True) as journal:
            yield from read_entries(journal)


def routes(settings: Settings) -> list[Route]:
    """Return the profile's routes with their strategies made."""
    return [
        Route(create(r.strategy, r.params), r.products, r.budget, r.order_style)
        for r in settings.routes
    ]


def account_for(whole: Result, entries: Sequence[Entry]) -> bool:
    """Hold every order and fill of the killed and resumed session against an undisturbed run."""
    orders = [order_id for entry in entries for order_id in orders_of(entry)]
    fills = [e.event.fill for e in entries if isinstance(e.event, FillReceived)]
    ignored = sum(isinstance(r, FillIgnored) for e in entries for r in e.records)
    grid = whole.path.time
    ids = [product.product_id for product in whole.products]
    expected = collections.Counter(
        (
            int(grid[f["bar"]]),
            ids[f["product"]],
            *(int(f[name]) for name in ("side", "lots", "ticks", "fee")),
        )
        for f in whole.fills
    )
    booked = collections.Counter(map(key_of, fills))
    lost = sum((expected - booked).values())
    twice = sum((booked - expected).values()) + len(orders) - len(set(orders)) + ignored
    sound = lost == 0 and twice == 0
    console.print(
        f"\n[bold]{'Accounted for' if sound else 'NOT accounted for'}:[/bold] "
        f"{len(orders)} orders, {len(fills)} fills, through a SIGKILL, against an undisturbed "
        f"backtest of the same market: [bold]{lost} lost, {twice} twice[/bold]."
    )
    return sound


def key_of(fill: Fill) -> tuple[int, str, int, int, int, int]:
    """Return what makes a fill the same fill in another run."""
    return (fill.time_ms, fill.product_id, fill.side, fill.lots, fill.ticks, fill.fee)


def luck(settings: Settings) -> None:
    """Run the same strategy on a hundred seeds; say where this one stands."""
    results: dict[int, tuple[float, float | None]] = {}
    for seed in SEEDS:
        metrics = undisturbed(settings, seed).metrics
        results[seed] = (metrics.return_pct, metrics.buy_hold_return_pct)
    mine = results[settings.synthetic.seed]
    rank = 1 + sum(other[0] > mine[0] for other in results.values())
    beat = sum(hold is not None and net > hold for net, hold in results.values())
    gained = sum(net > 0 for net, _ in results.values())
    console.print(
        f"[bold]Luck:[/bold] {mine[0]:+.1f} % here (buy and hold {mine[1] or 0.0:+.1f} %) is rank "
        f"{rank} of {len(results)} seeds; {gained} of them gained at all, {beat} beat buy and "
        f"hold. {SYNTHETIC_NOTE}."
    )


def reasons(entries: Sequence[Entry]) -> None:
    """Show why it mostly did nothing, what was refused, and one decision in full."""
    decided = [r.decision for e in entries for r in e.records if isinstance(r, Decided)]
    holds = collections.Counter(d.reasons[0].code for d in decided if d.action == "hold")
    table = Table(title="Why it held", title_justify="left", box=None, show_header=False)
    details = {d.reasons[0].code: d.reasons[0].detail for d in decided if d.action == "hold"}
    for code, count in holds.most_common(4):
        table.add_row(f"{count / len(decided):.0%}", code, f"[dim]{details[code]}[/dim]")
    console.print(table)
    refused = next(((d, d.reasons[0]) for d in decided if is_plain_refusal(d)), None)
    if refused is not None:
        decision, reason = refused
        console.print(
            f"[bold]A refusal:[/bold] {decision.product_id} at "
            f"{format_time(decision.bar_ms)[ROW_TIME]}: {reason.code}, {reason.value:.4g} against "
            f"the limit {reason.threshold:.4g}: {reason.detail}"
        )
    acted = next(d for d in reversed(decided) if d.action in ("buy", "sell"))
    why = "; ".join(
        f"{r.detail}: {r.value:.6g} v {r.threshold:.6g}"
        for r in acted.reasons
        if r.value is not None and r.threshold is not None
    )
    console.print(
        f"[bold]Why[/bold] {acted.action} {acted.product_id} at "
        f"{format_time(acted.bar_ms)[ROW_TIME]}: {acted.name}: {why}"
    )


def is_plain_refusal(decision: Decision) -> bool:
    """Whether a refusal's reading is still beyond its limit (a latch may hold for longer)."""
    value, limit = decision.reasons[0].value, decision.reasons[0].threshold
    return decision.action == "blocked" and None not in (value, limit) and value >= limit


if __name__ == "__main__":
    sys.exit(main())
