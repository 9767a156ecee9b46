"""A strategy that somebody brings moves nothing but its own."""

import decimal
import importlib
import os
import random
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gpt_trader import backtest, optimize, synthetic_market
from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.descriptors import emptied
from gpt_trader.data.checks.quality import digest
from gpt_trader.errors import StrategyError
from gpt_trader.strategy.answers import ask_on_bar, ask_targets
from gpt_trader.strategy.registry import brings_code, create

MEDDLERS = Path(__file__).parents[1] / "brought" / "meddlers.py"
HOUR = 3_600_000


def made(name):
    return create(f"{MEDDLERS}:{name}", {})


def market(products=("BTC-USD",), n=300):
    return synthetic_market(seed=7, products=list(products), n_bars=n, interval_ms=HOUR)


@pytest.mark.parametrize("name", ["HalvesOpens", "BlanksVolume"])
def test_a_column_that_is_written_is_an_error_with_the_name(name):
    bars = market()
    before = [digest(one) for one in bars]
    with pytest.raises(StrategyError, match=r"strategy meddler failed: ValueError: .* read-only"):
        backtest(bars, made(name))
    with pytest.raises(ValueError, match="read-only") as caught:
        backtest(bars, made(name), self_check=False)
    assert caught.value.__notes__ == ["strategy meddler"]
    assert [digest(one) for one in bars] == before


def test_bars_are_read_only_for_everybody():
    [bars] = market()
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        bars[10:20].volume[:] = 0.0


def test_a_copy_that_is_opened_again_is_nobodys_but_its_own():
    bars = market()
    honest, opened = backtest(bars, made("Honest")), backtest(bars, made("OpensItsColumns"))
    assert np.array_equal(honest.path.equity, opened.path.equity)
    assert honest.metrics.buy_hold_return_pct == opened.metrics.buy_hold_return_pct


def test_bars_that_were_changed_are_an_error():
    nobody_elses = market(["MEDDLED-USD"])  # other tests of this process hold bars too
    with pytest.raises(StrategyError, match="meddler changed the bars that it is judged on"):
        backtest(nobody_elses, made("FindsTheOthers"), self_check=False)


def test_an_answer_is_the_simulators_own():
    """Or the next product's answer would stand in the place of this one's."""
    bars = market(("BTC-USD", "ETH-USD", "SOL-USD"))
    honest, shared = backtest(bars, made("Honest")), backtest(bars, made("KeepsItsAnswer"))
    assert honest.fills.tobytes() == shared.fills.tobytes()


def test_what_is_printed_is_no_data(capfd):
    backtest(market(), made("Prints"), self_check=False)
    backtest(market(), made("PrintsFromOutside"), self_check=False)
    sys.stdout.write("after\n")
    out, err = capfd.readouterr()
    assert out == "after\n"
    for line in ("rows 297\n", "rows from outside", "rows from another program"):
        assert line in err


def test_stdout_and_stderr_are_put_back(capfd):
    kept = sys.stdout, sys.stderr
    backtest(market(), made("TakesStdout"), self_check=False)
    assert (sys.stdout, sys.stderr) == kept


def test_what_a_file_sets_when_it_is_imported_is_its_own():
    before = decimal.getcontext().prec, np.geterr()
    found = create(f"{MEDDLERS.with_name('sets.py')}:In", {})
    assert (decimal.getcontext().prec, np.geterr()) == before
    assert backtest(market(), found).metrics.final_equity % 1 != 0


def test_money_is_exact_whatever_precision_a_caller_counts_with():
    bars = market()
    result = backtest(bars, made("Honest"))
    found, pnl = result.to_json_dict(), [one.pnl for one in result.trades]
    with decimal.localcontext() as mine:
        mine.prec = 2
        again = backtest(bars, made("Honest"))
        assert again.to_json_dict()["result"] == found["result"]
        assert again.to_json_dict()["breakdown"] == found["breakdown"]
        assert [one.pnl for one in again.trades] == pnl


def test_leaving_is_an_error_with_its_place():
    line = 1 + MEDDLERS.read_text().splitlines().index("        sys.exit(0)")
    with pytest.raises(StrategyError, match="meddler ended the program: SystemExit") as caught:
        backtest(market(), made("Leaves"))
    assert caught.value.where == f"{MEDDLERS}:{line}"
    with pytest.raises(StrategyError, match="ended the program"):
        backtest(market(n=20), made("LeavesByBar"))


def test_what_everybody_draws_from_is_put_back_and_said():
    def shared():
        numpy_s = np.random.get_state()  # noqa: NPY002
        return repr((random.getstate(), numpy_s, Path.cwd(), np.geterr()))

    before = shared()
    result = backtest(market(), made("Draws"))
    assert shared() == before
    assert decimal.getcontext().prec == 28
    assert [note for note in result.notes if "meddler draws from random numbers" in note]
    assert not [note for note in backtest(market(), made("Honest")).notes if "draws" in note]


def test_a_search_is_contained_too(capfd):
    before = random.getstate()
    kind = type(made("Draws"))
    optimize(market(n=600), kind, {"warmup": (8, 9)}, folds=2)
    assert random.getstate() == before
    assert Path.cwd() != Path("/")


def test_the_memory_and_the_window_that_are_shown_are_copies():
    [bars] = market(n=20)
    memory = [1]
    target, kept = ask_on_bar(made("RemembersInPlace"), bars, 20, memory)
    assert (target.weight, memory, len(kept)) == (0.5, [1], 2)
    with pytest.raises(ValueError, match="read-only"):
        ask_on_bar(made("WritesByBar"), bars, 20, None)


def test_only_what_is_built_in_is_shown_the_bars_themselves():
    assert not brings_code(create("sma_cross", {}))
    assert not brings_code(create("ensemble", {}))
    assert brings_code(create("ensemble", {"members": f"sma_cross,{MEDDLERS}:Honest"}))
    [bars] = market(n=300)
    vote = create("ensemble", {"members": f"{MEDDLERS}:OpensItsColumns"})
    before = digest(bars)
    ask_targets(vote, bars)
    assert digest(bars) == before


@pytest.fixture
def _table_at_stdin(tmp_path, monkeypatch):
    (tmp_path / "table").write_text("0.5")
    kept = os.dup(0)
    with (tmp_path / "table").open() as file:
        os.dup2(file.fileno(), 0)
        monkeypatch.setattr(sys, "stdin", file)
        yield
    os.dup2(kept, 0)
    os.close(kept)


@pytest.mark.usefixtures("_table_at_stdin")
def test_nothing_comes_in_at_stdin_while_a_strategy_is_asked():
    with contained([made("Honest")], market()):
        assert (sys.stdin.read(), os.read(0, 3)) == ("", b"")
    assert (sys.stdin.read(), os.pread(0, 3, 0)) == ("0.5", b"0.5")


@pytest.mark.usefixtures("_table_at_stdin")
def test_a_closed_stdin_stays_closed():
    os.close(0)
    with contained([made("Honest")], market()):
        pass
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(0)


BY_BAR = """
import os
from dataclasses import dataclass
from typing import ClassVar
from gpt_trader.domain.targets import Target


@dataclass(frozen=True)
class Reads:
    name: ClassVar[str] = "reads"
    descriptor: int
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def on_bar(self, view, memory):
        said = os.pread(self.descriptor, 3, 0)
        return Target(float(said or 0)), memory
"""


@pytest.mark.parametrize("is_inherited", [True, False])
def test_what_was_left_open_is_empty_to_a_strategy_that_is_asked_bar_by_bar(
    tmp_path, monkeypatch, is_inherited
):
    (tmp_path / "reads_by_bar.py").write_text(BY_BAR)
    (tmp_path / "table").write_text("0.5")
    monkeypatch.syspath_prepend(tmp_path)
    kind = importlib.import_module("reads_by_bar").Reads
    with (tmp_path / "table").open() as own:
        os.set_inheritable(own.fileno(), is_inherited)
        [bars] = market(n=40)
        result = backtest(bars, kind(own.fileno()))
        assert bool(len(result.fills)) != is_inherited
        assert (os.get_inheritable(own.fileno()), own.read()) == (is_inherited, "0.5")
    del sys.modules["reads_by_bar"]


def test_whoever_leaves_last_puts_back_what_was_left_open(tmp_path):
    (tmp_path / "table").write_text("0.5")
    with (tmp_path / "table").open() as own:
        os.set_inheritable(own.fileno(), True)
        first, second = emptied(), emptied()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert os.pread(own.fileno(), 3, 0) == b""
        second.__exit__(None, None, None)
        assert os.pread(own.fileno(), 3, 0) == b"0.5"


def test_what_is_written_to_and_sockets_stay(tmp_path):
    here, there = socket.socketpair()
    with (tmp_path / "log").open("w") as log, here, there:
        for one in (log, here):
            os.set_inheritable(one.fileno(), True)
        with emptied():
            os.write(log.fileno(), b"said")
            there.send(b"asked")
            assert here.recv(5) == b"asked"
    assert (tmp_path / "log").read_text() == "said"


def test_what_another_thread_draws_stays_drawn_and_is_nobodys_fault():
    done = threading.Event()

    def draw():
        while not done.wait(0.0005):
            drawn.append(np.random.random())  # noqa: NPY002

    drawn = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(draw)
        notes = [backtest(market(), made("Honest")).notes for _ in range(2)]
        done.set()
    assert len(set(drawn)) == len(drawn)
    assert not [note for each in notes for note in each if "draws from" in note]
