"""What interpreted code calls gives back numbers, arrays and bare tuples.

Numba makes a NamedTuple by running Python code and does not look whether that raised: a Ctrl-C at
that moment was a segmentation fault.
"""

import ast
from pathlib import Path

import gpt_trader

ROOT = Path(gpt_trader.__file__).parent
TREES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts): ast.parse(path.read_text())
    for path in ROOT.rglob("*.py")
}
GROUPS = {
    node.name
    for tree in TREES.values()
    for node in ast.walk(tree)
    if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases)
}


def is_compiled(node):
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(one).startswith(("compiled", "njit(")) for one in node.decorator_list
    )


COMPILED = {
    f"{module}.{node.name}": node
    for module, tree in TREES.items()
    for node in tree.body
    if is_compiled(node)
}


def returns_a_group(name):
    found = COMPILED[name].returns
    return any(isinstance(one, ast.Name) and one.id in GROUPS for one in ast.walk(found))


def imported(module, tree):
    """What each name of a module stands for."""
    names = {name.removeprefix(f"{module}."): name for name in COMPILED if f"{module}." in name}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return names


def called(module, tree):
    """Compiled functions that a module's interpreted code calls."""
    names, left = imported(module, tree), [tree]
    while left:
        for node in ast.iter_child_nodes(left.pop()):
            if is_compiled(node):
                continue
            left.append(node)
            if isinstance(node, ast.Call):
                first, _, rest = ast.unparse(node.func).partition(".")
                whole = names.get(first, first) + (f".{rest}" if rest else "")
                if whole in COMPILED:
                    yield whole


def test_no_compiled_function_hands_a_group_to_interpreted_code():
    entries = {(name, module) for module, tree in TREES.items() for name in called(module, tree)}
    assert len(entries) > 50
    assert {"gpt_trader.kernel.simulate._run", "gpt_trader.kernel.match_order.match_order"} <= {
        name for name, _ in entries
    }
    assert {entry for entry in entries if returns_a_group(entry[0])} == set()
