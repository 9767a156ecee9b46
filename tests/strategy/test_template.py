"""The example that new-strategy writes: it works, and its own test passes."""

import subprocess
import sys

import pytest

from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import sees_market
from gpt_trader.strategy.template import render, render_market
from tests.strategies_helpers import answers, random_bars, random_seen


def passes_its_own_test(files, folder):
    for name, text in files.items():
        (folder / name).write_text(text)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_example_works_and_passes_its_own_test(tmp_path):
    files = render("my_first_idea")
    assert set(files) == {"my_first_idea.py", "test_my_first_idea.py"}
    passes_its_own_test(files, tmp_path)
    made = create(f"{tmp_path / 'my_first_idea.py'}:MyFirstIdea", {"period": 5})
    assert made.name == "my_first_idea"
    assert (made.targets(random_bars(50, seed=1)).weight[4:] >= 0).all()


def test_the_example_that_sees_the_market_works_and_passes_its_own_test(tmp_path):
    passes_its_own_test(render_market("my_ranks"), tmp_path)
    made = create(f"{tmp_path / 'my_ranks.py'}:MyRanks", {"look": 5})
    assert sees_market(made)
    for said in answers(made, random_seen(made, 50, seed=1)):
        assert (said.weight[5:] >= 0).all()


@pytest.mark.parametrize("name", ["", "1st", "my-idea", "class", "a b", "été", "../x"])
def test_a_name_that_python_cannot_use_is_refused(name):
    with pytest.raises(UsageError, match="expected a Python name"):
        render(name)


def test_the_name_of_a_built_in_strategy_is_refused():
    with pytest.raises(UsageError, match="built-in") as refused:
        render("momentum")
    assert "my_momentum" in refused.value.hint


@pytest.mark.parametrize("name", ["numpy", "json", "sys", "gpt_trader", "__main__"])
def test_the_name_of_a_module_is_refused(name):
    with pytest.raises(UsageError, match=f"hide the Python module {name}") as refused:
        render(name)
    assert f"my_{name}" in refused.value.hint


@pytest.mark.parametrize("name, class_name", [("x", "X"), ("_1", "Strategy1"), ("_", "Strategy")])
def test_the_class_has_a_name_of_its_own(name, class_name):
    assert f"class {class_name}:" in render(name)[f"{name}.py"]
