"""The demo: trade the synthetic market, be killed midway, recover, and account for all of it.

Runs `gpt-trader run --profile dev` as a user would, in a folder of its own that is removed at
the end. No account, no key, no network. Nothing here chooses the seed or the result.
"""

import collections
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gpt_trader.backtest.api import Route, backtest
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.data.synthetic import SYNTHETIC_NOTE, synthetic_market
from gpt_trader.data.times import format_time
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.order import Fill
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import FillReceived
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import Decided, FillIgnored
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.session import JOURNAL
from gpt_trader.strategy.registry import create

BARS_PER_S = 60
SEEDS = range(100)
ROW_TIME = slice(0, 16)
console = Console(highlight=False)


def main() -> int:
    """Run the demo; exit code 1 if anything was lost or came twice."""
    settings = load_profile("dev", env={}).settings
    opening(settings)
    with tempfile.TemporaryDirectory(prefix="gpt-trader-demo-") as name:
        folder = Path(name)
        series = market(settings, settings.synthetic.seed)
        first_bars = max(len(bars) for bars in series) // 2
        killed_at = run_until_killed(folder, first_bars)
        console.print(
            f"\n[bold]SIGKILL[/bold] after {killed_at} cycles: the process is gone, "
            "nothing was said goodbye to. The same command again:\n"
        )
        if run(folder).wait() != 0:
            return 1
        entries = list(journal_of(folder))
    sound = account_for(settings, series, entries)
    luck(settings)
    reasons(entries)
    console.print(
        "\n[bold]Next:[/bold] gpt-trader backtest --demo --strategy breakout"
        "   [dim](in .venv/bin; the README goes on from here)[/dim]"
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


def market(settings: Settings, seed: int) -> list[Bars]:
    """Return the profile's synthetic market for a seed."""
    return synthetic_market(
        seed=seed,
        products=settings.products,
        n_bars=settings.synthetic.bars,
        interval_ms=settings.interval_ms,
    )


def run(folder: Path) -> subprocess.Popen[bytes]:
    """Start the bot on the demo's folder."""
    program = Path(sys.executable).parent / "gpt-trader"
    arguments = ["run", "--profile", "dev", "--speed", str(BARS_PER_S), "--state-dir", str(folder)]
    return subprocess.Popen([program, *arguments], env=os.environ)  # noqa: S603 - our own


def run_until_killed(folder: Path, cycles: int) -> int:
    """Run the bot and kill it once it has decided `cycles` cycles; return how many it had."""
    bot = run(folder)
    while bot.poll() is None and cycles_in(folder) < cycles:
        time.sleep(0.1)
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    return cycles_in(folder)


def journal_path(folder: Path) -> Path:
    """Return the one journal below the folder."""
    return next(folder.rglob(JOURNAL), folder / JOURNAL)


def cycles_in(folder: Path) -> int:
    """Count the decided bars in the journal, by its index."""
    path = journal_path(folder)
    if not path.exists():
        return 0
    with open_journal(path, readonly=True) as journal:
        return max(
            (len(journal.decisions(product, limit=1_000_000)) for product in ("BTC-USD",)),
            default=0,
        )


def journal_of(folder: Path) -> Iterator[Entry]:
    """Yield the journal's entries, its chain checked on the way."""
    with open_journal(journal_path(folder), readonly=True) as journal:
        yield from read_entries(journal)


def routes(settings: Settings) -> list[Route]:
    """Return the profile's routes with their strategies made."""
    return [
        Route(create(r.strategy, r.params), r.products, r.budget, r.order_style)
        for r in settings.routes
    ]


def account_for(settings: Settings, series: list[Bars], entries: Sequence[Entry]) -> bool:
    """Hold every order and fill of the killed and resumed session against an undisturbed run."""
    orders = [
        command.order.client_order_id
        for entry in entries
        for command in entry.commands
        if isinstance(command, SubmitOrder)
    ]
    fills = [e.event.fill for e in entries if isinstance(e.event, FillReceived)]
    ignored = sum(isinstance(r, FillIgnored) for e in entries for r in e.records)
    whole = backtest(
        series,
        routes(settings),
        costs=settings.costs,
        risk=settings.risk,
        cash=settings.cash,
        self_check=False,
    )
    grid = whole.path.time
    ids = [product.product_id for product in whole.products]
    expected = collections.Counter(
        (int(grid[f["bar"]]), ids[f["product"]], int(f["side"]), int(f["lots"]), int(f["ticks"]),
         int(f["fee"]))
        for f in whole.fills
    )  # fmt: skip
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
    results: dict[int, tuple[float, float]] = {}
    for seed in SEEDS:
        result = backtest(
            market(settings, seed),
            routes(settings),
            costs=settings.costs,
            risk=settings.risk,
            cash=settings.cash,
            self_check=False,
        )
        results[seed] = (result.metrics.return_pct, result.metrics.buy_hold_return_pct)
    mine = results[settings.synthetic.seed]
    rank = 1 + sum(other[0] > mine[0] for other in results.values())
    beat = sum(net > hold for net, hold in results.values())
    gained = sum(net > 0 for net, _ in results.values())
    console.print(
        f"[bold]Luck:[/bold] {mine[0]:+.1f} % here (buy and hold {mine[1]:+.1f} %) is rank "
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
    refused = next((d for d in decided if d.action == "blocked"), None)
    if refused is not None:
        reason = refused.reasons[0]
        console.print(
            f"[bold]A refusal:[/bold] {refused.product_id} at "
            f"{format_time(refused.bar_ms)[ROW_TIME]}: {reason.code}, {reason.value:.4g} against "
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


if __name__ == "__main__":
    sys.exit(main())
