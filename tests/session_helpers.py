"""Small markets in files, and the command as a user starts it."""

import csv
import json
import subprocess
import sysconfig
from pathlib import Path

import numpy as np

from gpt_trader.app.ask import ask
from gpt_trader.app.kill import kill
from gpt_trader.cli.main import main

COMMAND = Path(sysconfig.get_path("scripts")) / "gpt-trader"
HOUR_S = 3600
START_S = 1_640_995_200
CROSS = ("--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20")


def write_market(path, *, n=300, seed=5, missing=()):
    """Write n hourly bars of a random walk, without the rows in `missing`; return the path."""
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, n))), 2)
    opens = np.round(np.concatenate([[100.0], close[:-1]]) * (1 + rng.normal(0, 0.001, n)), 2)
    lines = ["time,open,high,low,close,volume"]
    for i, (o, c) in enumerate(zip(opens, close, strict=True)):
        if i not in missing:
            high, low = max(o, c) * 1.003, min(o, c) * 0.997
            lines.append(f"{START_S + i * HOUR_S},{o},{high:.2f},{low:.2f},{c},{50 + i % 7}")
    path.write_text("\n".join(lines))
    return path


def call(capsys, *args):
    """Run the command here; return (exit code, stdout, stderr)."""
    capsys.readouterr()
    code = main([str(arg) for arg in args])
    done = capsys.readouterr()
    assert "Traceback" not in done.out + done.err
    return code, done.out, done.err


def be_patient(monkeypatch):
    """Let commands wait for a running bot's answer for a minute: this machine may be busy."""
    monkeypatch.setattr(ask, "__defaults__", (60.0,))
    monkeypatch.setitem(kill.__kwdefaults__, "silent_s", 60.0)


def lines_of(text):
    """Return JSON Lines as values."""
    return [json.loads(line) for line in text.splitlines()]


def shell(*args, timeout=300, **more):
    """Run the installed command in a process of its own; never a traceback."""
    done = subprocess.run(
        [str(COMMAND), *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        **more,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def fills_in(path):
    """Return a fills file's rows without the order ids, which name the portfolio."""
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k != "client_order_id"} for row in rows]
