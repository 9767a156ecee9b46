"""Runs side by side: what went in, what came out, and the first fill that differs."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gpt_trader.backtest.differing import INPUTS, fills_differ, flat
from gpt_trader.backtest.notebook.cell import SOFT, cell, clip
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import number, plural
from gpt_trader.backtest.result import Result
from gpt_trader.brief import brief
from gpt_trader.domain.text import shown
from gpt_trader.door import at_the_door
from gpt_trader.errors import UsageError
from gpt_trader.measure.measured import LEADING

if TYPE_CHECKING:
    import pandas as pd

ID_DIGITS = 6
INPUTS_SHOWN, RUNS_SHOWN = 8, 8  # in a cell, which is to stay below 40 kB
LONGEST = 24  # characters of a label or an input there
CELL = "padding:2px 14px 2px 0;text-align:right;white-space:nowrap;border:0;background:none"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side. runs: results by their labels, two or more."""

    runs: Mapping[str, Result]

    @property
    def table(self) -> "pd.DataFrame":
        """Every number of the runs, float64, NaN where undefined: a row a number, a column a run.

        Of two runs `difference` is the second less the first.
        """
        import pandas as pd  # noqa: PLC0415

        found = pd.DataFrame({label: one.metrics.to_series() for label, one in self.runs.items()})
        if len(self.runs) == 2:
            first, second = self.runs
            found["difference"] = found[second] - found[first]
        return found

    @property
    def inputs(self) -> "pd.DataFrame":
        """What went in and is not the same in all runs, as text: a row an input, a column a run."""
        import pandas as pd  # noqa: PLC0415

        told = {label: flat(one.to_json_dict()) for label, one in self.runs.items()}
        names = dict.fromkeys(name for one in told.values() for name in one)
        rows = {
            name: values
            for name in names
            if name.startswith(INPUTS)
            and len(set(values := [_text(one.get(name)) for one in told.values()])) > 1
        }
        return pd.DataFrame.from_dict(rows, "index", dtype="str", columns=list(told))

    @property
    def same_fills(self) -> int:
        """How many of the first fills are the same in all runs."""
        first, *others = [one.fills for one in self.runs.values()]
        return min(int(fills_differ(first, other)["same"]) for other in others)

    @property
    def first_fill(self) -> "pd.DataFrame | None":
        """The first fill that is not the same in all runs, a row a run; None if all fills are.

        The columns of `Result.fills_frame`, and decided, the open of the bar whose close made its
        order; a run that has no such fill any more has a row of NaN.
        """
        import pandas as pd  # noqa: PLC0415

        row = self.same_fills
        if all(len(one.fills) == row for one in self.runs.values()):
            return None
        found = [_fill_at(one, row) for one in self.runs.values()]
        return pd.concat(found, ignore_index=True).set_axis(list(self.runs))

    def __repr__(self) -> str:
        return shown(_lines(self))

    def _repr_html_(self) -> str:
        first, left = self.first_fill, len(self.runs) - RUNS_SHOWN
        inputs = self.inputs.iloc[:INPUTS_SHOWN, :RUNS_SHOWN]
        head, *rows = ([name, *map(_cut, cells[:RUNS_SHOWN])] for name, *cells in _cells(self))
        parts = [_table(head, rows)]
        if len(inputs):
            values = inputs.map(_cut).to_numpy()
            texts = [[name, *row] for name, row in zip(inputs.index, values, strict=True)]
            parts.append(_table(["input", *(_cut(str(one)) for one in inputs)], texts))
        said = [_say_fills(self)]
        if first is not None:
            said += _say_each(first.iloc[:RUNS_SHOWN])
        if left > 0:
            said.append(f"{plural(left, 'run')} more: .table and .inputs have all of them")
        parts += [tag("div", esc(clip(one)), style=SOFT) for one in said]
        return cell("Comparison", list(self.runs), *parts)


@at_the_door
def compare(runs: Sequence[Result] | Mapping[str, Result]) -> Comparison:
    """Set runs side by side.

    runs: two or more results; of a mapping its names are their labels, else strategy and run id.
    Raises UsageError for fewer than two, TypeError for what is no result.
    """
    given: object = runs
    if not isinstance(given, Iterable):
        raise TypeError(f"expected results to compare, in a list or a dict, was {brief(given)}")
    if isinstance(runs, Mapping):
        found = {str(label): one for label, one in runs.items()}
    else:
        found = dict(_labelled(runs))
    for one in found.values():
        if not isinstance(one, Result):
            raise TypeError(f"expected results to compare, was {type(one).__name__}")
    if len(found) < 2:
        raise UsageError(f"expected two or more results to compare, was {len(found)}")
    return Comparison(found)


def _labelled(runs: Sequence[Result]) -> Iterator[tuple[str, Result]]:
    """Yield runs with labels that differ."""
    seen: dict[str, int] = {}
    for one in runs:
        if not isinstance(one, Result):
            raise TypeError(f"expected results to compare, was {type(one).__name__}")
        names = "+".join(dict.fromkeys(used.name for used in one.strategy))
        label = f"{names} {one.run_id[:ID_DIGITS]}"
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label} ({seen[label]})"), one


def _text(value: Any) -> str:  # noqa: ANN401 - a leaf of a document
    return "-" if value is None else str(value)


def _fill_at(result: Result, row: int) -> "pd.DataFrame":
    """Return one fill, or a row of NaN behind the last one."""
    frame = result.fills_frame
    decided = result.path.time[result.fills["cause"]]
    frame["decided"] = decided.astype("datetime64[ms]")
    frame["decided"] = frame["decided"].dt.tz_localize("UTC")
    return frame.iloc[row : row + 1].reset_index(drop=True).reindex([0])


def _cells(found: Comparison) -> Iterator[list[str]]:
    """Yield the leading numbers as text, the names of the columns first."""
    table = found.table.loc[list(LEADING)]
    yield ["", *table]
    for name, values in zip(LEADING, table.to_numpy().tolist(), strict=True):
        yield [name, *map(number, values)]


def _lines(found: Comparison) -> Iterator[str]:
    yield f"Comparison of {plural(len(found.runs), 'run')}"
    head, *rows = _cells(found)
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    for line in (head, *rows[: len(rows) // 2]):
        yield "  ".join(
            one.ljust(wide) if i == 0 else one.rjust(wide)
            for i, (one, wide) in enumerate(zip(line, widths, strict=True))
        )[:100]
    inputs = found.inputs
    yield f"inputs that differ: {', '.join(inputs.index[:INPUTS_SHOWN]) or 'none'}"
    yield _say_fills(found)
    if (first := found.first_fill) is not None:
        yield from (f"  {one}" for one in _say_each(first))


def _say_fills(found: Comparison) -> str:
    same, counts = found.same_fills, [len(one.fills) for one in found.runs.values()]
    if set(counts) == {same}:
        return f"fills: the same {same:,}"
    return f"fills: {', '.join(f'{one:,}' for one in counts)}, the first {same:,} the same; then"


def _say_each(first: "pd.DataFrame") -> Iterator[str]:
    for label, fill in zip(first.index, first.to_dict("records"), strict=True):
        yield f"{_cut(str(label))}: {_say_fill(fill)}"


def _say_fill(fill: Mapping[Hashable, Any]) -> str:
    if fill["time"] != fill["time"]:
        return "none"
    return (
        f"{fill['side']} {fill['size']:.8g} {fill['product']} at {fill['price']:,.8g}, fee "
        f"{fill['fee']:,.8g}, {fill['time'].isoformat()[:16]}Z"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        tag("tr", *(tag(kind, esc(one), style=CELL) for one in line), style="background:none")
        for kind, line in (("th", head), *(("td", row) for row in rows))
    ]
    table = tag("table", *lines, style="border-collapse:collapse;font-size:13px;margin:10px 0")
    return tag("div", table, style="overflow-x:auto")


def _cut(text: str) -> str:
    """Return a text of bounded length, its ends, where labels and values differ."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}...{text[3 - LONGEST // 2 :]}"
