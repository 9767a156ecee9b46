"""The commands there are: a table that imports none of them.

To add one: write a module with a function `command`, or a typer app called `app` with
subcommands; its line in COMMANDS is its name, its module and its help in one line.
A command takes `--json` itself (`output.Json`), writes its result with `output.emit`, raises
TraderError for what goes wrong and `typer.Exit(code)` for an exit code without an error.
It catches no error in order to print it: that happens in `main` and nowhere else.
"""

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("gpt_trader.cli.run.run", "Trade a profile: bar by bar, each decision explained."),
    "backtest": (
        "gpt_trader.cli.backtest.backtest",
        "Try a strategy on history, with honest costs.",
    ),
    "optimize": (
        "gpt_trader.cli.optimize.optimize",
        "Search parameters, tested on days that no choice has seen.",
    ),
    "assess": ("gpt_trader.cli.assess", "Judge an equity curve or trades of another tool."),
    "data": ("gpt_trader.cli.data.data", "Pull, import, check and keep market data."),
    "validate-config": (
        "gpt_trader.cli.validate_config",
        "Check a profile and show every value with its origin.",
    ),
    "status": ("gpt_trader.cli.status", "Show money at risk, positions, orders and halts."),
    "account": (
        "gpt_trader.cli.account.account",
        "Read the account at the exchange, hold it against the journal.",
    ),
    "orders": ("gpt_trader.cli.orders.orders", "Place a test order through the same checks."),
    "doctor": (
        "gpt_trader.cli.doctor",
        "Check what would keep a profile from trading.",
    ),
    "why": ("gpt_trader.cli.why", "Explain a decision: signal, threshold, guards, order, fill."),
    "replay": ("gpt_trader.cli.replay", "Decide a recorded session again and compare."),
    "kill": ("gpt_trader.cli.switches.kill", "Stop all entries at once, whatever the bot does."),
    "watchdog": ("gpt_trader.cli.switches.watchdog", "Cancel a bot's entries if it dies or hangs."),
    "pause": ("gpt_trader.cli.switches.pause", "Let a session only exit."),
    "resume": ("gpt_trader.cli.switches.resume", "Let a paused session enter again."),
    "rearm": ("gpt_trader.cli.switches.rearm", "Let a halted session trade again, on the record."),
    "journal": ("gpt_trader.cli.journal.journal", "Prove, copy and shorten a session's record."),
    "strategies": ("gpt_trader.cli.strategies", "List strategies with parameters and ranges."),
    "new-strategy": ("gpt_trader.cli.new_strategy", "Write a working strategy with its test."),
}
GLOBAL_FLAGS = frozenset({"-q", "--quiet", "-v", "--verbose", "--debug"})
PROGRAM = "gpt-trader"
INTERRUPTED = 130  # the exit code after SIGINT or SIGTERM, with everything saved


def version() -> str:
    """Return the installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("gpt-trader")
    except PackageNotFoundError:
        return "0 (not installed)"
