"""What is misused is told at the call, near the line that did it, and in Python's words."""

import ast
import json
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pytest

import gpt_trader as gt
from gpt_trader import indicators as ta
from gpt_trader import strategies
from gpt_trader.domain.bars import COLUMNS
from gpt_trader.domain.costs import Leg
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ConfigError, DataError, StrategyError, TraderError, UsageError
from gpt_trader.hints import in_python

HOUR, BTC = 3_600_000, "BTC-USD"
[BARS] = gt.synthetic_market(seed=7, products=[BTC], n_bars=300, interval_ms=HOUR)
FRAME = BARS.to_pandas()
SMA = strategies.SmaCross(5, 20)
GRID = {"fast": [5, 10], "slow": [20, 30]}
ROOT = Path(gt.__file__).parent


@dataclass(frozen=True)
class Failing:
    """Asks for what is not there."""

    name: ClassVar[str] = "failing"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def targets(self, bars: gt.Bars) -> gt.Targets:
        return gt.Targets(helped(bars))


@dataclass(frozen=True)
class Numbered(Failing):
    """Has a parameter to search for."""

    k: int = 1


def helped(bars: gt.Bars) -> Any:
    return np.add("text", bars.close)


@dataclass(frozen=True)
class Worded(Failing):
    """Says in words what is a number."""

    min_bars: ClassVar[Any] = "x"


@dataclass(frozen=True)
class Uncalled(Failing):
    """Forgets @property."""

    def min_bars(self) -> int:  # type: ignore[override]
        return 1


@dataclass(frozen=True)
class Bare:
    """Has no name, and no warm-up."""

    def targets(self, bars: gt.Bars) -> gt.Targets:
        raise AssertionError


class Undeclared:
    """Is no dataclass."""

    name = "undeclared"
    min_bars = warmup = 1

    def targets(self, bars: gt.Bars) -> gt.Targets:
        raise AssertionError


def made(**columns: Any) -> gt.Bars:
    held = {name: getattr(BARS, name) for name in COLUMNS if name != "half_spread_e8"}
    return gt.Bars(BARS.product, HOUR, **(held | columns))


def run(*args: Any, **options: Any) -> Any:
    return gt.backtest(*args or (BARS, SMA), **options)


def search(*args: Any, **options: Any) -> Any:
    return gt.optimize(*args or (BARS, strategies.SmaCross, GRID), **options)


MISUSES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # objects, as they are made
    (lambda: gt.CostModel(taker_bps=-1), UsageError, "taker_bps from 0 to 10000, was -1"),
    (lambda: gt.CostModel(maker_bps=float("nan")), UsageError, "maker_bps from 0"),
    (lambda: gt.CostModel(spread_bps="5"), TypeError, "spread_bps as a number, was '5'"),
    (lambda: gt.CostModel(participation=0), UsageError, "participation from 1e-09 to 1, was 0"),
    (lambda: gt.CostModel(fee_tier="vip"), UsageError, "fee_tier to be one of worst"),
    (lambda: gt.CostModel(latency_ms=0.5), TypeError, "latency_ms as a whole number"),
    (lambda: gt.CostModel(touch_fills=1), TypeError, "touch_fills to be True or False"),
    (lambda: gt.CostModel(fee=1), TypeError, "unexpected keyword argument 'fee'"),
    (lambda: gt.RiskPolicy(max_product_pct=-5), ConfigError, "max_product_pct"),
    (lambda: gt.RiskPolicy(max_drawdown_pct="10"), ConfigError, "max_drawdown_pct"),
    (lambda: gt.RiskPolicy(max_entries_per_day=1.5), ConfigError, "a whole number"),
    (lambda: gt.order_style("market"), UsageError, "name to be one of maker_first"),
    (lambda: gt.order_style(5), TypeError, "name as text, was 5"),
    (lambda: gt.OrderStyle(entry="taker"), TypeError, "entry as Leg, was 'taker'"),
    (lambda: Leg(style="market"), UsageError, "style to be one of maker_first"),
    (lambda: Leg(ttl_bars=9), UsageError, "ttl_bars from 1 to 4, was 9"),
    (lambda: gt.Route(SMA, products=BTC), TypeError, "products as a tuple of ids"),
    (lambda: gt.Route(SMA, budget=25), UsageError, "budget from 0 to 1, was 25"),
    (lambda: gt.Condition("up", BARS.close, BARS.open, op=">="), UsageError, "op of the condition"),
    (lambda: made(close=BARS.price.close), TypeError, "close as int64"),
    (lambda: made(time=BARS.time // 1000), DataError, "looks like seconds"),
    (lambda: made(extra={"mood": [1.0]}), DataError, "300 rows|rows of extra column 'mood'"),
    (lambda: gt.Trials(count=-3), UsageError, "count of 0 or more"),
    (lambda: gt.Trials(5), TypeError, "sharpes as several numbers, was 5"),
    (lambda: gt.Trials((0.1, "x")), TypeError, "each of sharpes as a number"),
    (lambda: strategies.SmaCross(20, 5), UsageError, "fast < slow"),
    (lambda: strategies.SmaCross(2.5, 5), UsageError, "whole number"),
    # what a backtest is given
    (lambda: run(BARS, strategies.SmaCross), UsageError, "that is made, was the class SmaCross"),
    (lambda: run(BARS, "sma_cros"), UsageError, "unknown strategy 'sma_cros'"),
    (lambda: run(BARS, 3), TypeError, "a function of bars or a name"),
    (lambda: run(BARS, None), TypeError, "a strategy, a function"),
    (lambda: run(BARS, FRAME.close), TypeError, "a name as sma_cross, was time"),
    (lambda: run(BARS, Bare()), UsageError, "Bare to have name and min_bars and warmup"),
    (lambda: run(BARS, Undeclared()), UsageError, "a dataclass, made"),
    (lambda: run(BARS, []), UsageError, "a strategy or a route at least"),
    (lambda: run(BARS, [SMA]), TypeError, "each of the routes as Route"),
    (lambda: run(None, SMA), TypeError, "a file's path, a frame or rows, was NoneType"),
    (lambda: run([], SMA), UsageError, "bars of one product at least"),
    (lambda: run({}, SMA), UsageError, "a frame a product"),
    (lambda: run("nowhere.csv", SMA, product_id=BTC), DataError, "nowhere.csv does not exist"),
    (lambda: run(BARS, SMA, product_id="ETH-USD"), UsageError, "BTC-USD are given as ETH-USD"),
    (lambda: run([BARS, BARS], SMA), DataError, "BTC-USD twice"),
    (lambda: run(BARS[:0], SMA), DataError, "at least one bar"),
    (lambda: run(BARS), TypeError, "missing 1 required positional argument: 'strategy'"),
    # its arguments
    (lambda: run(engine="vector"), UsageError, "engine to be one of fast, replay, was 'vector'"),
    (lambda: run(costs=10), TypeError, r"costs as CostModel \(Cost.*, was 10"),
    (lambda: run(risk="none"), TypeError, "risk as RiskPolicy"),
    (lambda: run(style="taker"), TypeError, "style as OrderStyle"),
    (lambda: run(cash=-5), UsageError, "cash above 0 and below 40 billion, was -5"),
    (lambda: run(cash=Decimal("Infinity")), UsageError, "expected cash above 0"),
    (lambda: run(cash=float("nan")), UsageError, "cash above 0 and below 40 billion, was NaN"),
    (lambda: run(cash="10000"), TypeError, "cash as a number, was '10000'"),
    (lambda: run(close_at_end="yes"), TypeError, "close_at_end to be True or False"),
    (lambda: run(start_ms=1_704_067_200), UsageError, "start_ms as milliseconds UTC"),
    (lambda: run(start_ms="2024-01-01"), TypeError, "start_ms as a whole number"),
    (lambda: run(start_ms=2 * 10**12), DataError, "no bars of BTC-USD in the period"),
    (lambda: run(detail=BARS.close), TypeError, "detail as Bars"),
    (lambda: run(detail=BARS), TypeError, "detail as Bars in a list, was <Bars of BTC-USD"),
    (lambda: run(detail=[5]), TypeError, "detail as Bars"),
    (lambda: run(cash=None), TypeError, "cash as a number, was None"),
    (lambda: run(costs=None), TypeError, "costs as CostModel"),
    (lambda: run(order=[5]), TypeError, "order as a list of product ids"),
    (lambda: run(bars=BARS), TypeError, r"backtest\(\) missing 1 required|multiple values"),
    (lambda: run(BARS, SMA, BTC), TypeError, r"backtest\(\) takes 2 positional"),
    (lambda: run(BARS, Worded()), TypeError, "min_bars of Worded as a whole number, was 'x'"),
    (lambda: run(BARS, lambda rows: gt.Targets(np.ones(len(rows)), conditions=cast("Any", 5))),
     StrategyError, "value of type int as conditions"),
    (lambda: run(BARS, lambda rows: None), StrategyError, "value of type NoneType, expected"),
    (lambda: run({BTC: None}, SMA), TypeError, "a file's path, a frame or rows, was NoneType"),
    (lambda: run(universe=[BTC]), TypeError, "universe as Membership"),
    (lambda: run(order=5), TypeError, "order as a list of product ids"),
    (lambda: run(order=["DOGE-USD"]), UsageError, "order of products that are there, was DOGE"),
    (lambda: run(order=BTC), TypeError, "order as a list of product ids"),
    (lambda: run(min_coverage_pct=101), UsageError, "min_coverage_pct from 0 to 100"),
    (lambda: run(check_seed=-1), UsageError, "check_seed of 0 or more"),
    (lambda: run(nulls=2.5), TypeError, "nulls as a whole number"),
    (lambda: run(trials=7), TypeError, "trials as Trials"),
    (lambda: run(trials=lambda _: 5, assess=True), TypeError, r"trials\(run\) gives as Trials"),
    (lambda: run(state_dir=5), TypeError, "state_dir as a path"),
    (lambda: run(state_dir="a\0b"), UsageError, "state_dir as a path without zero bytes"),
    (lambda: run(state_dir="~nobody at all/x"), UsageError, "state_dir: there is no home"),
    (lambda: run(label=1), TypeError, "label as str"),
    (lambda: run(fees=5), TypeError, "unexpected keyword argument 'fees'"),
    (lambda: run(costs=gt.CostModel(latency_ms=HOUR)), UsageError, "latency below the bar's"),
    (lambda: run(BARS, lambda rows: gt.Targets(np.ones(len(rows)), max_bars=1.9)), StrategyError,
     "gave max_bars 1.9 for"),
    # a search
    (lambda: search(BARS, SMA, GRID), UsageError, "the class of a strategy, was an object"),
    (lambda: search(BARS, "sma", GRID), UsageError, "unknown strategy 'sma'"),
    (lambda: search(BARS, 5, GRID), TypeError, "the class of a strategy, was 5"),
    (lambda: search(BARS, strategies.SmaCross, {}), UsageError, "which parameters"),
    (lambda: search(BARS, strategies.SmaCross, "fast=5"), TypeError, "grid as values by name"),
    (lambda: search(BARS, strategies.SmaCross, {"fast": 5}), TypeError, "values of fast as a list"),
    (lambda: search(BARS, strategies.SmaCross, {"quick": [5]}), UsageError, "no parameter 'quick'"),
    (lambda: search(BARS, strategies.SmaCross, {"fast": [5, 5]}), UsageError, "5 twice"),
    (lambda: search(BARS, strategies.SmaCross, {5: [5, 6]}), TypeError, "grid as values by name"),
    (lambda: search(fixed={5: 5}), TypeError, "fixed as values by name"),
    (lambda: search(keep_in="a\0b"), UsageError, "keep_in as a path without"),
    (lambda: search(trials=lambda *_: 5, folds=1), TypeError, "trials counts as Trials"),
    (lambda: search(fixed={"fast": 5}), UsageError, "fast is given by grid and by fixed"),
    (lambda: search(folds=0), UsageError, "folds of 1 or more"),
    (lambda: search(objective="profit"), UsageError, "objective to be one of sharpe"),
    (lambda: search(budget=2), UsageError, "budget from 0 to 1"),
    (lambda: search(threads=0), UsageError, "threads of 1 or more"),
    (lambda: search(progress=True), TypeError, "progress as a function"),
    (lambda: gt.compare([5, 6]), TypeError, "results to compare, was int"),
    (lambda: gt.compare(run()), TypeError, "in a list or a dict, was Result"),
    (lambda: gt.compare([]), UsageError, "two or more results"),
    (lambda: gt.compare({1: run()}), UsageError, "two or more results"),
    (gt.compare, TypeError, r"compare\(\) missing 1"),
    (lambda: search(BARS, SMA, GRID, {"slow": 9}), TypeError, r"optimize\(\) takes 3"),
    (lambda: search(foo=5), TypeError, r"optimize\(\) got an unexpected"),
    (lambda: run().why(), TypeError, r"Result.why\(\) missing 2"),
    (lambda: run().save(), TypeError, r"Result.save\(\) missing 1"),
    (lambda: run().why("BTC-EUR", BARS.time[5].item()), UsageError, "BTC-EUR"),
    (lambda: run().why(BTC, "noon"), UsageError, "a time"),
    (lambda: run().save(5), TypeError, "path as a path"),
    (lambda: run().save("a\0b.html"), UsageError, "path as a path without"),
    (lambda: run().save("no/such/x.html"), UsageError, "there is no folder no/such"),
    (lambda: run().plot().save("x.png"), UsageError, "a file named"),
    (lambda: run(BARS, Uncalled()), UsageError, "min_bars of Uncalled .* was a method"),
    (lambda: gt.load_bars({}), UsageError, "a dict of a frame a product, was an empty one"),
    (lambda: gt.Route("main"), UsageError, "unknown strategy 'main'"),
    # a session
    (lambda: gt.run_paper(5), TypeError, "profile as a name or a path, was 5"),
    (lambda: gt.run_paper("dev", cycles=0), UsageError, "cycles of 1 or more"),
    (lambda: gt.run_paper("dev", data="BTC-USD.csv"), TypeError, "data as a list"),
    (lambda: gt.run_paper("dev", settings="sma"), TypeError, "settings as values by key"),
    (lambda: gt.run_paper("dev", data=[FRAME]), TypeError, "data as a list of files"),
    (lambda: gt.run_paper("dev", data=BARS), TypeError, "data as a list of files"),
    (lambda: gt.run_paper("dev", settings={5: 3}), TypeError, "settings as values by key"),
    (lambda: gt.run_paper("dev", on_cycle=5), TypeError, "on_cycle as a function"),
    (lambda: gt.run_paper("dev", state_dir=5), TypeError, "state_dir as a path"),
    (lambda: gt.run_paper("dev", state_dir="a\0b"), UsageError, "state_dir as a path without"),
    (lambda: gt.run_paper("nobody"), ConfigError, "nobody"),
    (lambda: gt.run_paper("dev", settings={"strategy": run}), UsageError,
     "settings: strategy: expected a valid string"),
    (lambda: gt.run_paper("dev", settings={"risk.max_product_pct": 900}), UsageError,
     "^settings: risk.max_product_pct: expected less than"),
    (lambda: gt.open_session(5), TypeError, "path as a path, was 5"),
    (lambda: gt.open_session("a\0b"), UsageError, "path as a path without"),
    (lambda: gt.open_session("nowhere/at/all"), TraderError, "nowhere"),
    # data
    (lambda: gt.load_bars(FRAME, product_id="bitcoin"), UsageError, "a product id"),
    (lambda: gt.load_bars(FRAME, overrides=5), TypeError, "overrides as values by name"),
    (lambda: gt.load_bars(FRAME, extra=5), TypeError, "extra as a list of names"),
    (lambda: gt.load_bars(FRAME, extra="lag"), TypeError, "extra as a list of names, was 'lag'"),
    (lambda: gt.load_bars(FRAME, extra=[5]), TypeError, "extra as a list of names"),
    (lambda: gt.load_bars(FRAME, BTC), TypeError, r"load_bars\(\) takes 1 positional"),
    (lambda: gt.load_bars(FRAME, interval_ms="1h"), TypeError, "interval_ms as a whole number"),
    (lambda: gt.load_bars(FRAME, start_ms=1.5), TypeError, "start_ms as a whole number"),
    (lambda: gt.load_bars(FRAME, overrides={5: 3}), TypeError, "overrides as values by name"),
    (lambda: gt.load_bars(FRAME, product_id=5), TypeError, "product_id as text, was 5"),
    (lambda: gt.load_bars({1, 2}), TypeError, "a frame or rows, was set"),
    (lambda: gt.load_bars(BARS), TypeError, "a frame or rows, was Bars"),
    (lambda: gt.synthetic_market(products=5), TypeError, "products as a list of ids, was 5"),
    (lambda: gt.synthetic_market(products=[None]), TypeError, "products as a list of ids"),
    (lambda: gt.synthetic_market(4), TypeError, r"synthetic_market\(\) takes 0 positional"),
    (lambda: strategies.from_function("x"), TypeError, "a function of bars, was 'x'"),
    (lambda: strategies.from_function(run, min_bars="x"), TypeError, "min_bars as a whole number"),
    # indicators: each speaks by its own name
    (lambda: ta.ema(BARS.close), TypeError, r"ema\(\) missing 1 required .*: 'period'"),
    (ta.ema, TypeError, r"ema\(\) missing 2 required .*: 'values' and 'period'"),
    (lambda: ta.ema(BARS.close, length=5), TypeError, r"ema\(\) got an unexpected .* 'length'"),
    (lambda: ta.ema(BARS.close, 5, 6), TypeError, r"ema\(\) takes 2 positional arguments but 3"),
    (lambda: ta.ema(BARS.close, 5, period=6), TypeError, r"ema\(\) got multiple values"),
    (lambda: ta.atr(BARS.close, 14), TypeError, r"atr\(\) missing 2 required"),
    (lambda: ta.macd(BARS.close, 12, 26), TypeError, r"macd\(\) missing 1 required"),
    (lambda: ta.ema(BARS.close, "5"), TypeError, "period as a whole number, was '5'"),
    (lambda: ta.bollinger(BARS.close, 20, None), TypeError, "width as a number, was None"),
    (lambda: ta.ema({}, 5), TypeError, "values as numbers, was dict"),
    (lambda: ta.ema({1, 2}, 5), TypeError, "values as numbers, was set"),
    (lambda: ta.ema(None, 5), TypeError, "values as numbers, was NoneType"),
    (lambda: ta.ema(FRAME[["close"]], 5), TypeError, "values as one column, was 2 dimensions"),
    (lambda: gt.load_bars("a\0.csv"), UsageError, "data as a path without"),
    (lambda: gt.load_bars(FRAME, interval_ms=60_000 * 7), DataError, "whole multiples|bars of 7m"),
    (lambda: gt.synthetic_market(seed="x", n_bars=5, interval_ms=HOUR), TypeError, "seed as a"),
    (lambda: gt.synthetic_market(seed=1, n_bars=5.5, interval_ms=HOUR), TypeError, "n_bars"),
    (lambda: gt.synthetic_market(seed=1, n_bars=5, interval_ms=0), UsageError, "interval_ms"),
    (lambda: gt.synthetic_market(seed=1, n_bars=5, interval_ms=HOUR, products=BTC), TypeError,
     "products as a list"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path))


@pytest.mark.parametrize("at", range(len(MISUSES)))
def test_a_misuse_is_told_near_the_line_that_did_it(at: int):
    call, kind, words = MISUSES[at]
    with pytest.raises(kind, match=words) as caught:
        call()
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    users = max(i for i, file in enumerate(files) if file == __file__)
    assert len(files) - 1 - users <= 3
    said = "".join(traceback.format_exception_only(caught.value))
    assert "--" not in said.partition("gpt-trader ")[0]  # what is typed in a shell stays
    assert "\n" not in str(caught.value)


def test_the_frames_of_a_strategy_stay():
    with pytest.raises(TypeError) as caught:
        run(BARS, Failing(), self_check=False)
    names = [f.f_code.co_name for f, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert names[-2:] == ["targets", "helped"]
    assert len(names) == 5  # this test, `run`, the call, and those two
    assert caught.value.__notes__ == ["strategy failing"]


@pytest.mark.parametrize("call", [
    lambda: run(BARS, Failing()),
    lambda: search(BARS, Numbered, {"k": [1, 2]}, folds=1),
])  # fmt: skip
def test_what_a_strategy_fails_with_is_the_cause_and_its_line_is_told(call: Callable[[], Any]):
    with pytest.raises(StrategyError, match="TypeError") as caught:
        call()
    frames = traceback.extract_tb(caught.value.__cause__.__traceback__)  # type: ignore[union-attr]
    assert [one.name for one in frames] == ["targets", "helped"]
    assert caught.value.where == f"{__file__}:{frames[-1].lineno}"
    assert caught.value.__notes__[-1] == f"at {caught.value.where}"


def test_what_a_user_calls_otherwise_fails_near_the_line_that_called(tmp_path, monkeypatch):
    result = run(BARS, lambda rows: gt.Targets(np.ones(len(rows)), conditions=lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError) as caught:
        result.why(BTC, BARS.time[50].item())
    assert len(traceback.extract_tb(caught.value.__traceback__)) <= 3
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="working folder is there no more"):
        gt.run_paper("dev", cycles=1)


@pytest.mark.parametrize("path", ["led", Path("led")])
def test_a_path_from_home_is_one_everywhere(path, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    home = "~" / path if isinstance(path, Path) else f"~/{path}"
    run(state_dir=home, assess=True)
    search(state_dir=home, keep_in=home, folds=1)
    gt.run_paper("dev", cycles=2, state_dir=home)
    gt.open_session(f"{home}/dev")
    page = run().save(f"{home}/page.html")
    drawn = run().plot().save(f"{home}/drawn.svg")
    FRAME.to_csv(tmp_path / "BTC-USD.csv")
    assert len(gt.load_bars("~/BTC-USD.csv").bars) == len(FRAME)
    there = {one.name for one in (tmp_path / "led").iterdir()}
    assert {"trials.jsonl", "dev", page.name, drawn.name} <= there
    assert any(name.endswith(".points") for name in there)
    assert not (tmp_path / "~").exists()


def test_a_cause_stays():
    with pytest.raises(StrategyError, match="ended the program") as caught:
        run(BARS, lambda _: exit(3), self_check=False)  # noqa: PLR1722
    assert isinstance(caught.value.__cause__, SystemExit)


def test_the_hint_is_a_note_in_pythons_words_and_the_commands_words_are_kept():
    with pytest.raises(UsageError) as caught:
        run(costs=gt.CostModel(latency_ms=HOUR))
    assert caught.value.hint == "delay by whole bars with --latency-bars"
    assert caught.value.__notes__ == ["hint: delay by whole bars with latency_bars"]
    with pytest.raises(UsageError) as caught:
        search(BARS, strategies.SmaCross, {"fast": [5, 5]})
    assert "--grid" in caught.value.message
    assert "--" not in str(caught.value)


REACHED = (
    "domain", "strategy", "risk", "engine", "data", "measure", "backtest", "optimize", "journal",
    "config", "runtime", "app/paper.py", "app/request.py", "app/run.py", "app/opened.py",
    "app/folders.py", "app/history.py", "app/simulated.py",
)  # fmt: skip
OF_COMMANDS = {  # what only a command reads, from shell to screen
    "data/files/importing.py", "data/memory.py", "data/universe.py", "data/store/sealed.py",
    "data/trades/trade_store.py", "measure/record.py",
}  # fmt: skip


def texts_of_errors() -> Iterator[tuple[str, str]]:
    """Yield the texts that stand in what raises or makes an error, with their file."""
    for layer in REACHED:
        for path in sorted((ROOT / layer).rglob("*.py")) or [ROOT / layer]:
            name = str(path.relative_to(ROOT))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                is_hint = isinstance(node, ast.keyword) and node.arg == "hint"
                if is_hint or isinstance(node, ast.Raise):
                    yield from ((name, text) for text in spelled(node))


def spelled(node: ast.AST) -> Iterator[str]:
    """Yield texts with a 5 where a value is put in, as a number mostly is."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "5" for v in node.values)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from spelled(child)


def test_no_flag_is_left_in_what_a_library_call_can_raise():
    found = [(file, text) for file, text in texts_of_errors() if "--" in text]
    assert len(found) > 30
    shell = "gpt-trader "  # what is to be typed in one
    left = {
        (file, in_python(text))
        for file, text in found
        if file not in OF_COMMANDS and "--" in in_python(text).partition(shell)[0]
    }
    assert left == set()


def test_no_flag_is_left_in_what_an_assessment_can_say():
    texts = [
        (path.name, text)
        for path in sorted((ROOT / "measure").rglob("*.py"))
        for text in constants(ast.parse(path.read_text(encoding="utf-8")))
        if "--" in text and path.name != "record.py"  # of an equity curve: a command alone reads it
    ]
    assert {name for name, _ in texts} == {"size.py", "verdict.py"}
    assert not [text for _, text in texts if "--" in in_python(text)]


def constants(tree: ast.AST) -> Iterator[str]:
    """Yield a module's texts, pieces of f-strings among them, but for what documents it."""
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def rising() -> Any:
    """Return rows of 60 days of 1 h that rise, at which hardly anything was traded."""
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0006, 0.004, 1440)))
    before = np.r_[close[0], close[:-1]]
    highs, lows = np.maximum(before, close), np.minimum(before, close)
    time = BARS.time[0] + np.arange(len(close)) * HOUR
    return np.column_stack([time, before, highs, lows, close, np.full(len(close), 5.0)])


def test_reasons_of_a_verdict_name_arguments(tmp_path):
    terms: dict[str, Any] = {
        "product_id": BTC, "cash": 10**8, "risk": None, "state_dir": tmp_path,
        "style": gt.order_style("taker"),
        "costs": gt.CostModel(taker_bps=0, maker_bps=0, spread_bps=0),
    }  # fmt: skip
    run = gt.backtest(rising(), SMA, assess=True, **terms)
    found = gt.optimize(rising(), strategies.SmaCross, GRID, folds=1, **terms)
    for one in (run, run.assessment, found):
        assert "participation bounds what a fill may take" in repr(one)
    for page in (run.report().html, run._repr_html_(), found.report().html, found._repr_html_()):
        assert "participation bounds what a fill may take" in page
        shown = re.sub(r"(?s)<(style|script).*?</\1>|var\(--\w+\)", "", page)
        assert not re.search(r"[\s(]--[a-z]", shown)


@pytest.mark.parametrize(
    "said, meant",
    [
        ("for example --set fast=20 --set slow=50", "for example fast=20, slow=50"),
        ("for example --set members=a,b --set votes=2,1", 'for example members="a,b", votes="2,1"'),
        ("for example --interval 1h --detail 1m", "for example interval_ms=3_600_000 detail"),
        ("name it: --product BTC-USD", 'name it: product_id="BTC-USD"'),
        ("state --product-spec price_increment=...", 'state overrides={"price_increment": "..."}'),
        ("--to 2024-01-01; or --unseal, once", "end_ms of 2024-01-01; or unseal=True, once"),
        ("fill it: gpt-trader data pull BTC-USD --interval 1h", None),
        ("a well--known word", None),
        ("name it: --data BTC-USD=x.csv", 'name it: data=["BTC-USD=x.csv"]'),
        ("give them: --read DOGE-USD@1d=FILE", 'give them: reads={"DOGE-USD@1d": bars}'),
        ("start one: gpt-trader run --profile dev", 'start one: gpt_trader.run_paper("dev")'),
        ("or keep them elsewhere with --state-dir", "or choose another keep_in"),
        ("flag --order-style: expected", "settings: order_style: expected"),
        ("--engine replay", 'engine="replay"'),
    ],
)
def test_flags_are_arguments(said: str, meant: str | None):
    assert in_python(said) == (said if meant is None else meant)


def test_an_error_is_pickled_with_all_that_it_says():
    import pickle

    error = UsageError("x has two --grid", hint="--folds 3", where="here")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(again, TraderError)
    assert vars(again) == vars(error)
    assert str(again) == str(error) == error.message
    assert json.dumps(again.__notes__) == '["hint: folds=3", "at here"]'


@dataclass(frozen=True)
class Outside(Failing):
    """Answers with what was computed outside of it."""

    def targets(self, history: gt.Bars) -> gt.Targets:
        return gt.Targets(np.ones(300))


@pytest.mark.parametrize(
    "strategy, name", [(lambda rows: FRAME.close * 0.0, "rows"), (Outside(), "history")]
)
def test_who_computes_outside_is_told_of_what_to_compute(strategy: Any, name: str):
    with pytest.raises(StrategyError, match=r"gave \d+ rows of weight for") as caught:
        run(FRAME, strategy)
    assert f"shorter histories too: compute from {name} alone" in caught.value.hint


def test_targets_say_what_they_are_not_where_they_enter():
    with pytest.raises(StrategyError, match="gave 3 rows of weight for"):
        run(BARS, lambda _: Targets(np.ones(3)))
