"""A notebook, executed, holds what its values show: HTML of their own, and short text."""

from tests.backtest.notebook.cells import check_cell
from tests.notebooks.executed import execute, of_cells, said, shown

SOURCES = {
    "made": (
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "import gpt_trader as gt\n"
        "[bars] = gt.synthetic_market(seed=3, n_bars=1500, interval_ms=3_600_000)[:1]\n"
        "@dataclass(frozen=True)\n"
        "class Above:\n"
        "    name: ClassVar[str] = 'above'\n"
        "    bars: int = 20\n"
        "    min_bars: ClassVar[int] = 50\n"
        "    warmup: ClassVar[int] = 50\n"
        "    def targets(self, bars):\n"
        "        mean = gt.indicators.sma(bars.price.close, self.bars)\n"
        "        return gt.Targets((bars.price.close > mean).astype(float))\n"
    ),
    "bars": "bars",
    "result": "result = gt.backtest(bars, Above(), assess=True); result",
    "plot": "result.plot()",
    "report": "result.report()",
    "frame": "result.trades_frame.head()",
    "metrics": "result.metrics",
    "why": "result.why('BTC-USD', result.orders_frame['decided'].iloc[0])",
    "compare": "gt.compare([result, gt.backtest(bars, Above(21), assess=True)])",
    "search": "search = gt.optimize(bars, Above, {'bars': [10, 20, 30]}, folds=2); search",
    "map": "search.plot()",
}
OF_ITS_OWN = ("result", "plot", "compare", "search", "map", "why")


def test_an_executed_notebook_holds_what_its_values_show(tmp_path):
    notebook = execute(of_cells(SOURCES.values()), tmp_path)
    outputs = dict(zip(SOURCES, map(shown, notebook.cells), strict=True))
    for name in OF_ITS_OWN:
        check_cell(outputs[name]["text/html"])
    for name in outputs.keys() - {"made", "frame"}:
        lines = outputs[name]["text/plain"].split("\n")
        assert len(lines) <= 25, name
        assert max(map(len, lines)) <= 130, name  # a decision's order has its id
    assert outputs["report"]["text/html"].startswith("<iframe srcdoc=")
    for name in ("plot", "map"):
        assert outputs[name]["image/svg+xml"].startswith("<svg")
    assert said(notebook, "stdout") == ""
    assert said(notebook, "stderr") == ""
