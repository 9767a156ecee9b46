"""Hints in Python's words: errors name the command line's flags, the library has arguments."""

import re
from collections.abc import Callable

UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def _setting(name: str, value: str) -> str:
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return f"{name}={value}" if is_number or "..." in value else f'{name}="{value}"'


def _settings(found: re.Match[str]) -> str:
    pairs = re.findall(r"--set (\w+)=(\S+)", found[0])
    return ", ".join(_setting(name, value) for name, value in pairs)


def _interval(found: re.Match[str]) -> str:
    return f"interval_ms={int(found[1]) * UNITS_MS[found[2]]:_}"


def _grid(found: re.Match[str]) -> str:
    return f'{{"{found[1]}": [{", ".join(found[2].split(","))}]}}'


# Flags that are keys of a session's settings, or arguments, by the same name.
PLAIN = (
    "fee-tier", "impact", "latency-ms", "live", "maker-bps", "once", "order-style", "profile",
    "region", "risk", "seed", "slippage-bps", "speed", "spread-bps", "strategy", "taker-bps",
    "touch-fills", "universe-file", "universe",
)  # fmt: skip

# What stands in an error, and what it is in Python; the longer ones first.
WORDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"--grid fast=5:50:5 or --grid fast=5,10,20", '{"fast": range(5, 51, 5)}'),
    (r"--grid (\w+)=(\d[\d.]*(?:,\d[\d.]*)+)", _grid),
    (r"--grid NAME=VALUES", "{name: values}"),
    (r"--grid NAME=START:STOP:STEP", "{name: range(start, stop, step)}"),
    (r"two --grid", "two grids"),
    (r"--grid and by --set", "grid and by fixed"),
    (r"--grid", "grid"),
    (r"--set \w+=\S+(?: --set \w+=\S+)*", _settings),
    (r"flag --set", "settings:"),
    (r"flag --([a-z][a-z-]*)", lambda found: f"settings: {found[1].replace('-', '_')}"),
    (r"--set or its own flag", "fixed or its own argument"),
    (r"--set", "fixed"),
    (r"--interval (\d+)([mhd])\b", _interval),
    (r"--interval", "interval_ms"),
    (r"--product-spec (\w+)=\.\.\.", r'overrides={"\1": "..."}'),
    (r"--product-spec (\w+)=(\w+)", r'overrides={"\1": "\2"}'),
    (r"--product-spec", "overrides"),
    (r"--product ([A-Z0-9]+-[A-Z0-9-]+)", r'product_id="\1"'),
    (r"--product", "product_id"),
    (r"--detail \d+[mhd]\b", "detail"),
    (r"\bbacktest --detail", "detail"),
    (r"--detail", "detail"),
    (r"--latency-bars", "latency_bars"),
    (r"--participation", "participation"),
    (r"--from", "start_ms"),
    (r"--to (\d\S*)", r"end_ms of \1"),
    (r"--to\b", "end_ms"),
    (r"--tz [A-Z]\w+/\w+", 'frame.tz_localize("Europe/Berlin")'),
    (r"--tz", "tz_localize"),
    (r"--cash", "cash"),
    (r"--trials", "trials"),
    (r"--read ([\w-]+(?:@\w+)?)=FILE", r'reads={"\1": bars}'),
    (r"--read", "reads"),
    (r"the path after --data", "the path"),
    (r"--data ([A-Z][\w-]*=[^\s;,]+)", r'data=["\1"]'),
    (r"--data", "data"),
    (r"--min-coverage (\S+)", r"min_coverage_pct=\1"),
    (r"--engine (\w+)", r'engine="\1"'),
    (r"--sealed-after DATE", "sealed_after_ms"),
    (r"--unseal", "unseal=True"),
    (r"keep them elsewhere with --state-dir", "choose another keep_in"),
    (r"--state-dir", "state_dir"),
    (r"--folds (\d+)", r"folds=\1"),
    (r"--folds", "folds"),
    (r"--profile dev\b", 'profile "dev"'),
    (r"--profile paper\b", 'profile "paper"'),
    (r"--profile NAME", "profile"),
    (r"--strategy NAME", "strategy"),
    (rf"--({'|'.join(PLAIN)})\b", lambda found: found[1].replace("-", "_")),
)  # fmt: skip


def in_python(text: str) -> str:
    """Return what an error says, its flags as the arguments that they are in Python.

    Commands to be typed in a shell stay as they are, but for the one that starts a session.
    """
    if "--" not in text:
        return text
    text = text.replace("gpt-trader run --profile dev", 'gpt_trader.run_paper("dev")')
    parts = re.split(r"(`?\bgpt-trader (?!backtest --detail)[^;,`]*`?)", text)
    return "".join(part if i % 2 else _translated(part) for i, part in enumerate(parts))


def _translated(text: str) -> str:
    for pattern, words in WORDS:
        text = re.sub(rf"(?<![\w-]){pattern}" if pattern[:2] == "--" else pattern, words, text)
    return text
