"""What import-linter does not say: no circle, also not one that a late import hides."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_OF_A_NAME = 4

# What a result or a search asks to show it, which knows them: circles that no import shows.
UPWARD_ASKS = "gpt_trader.backtest.upward"
UPWARD = {
    "gpt_trader.backtest.result": {
        "backtest.notebook.cell:html",
        "backtest.notebook.cell:plot",
        "backtest.notebook.in_words:text",
        "backtest.report:html",
        "backtest.why:why",
    },
    "gpt_trader.optimize.search": {
        "optimize.frame:points_frame",
        "optimize.in_words:text",
        "optimize.notebook:html",
        "optimize.notebook:plot",
        "optimize.page:html",
    },
}


def modules() -> dict[str, Path]:
    """Return the file of each module of the package."""
    found = {}
    for path in sorted((ROOT / "gpt_trader").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules that a file imports anywhere in it, by the name it imports them by."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def called_by_name(path: Path) -> set[str]:
    """Return the names that a file gives to `upward.ask`, each a text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = (one for one in ast.walk(tree) if isinstance(one, ast.Call))
    return {ast.literal_eval(one.args[0]) for one in calls if ast.unparse(one.func) == "ask"}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of two or more modules that reach each other."""
    reached = {name: reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return sorted(map(list, groups))


def reachable(graph: Mapping[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[name])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += graph[one]
    return found


def test_no_module_imports_itself_by_way_of_others():
    known = modules()
    graph = {
        name: {one for one in imports(path, known) if one in known and one != name}
        for name, path in known.items()
    }
    assert len(graph) > 300
    assert circles(graph) == []


def test_what_is_called_by_name_is_listed_and_of_the_same_room():
    known = modules()
    users = {one for one, path in known.items() if UPWARD_ASKS in imports(path, known)}
    assert {one: called_by_name(known[one]) for one in users} == UPWARD
    for user, names in UPWARD.items():
        for module, _, function in (name.partition(":") for name in names):
            assert module.split(".")[0] == user.split(".")[1]
            assert callable(getattr(import_module(f"gpt_trader.{module}"), function))


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_file_name_stands_so_often_that_it_says_nothing():
    counted = Counter(path.name for path in modules().values() if path.name != "__init__.py")
    assert {name: n for name, n in counted.items() if n > MOST_OF_A_NAME} == {}
