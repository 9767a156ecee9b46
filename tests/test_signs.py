"""What is printed in ASCII is readable, and no UnicodeEncodeError."""

import io
import sys

import gpt_trader as gt
from gpt_trader.observe.spark import LEVELS
from gpt_trader.signs import PLAIN

[BARS] = gt.synthetic_market(seed=7, products=["BTC-USD"], n_bars=900)


def test_results_searches_and_comparisons_are_printed_in_ascii(monkeypatch):
    runs = [gt.backtest(BARS, gt.strategies.SmaCross(n, 30), trials=False) for n in (5, 9)]
    search = gt.optimize(BARS, "sma_cross", {"fast": [5, 9]}, trials=False)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    for one in (*runs, search, gt.compare(runs)):
        sys.stdout.write(f"{one!r}\n")
    stream.flush()
    said = stream.buffer.getvalue().decode("ascii")
    assert "?" not in said
    [equity, *_] = [line for line in said.splitlines() if line.startswith("equity  ")]
    assert set(equity.split()[1]) <= {PLAIN[level] for level in LEVELS}
    assert f"{runs[0].metrics.return_pct:.2f} %" in said  # with its minus
    assert runs[0].metrics.return_pct < 0.0


def test_where_stdout_has_our_signs_they_are_shown(monkeypatch):
    result = gt.backtest(BARS, gt.strategies.SmaCross(5, 30), trials=False)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert "−" in repr(result)
    monkeypatch.setattr(sys, "stdout", None)  # as in a program without a console
    assert "−" in repr(result)


def test_each_sign_stands_for_one_of_ascii():
    assert all(len(sign) == len(plain) == 1 and plain.isascii() for sign, plain in PLAIN.items())
