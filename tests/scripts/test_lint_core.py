"""Each rule finds what it forbids, and leaves alone what it allows."""

import pytest

from scripts.lint_core import file_findings

CORE = "gpt_trader/engine/step.py"
BROKEN = [
    (CORE, "open('x')", "in the core"),
    (CORE, "print(1)", "in the core"),
    (CORE, "uuid.uuid4()", "random"),
    ("gpt_trader/broker/simulated/paper.py", "datetime.now(UTC)", "below runtime/"),
    ("gpt_trader/data/files/bar_files.py", "time.time()", "below runtime/"),
    ("gpt_trader/data/files/bar_files.py", "np.random.seed(1)", "global state"),
    ("gpt_trader/data/files/bar_files.py", "np.random.default_rng()", "without a seed"),
    (CORE, "round(price, 2)", "on money"),
    ("gpt_trader/broker/simulated/paper.py", "price.quantize(tick)", "on money"),
    ("gpt_trader/cli/run/run.py", "getattr(a, 'b', None)", "getattr with a default"),
    ("gpt_trader/kernel/match.py", "njit(fastmath=True, cache=True)", "fastmath"),
    ("gpt_trader/kernel/match.py", "njit(parallel=True)", "cache=True"),
    (CORE, "Approved(order)", "engine/approve.py only"),
    (CORE, "commands.Approved._make([order])", "engine/approve.py only"),
    ("gpt_trader/broker/exchange/broker.py", "a._replace(order=b)", "engine/approve.py only"),
    ("gpt_trader/broker/exchange/link.py", "Decimal(bid)", "domain.number"),
    (CORE, "from . import apply", "relative import"),
    (CORE, "try: pass\nexcept Exception: pass", "catch-all"),
    (CORE, "try: pass\nexcept: pass", "catch-all"),
    (CORE, "try: pass\nexcept (ValueError, BaseException): pass", "catch-all"),
]
FINE = [
    ("gpt_trader/runtime/clock.py", "time.time()"),
    ("gpt_trader/data/files/bar_files.py", "open('x')"),
    ("gpt_trader/data/files/bar_files.py", "np.random.default_rng(7)"),
    ("gpt_trader/domain/product.py", "round(1.5)"),
    ("gpt_trader/kernel/match.py", "njit(cache=True)"),
    ("gpt_trader/engine/approve.py", "Approved(order)"),
    (CORE, "match a:\n    case SubmitOrder(Approved(order)):\n        pass"),
    ("gpt_trader/runtime/loop.py", "try: pass\nexcept Exception: pass"),
    (CORE, "try: pass\nexcept ValueError: pass"),
    (CORE, "try: pass\nexcept BaseException:\n    save()\n    raise"),
    (CORE, "getattr(a, 'b')"),
    ("gpt_trader/broker/exchange/link.py", "Decimal(10) ** 15"),
    ("gpt_trader/broker/exchange/link.py", "Decimal('0.1')"),
    ("gpt_trader/domain/number.py", "Decimal(text)"),
]


@pytest.mark.parametrize("file, source, text", BROKEN)
def test_a_broken_rule_is_found_with_its_line(file, source, text):
    (found,) = file_findings(f"\n{source}\n", file)
    assert text in found.text
    assert found.file == file
    assert found.line >= 2


@pytest.mark.parametrize("file, source", FINE)
def test_what_is_allowed_is_not_found(file, source):
    assert file_findings(source, file) == []
