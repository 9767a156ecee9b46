"""What trading cost: from gross to net, and what would be left at other costs."""

from collections.abc import Iterator, Sequence

import numpy as np

from gpt_trader.backtest.report.chart import PagePart, Ticks, empty, figure, plot, value_axis
from gpt_trader.backtest.report.returns import upright
from gpt_trader.backtest.report.scale import WIDE, Scale, reach, ticks
from gpt_trader.backtest.report.svg import esc, line, mark, n1, percent_of, tag, view
from gpt_trader.backtest.report.words import compact, number, percent
from gpt_trader.measure.assess import Assessment, Sensitivity

ROW = 44.0
HEIGHT = 220.0


def waterfall(
    gross: float, costs: Sequence[tuple[str, float]], funding: float, net: float
) -> PagePart:
    """Return gross profit, each cost taken from it and what is left, as floating bars.

    gross, net, the costs (name, amount paid) and the funding paid (below 0: received) are quote;
    gross less all of them is net.
    """
    key, title = "waterfall", "From gross to net"
    if not any(paid for _, paid in costs) and gross == 0.0:
        return empty(key, title, "No fills: nothing was earned and nothing was paid.")
    steps, left = [("gross", 0.0, gross)], gross
    for name, paid in [*costs, ("funding", funding)] if funding else costs:
        steps.append((name, left, left - paid))
        left -= paid
    steps.append(("net", 0.0, net))
    x = Scale(*reach([v for _, a, b in steps for v in (a, b)], zero=True, pad=0.3), 0.0, WIDE)
    height = ROW * len(steps)
    bars = [_bar(i, name, x.at(a), x.at(b), len(steps)) for i, (name, a, b) in enumerate(steps)]
    labels = [_label(i, x.at(a), x.at(b), b - a) for i, (_, a, b) in enumerate(steps)]
    rows = Ticks(tuple((ROW * (i + 0.5), name) for i, (name, _, _) in enumerate(steps)))
    total = sum(paid for _, paid in costs)
    says = f"Trading earned {number(gross, sign=True)} before costs of {number(total)}."
    if gross > 0.0:
        says += f" Costs took {percent(total / gross * 100.0, 0)} of it."
    if funding:
        says += f" Funding {'took' if funding > 0.0 else 'brought'} {number(abs(funding))}."
    values = ticks(x.low, x.high, 4)
    drawn = plot(
        key, height, f"{title}. {says}", view(height, *bars),
        tag("line", x1=percent_of(x.at(0.0)), x2=percent_of(x.at(0.0)), y1=0, y2=n1(height),
            class_="base"),
        tag("g", *labels, class_="amounts"),
        x=Ticks(tuple((x.at(v), compact(v)) for v in values), frozenset(range(1, len(values), 2))),
        y=rows,
    )  # fmt: skip
    return PagePart(figure(key, title, says, drawn, more="rows"))


def _bar(row: int, name: str, a: float, b: float, count: int) -> str:
    top, bottom = ROW * row + 11.0, ROW * (row + 1) - 11.0
    ends = row in {0, count - 1}
    kind = "total" if b > a or (ends and b == a) else "loss"
    left, right = min(a, b), max(a, b, min(a, b) + 1.5)
    bar = f"M{n1(left)} {n1(top)}H{n1(right)}V{n1(bottom)}H{n1(left)}Z"
    link = "" if row == count - 1 else f"M{n1(b)} {n1(bottom)}V{n1(bottom + 22.0)}"
    return tag("path", d=bar, class_=f"bar {kind}", data_step=name) + (
        tag("path", d=link, class_="line link") if link else ""
    )


def _label(row: int, a: float, b: float, amount: float) -> str:
    """Return a bar's amount beside it, on the side with room."""
    left, right = min(a, b), max(a, b)
    outside_right = right < WIDE * 0.8
    return tag(
        "text",
        esc(number(amount, sign=True)),
        x=percent_of(right if outside_right else left),
        dx=6 if outside_right else -6,
        y=n1(ROW * (row + 0.5) + 4.0),
        class_="note-right" if outside_right else "note-left",
    )


def curve(assessment: Assessment | None, paid_bps: float | None) -> PagePart:
    """Return the return at other fees, and the cost at which nothing is left.

    paid_bps: what each unit of value traded cost here; None if nothing was traded.
    """
    key, title = "fees", "Return at other fees"
    if assessment is None:
        return empty(key, title, "Not assessed: the run was not repeated at other costs.")
    found = assessment.sensitivity
    if len(found.costs) < 2:
        return empty(
            key, title, "The run cannot be repeated fast: its strategy decides bar by bar."
        )
    factors = np.array([p.factor for p in found.costs])
    returns = np.array([p.return_pct for p in found.costs])
    x = Scale(float(factors.min()), float(factors.max()), WIDE * 0.02, WIDE * 0.98)
    y = Scale(*reach(returns, zero=True, pad=0.12), HEIGHT, 0.0)
    says = _break_even(found.break_even_bps, paid_bps)
    dots = [mark("dot", "mine", x.at(f), y.at(r)) for f, r in zip(factors, returns, strict=True)]
    names = [
        tag("text", esc(percent(r, 1, sign=True)), x=percent_of(x.at(f)),
            y=n1(y.at(r) - 9.0 if y.at(r) > 20 else y.at(r) + 18.0), class_="note-mid")
        for f, r in zip(factors, returns, strict=True)
    ]  # fmt: skip
    zero_at = crossing(factors.tolist(), returns.tolist())
    guide = (
        ""
        if zero_at is None
        else upright(x.at(zero_at), HEIGHT, f"nothing left at x{zero_at:.2f}", below=HEIGHT - 14.0)
    )
    drawn = plot(
        key, HEIGHT, f"{title}. {says}", guide,
        view(HEIGHT, line(x(factors), y(returns), "mine")), *dots, *names,
        x=Ticks(tuple((x.at(f), f"x{f:g}") for f in factors)),
        y=value_axis(y, "%", 4), zero=y.at(0.0),
    )  # fmt: skip
    return PagePart(figure(key, title, says, drawn, note=" ".join(_say_late(found))))


def _say_late(found: Sensitivity) -> Iterator[str]:
    if found.late is not None:
        made = percent(found.late.return_pct, sign=True)
        yield f"Filled a minute late, as its bars tell: {made}."
    late = found.delayed_return_pct
    if late is None:
        return
    yield (
        f"Every target one bar later: {percent(late, sign=True)}, "
        f"Sharpe {number(found.delayed_sharpe)}."
    )
    if late <= 0.0 < next(point.return_pct for point in found.costs if point.factor == 1.0):
        yield "Its edge lives within the first bar after each decision."


def _break_even(break_even_bps: float | None, paid_bps: float | None) -> str:
    if break_even_bps is None:
        return "Nothing was traded, so costs change nothing."
    if break_even_bps <= 0.0:
        return "There was no gross profit: even free trading would not have made money."
    paid = "" if paid_bps is None else f"; it did cost {number(paid_bps, 0)}"
    return f"Nothing is left once a trade costs {number(break_even_bps, 0)} bps of its value{paid}."


def crossing(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the first x at which the line through the points crosses 0; None if it does not."""
    for a, b, left, right in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
        if left * right < 0.0:
            return a + (b - a) * left / (left - right)
    return None
