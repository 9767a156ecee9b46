"""The live table shows every product, every guard and the label; it draws at any width."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from gpt_trader.cli.run.screen import Picture, screen
from gpt_trader.config.load import load_profile
from gpt_trader.runtime.loop import run_feed
from gpt_trader.runtime.session import start
from gpt_trader.runtime.simulated import feed
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.summary import record_of
from gpt_trader.runtime.wiring import wire


@pytest.fixture
def view(tmp_path):
    settings = load_profile("dev", env={}, flags={"synthetic.bars": 170}).settings
    wired = wire(settings, None)
    with start(wired, tmp_path, lambda _: False) as session:
        record = record_of(wired, session)
        run_feed(
            session,
            feed(wired, session.state),
            stop=Stop(),
            watch=record.take,
            on_cycle=lambda _: None,
        )
        path = record.tape.so_far(session.state).equity
        return Picture(
            title="dev",
            label=wired.label,
            plan=wired.plan,
            state=session.state,
            latest=tuple(record.notes.latest),
            equity=path[np.isfinite(path)],
            profit=tuple(record.notes.flows),
            done=40,
            total=43,
            eta_s=3.0,
        )


def drawn(view, width=140, **more):
    out = io.StringIO()
    Console(file=out, width=width, **more).print(screen(view))
    return out.getvalue()


def test_it_shows_products_decisions_guards_and_label(view):
    text = drawn(view)
    for words in ("BTC-USD", "ETH-USD", "SOL-USD", "EMA(32)", "day loss", "drawdown", "all pass"):
        assert words in text
    assert "cycle 40 of 43, about 3 s left" in text
    assert "synthetic: says nothing about profit" in text


def test_profit_of_all_products_is_the_equity_gained(view):
    from gpt_trader.cli.run.screen import _profit

    gained = sum(_profit(view, j) for j in range(3))
    assert gained == pytest.approx(view.equity[-1] - 10_000.0)


def test_a_halt_stands_out(view):
    marks = view.state.marks._replace(halted=1, day_halted=1)
    text = drawn(replace(view, state=view.state._replace(marks=marks, paused=True)), width=300)
    assert "DRAWDOWN: only exits until `gpt-trader rearm`" in text
    assert "PAUSED" in text
    assert "all pass" not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_draws_at_any_width(view, width):
    assert max(len(line) for line in drawn(view, width).splitlines()) <= width


def test_before_the_first_decision_there_are_dashes(view):
    text = drawn(replace(view, latest=(None, None, None), total=None, eta_s=None))
    assert "cycle 40" in text
    assert "of 43" not in text


def test_no_color_is_honored(view, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text = drawn(view, force_terminal=True, color_system="truecolor")
    assert "\x1b[32m" not in text
    assert "\x1b[33m" not in text
