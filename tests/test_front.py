"""What `import gpt_trader` offers: names that are seen, arguments that are told, pickled calls."""

import ast
import copy
import inspect
import pickle
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import cloudpickle
import jedi
import pytest

import gpt_trader as gt
from gpt_trader.backtest.front import backtest
from gpt_trader.optimize.front import optimize
from gpt_trader.strategy.registry import builtin

STUB = Path(gt.__file__).with_suffix(".pyi")
CALLS = [(gt.backtest, backtest), (gt.optimize, optimize)]


def shown_to_type_checkers():
    """Return the object behind each name of the stub."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    found = {}
    for node in (one for one in tree.body if isinstance(one, ast.ImportFrom)):
        for name in node.names:
            module = import_module(node.module)
            found[name.asname] = getattr(module, name.name)
    return found


def test_type_checkers_and_python_are_told_of_the_same_names():
    found = shown_to_type_checkers()
    assert sorted(found) == sorted(gt.__all__) == sorted(set(dir(gt)) - {"__version__"})
    called = {"backtest", "optimize"}
    assert {n: getattr(gt, n) for n in found.keys() - called} == {
        n: found[n] for n in found.keys() - called
    }


def test_the_whole_front_stands_on_one_page():
    page = STUB.parents[1] / "docs" / "library.md"
    part = page.read_text("utf-8").split("## The whole front\n")[1].split("\n## ")[0]
    first_cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")][1:]
    assert sorted(re.findall(r"`(\w+)`", " ".join(first_cells))) == sorted(gt.__all__)


def test_what_is_not_offered_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'backtset'"):
        _ = gt.backtset


def test_no_more_than_is_offered_is_completed():
    assert dir(gt.indicators) == sorted(gt.indicators.__all__)
    assert {getattr(gt.errors, name) for name in dir(gt.errors)} > {gt.TraderError}
    assert all(issubclass(getattr(gt.errors, name), gt.TraderError) for name in dir(gt.errors))


def test_what_says_itself_does_so_on_a_page(tmp_path):
    [bars] = gt.synthetic_market(products=["BTC-USD"], n_bars=600)
    result = gt.backtest(bars, "sma_cross", trials=False)
    search = gt.optimize(bars, "sma_cross", {"fast": [5, 6]}, trials=False)
    session = gt.run_paper("dev", cycles=30, state_dir=tmp_path)
    said = [
        gt.load_bars(bars.to_pandas()), gt.CostModel(), result.breakdown, search.walk,
        session.header, session.why("BTC-USD"), result.why("BTC-USD", result.equity.index[-1]),
    ]  # fmt: skip
    for one in said:
        lines = repr(one).splitlines()
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 100


def test_every_built_in_strategy_is_offered():
    classes = set(builtin().values())
    assert classes <= {getattr(gt.strategies, name) for name in gt.strategies.__all__}


@pytest.mark.parametrize("call, function", CALLS)
def test_a_call_has_the_functions_signature(call, function):
    assert inspect.signature(call) == inspect.signature(function)
    kinds = {one.kind for one in inspect.signature(call).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("call, function", CALLS)
def test_help_tells_each_argument(call, function):
    shown = pydoc.plain(pydoc.render_doc(call))
    for name in inspect.signature(function).parameters:
        assert any(line.strip().partition(":")[0].find(name) >= 0 for line in shown.splitlines())
    first, how, *rest = inspect.getdoc(call).split("\n\n")
    assert "\n\n".join([first, *rest]) == inspect.getdoc(function)
    (asked,) = ast.parse(f"def {how}: ...").body
    told = [one.arg for one in (*asked.args.args, *asked.args.kwonlyargs)]
    assert told == [*inspect.signature(function).parameters]


@pytest.mark.parametrize("call, name", [(gt.backtest, "backtest"), (gt.optimize, "optimize")])
def test_help_begins_with_what_it_does_and_how_it_is_called(call, name):
    shown = pydoc.plain(pydoc.render_doc(call))
    begin = re.search(
        rf"NAME\n    gpt_trader\.{name} - [A-Z].+\.\n\nDESCRIPTION\n    {name}\(", shown
    )
    assert begin is not None
    assert begin.start() < 80
    described = shown.partition("DESCRIPTION")[2].partition("PACKAGE CONTENTS")[0]
    assert max(map(len, described.splitlines())) <= 100


@pytest.mark.parametrize("call, function", CALLS)
@pytest.mark.parametrize("how", [pickle, cloudpickle])
def test_a_call_is_pickled_by_its_name(call, function, how):
    assert pickle.loads(how.dumps(call)) is call  # noqa: S301
    assert len(how.dumps(call)) < 100
    assert copy.deepcopy(call) is call


def test_in_a_new_process_names_are_there_and_nothing_heavy_was_imported():
    code = (
        "import sys, gpt_trader as gt; assert 'backtest' in dir(gt)\n"
        "assert not {'numpy', 'numba', 'pandas'} & set(sys.modules)\n"
        "assert callable(gt.backtest) and callable(gt.optimize)\n"
        "assert not {'numpy', 'numba', 'pandas'} & set(sys.modules)\n"
        "from gpt_trader import *; assert backtest is gt.backtest\n"
        "assert gt.strategies.SmaCross(fast=3, slow=9).fast == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "call, named",
    [("backtest(bars, 'hold')", "trades"), ("optimize(bars, None, {})", "best"),
     ("compare([])", "table"), ("backtest(bars, 'hold').plot()", "save")],
)  # fmt: skip
def test_an_editor_completes_what_a_call_returns_before_it_is_run(call, named):
    source = f"import gpt_trader as gt\n[bars] = gt.synthetic_market()\nr = gt.{call}\nr."
    assert named in [one.name for one in jedi.Script(source).complete(4, 2)]
