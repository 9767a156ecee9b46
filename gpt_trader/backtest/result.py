"""A finished backtest: what went in, what came out, as values, JSON and frames."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest import frames
from gpt_trader.backtest.halted import remarks, say_halts
from gpt_trader.backtest.identity import say_parameters
from gpt_trader.backtest.kept import KeptRoutes
from gpt_trader.backtest.sources import NOTHING, Sources
from gpt_trader.backtest.undeclared import undeclared
from gpt_trader.backtest.upward import ask
from gpt_trader.data.checks.quality import coverage_pct, digest, find_gaps
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, OrderStyle
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.product import Product
from gpt_trader.domain.selection import Membership
from gpt_trader.domain.text import money_text
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.door import at_the_door
from gpt_trader.kernel.codes import ACT_ENTER, FIRST_REFUSAL
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.assess import Assessment
from gpt_trader.measure.breakdown import Breakdown, break_down
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.excursions import Excursions, measure_excursions
from gpt_trader.measure.measured import Metrics
from gpt_trader.measure.metrics import highest, median
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import RoundTrip, trade_list
from gpt_trader.observe.provenance import sources_sha256
from gpt_trader.plain import plain_dict
from gpt_trader.risk.guards import decision_name
from gpt_trader.risk.policy import RiskPolicy

if TYPE_CHECKING:
    import pandas as pd

    from gpt_trader.backtest.notebook.drawing import Drawing
    from gpt_trader.backtest.notebook.framed import FramedPage
    from gpt_trader.observe.explanation import Explanation

Ints = NDArray[np.int64]
Rows = NDArray[np.void]
RUN_ID_DIGITS = 16


History = Bars | Loaded


@dataclass(frozen=True, slots=True)
class DataUsed:
    """One product's bars: interval as text, bars counted, first and last open in int64 ms.

    gaps, missing_bars, coverage_pct and sha256 are of the bars that were read: where longer bars
    were made of them, of the finer ones.
    """

    product: str
    interval: str
    bars: int
    first: int
    last: int
    gaps: int
    missing_bars: int
    coverage_pct: float
    sha256: str


@dataclass(frozen=True, slots=True)
class StrategyUsed:
    """One route: a strategy, its parameters, its products, share of equity and order style.

    source_sha256: of the file that brings the strategy, of what is loaded where there is none
    (`identity.code_sha256`); None if it is built in. sources: what else its code rests on.
    loaded_sha256: of what is loaded where that file does not say all; else None.
    """

    name: str
    params: Mapping[str, Any]
    products: tuple[str, ...]
    budget: float
    style: OrderStyle
    source_sha256: str | None = None
    sources: Sources = NOTHING
    loaded_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall time in seconds; bars_per_s counts bars of all products over features + simulate."""

    load_s: float
    features_s: float
    simulate_s: float
    checks_s: float
    assess_s: float
    total_s: float
    bars_per_s: float | None


@dataclass(frozen=True, slots=True)
class TermsUsed:
    """The terms of a run; risk None: no policy."""

    costs: CostModel
    risk: RiskPolicy | None
    close_at_end: bool
    engine: str


@dataclass(frozen=True, slots=True)
class Halts:
    """When the drawdown limit ended entries, int64 ms (None: never); days the loss limit did.

    ruin: the bar, int64 ms, at whose close no equity was left; what was held was sold there.
    """

    drawdown: int | None
    loss_days: int
    ruin: int | None = None


@equal_by_fields
@dataclass(frozen=True)
class Result:
    """A backtest's outcome. Arrays are those of `path`; label: "synthetic", or None.

    histories: the bars, one entry a product. decision_counts: (p, N_CODES) int64. refusals: (k,
    3) int64 grid row, product and code at which a run of the same refusal begins.

    assessment: how far the outcome can be trusted; None if that was not asked for.
    interrupted: it ended before its data did. detail: finer bars that decided what happened inside
    a bar, one series a product; none without. universe: what decided who may be held; None: nothing
    did. earlier: bars before the run on which the strategies warmed up, one series a product.
    reads: bars that market strategies read and did not trade, by name.
    kept: the strategies themselves. members: who could be held when; None: all, always.
    """

    histories: tuple[History, ...]
    strategy: tuple[StrategyUsed, ...]
    terms: TermsUsed
    metrics: Metrics
    checks: Checks
    timing: Timing
    path: Path
    trade_rows: Rows
    decision_counts: Ints
    refusals: Ints
    halts: Halts
    notes: tuple[str, ...] = ()
    label: str | None = None
    assessment: Assessment | None = None
    interrupted: bool = False
    detail: tuple[Bars, ...] = ()
    universe: Mapping[str, Any] | None = None
    earlier: tuple[Bars, ...] = ()
    kept: KeptRoutes = field(default_factory=KeptRoutes, compare=False)
    members: Membership | None = None
    reads: Mapping[str, Bars] = EMPTY

    def __repr__(self) -> str:
        said: str = ask("backtest.notebook.in_words:text", self)
        return said

    def _repr_html_(self) -> str:
        found: str = ask("backtest.notebook.cell:html", self)
        return found

    def plot(self) -> "Drawing":
        """Draw equity, beside buy and hold, and drawdown: a notebook shows it, `save` keeps it."""
        drawn: Drawing = ask("backtest.notebook.cell:plot", self)
        return drawn

    def report(self) -> "FramedPage":
        """Return the command's `--report`: a notebook shows it in a frame, `save` keeps it."""
        from gpt_trader.backtest.notebook.framed import FramedPage  # noqa: PLC0415

        return FramedPage(f"Backtest {self.run_id}", ask("backtest.report:html", self))

    @at_the_door
    def save(self, path: FilePath | str) -> FilePath:
        """Write the report as a page, *.html; return where. Raises UsageError or StorageError."""
        return self.report().save(path)

    @at_the_door
    def why(self, product: str, time: "str | int | datetime | np.datetime64") -> "Explanation":
        """Explain the decision at the bar open at a time: `why.why`, as `gpt-trader why` does.

        time: text, epoch ms, or a datetime of Python, pandas or numpy; UTC without a zone.
        """
        found: Explanation = ask("backtest.why:why", self, product, time)
        return found

    @property
    def warmed_up(self) -> tuple[int, ...]:
        """Of each product, the bars before the run on which its strategy warmed up."""
        return tuple(map(len, self.earlier)) or (0,) * len(self.histories)

    @cached_property
    def data(self) -> tuple[DataUsed, ...]:
        """What went in, one entry a product."""
        return tuple(data_used(one) for one in self.histories)

    @cached_property
    def detail_used(self) -> tuple[DataUsed, ...]:
        """The finer bars, one entry a product; empty without."""
        return tuple(data_used(one) for one in self.detail)

    @cached_property
    def reads_used(self) -> dict[str, DataUsed]:
        """The series that were only read, by name."""
        return {name: data_used(one) for name, one in self.reads.items()}

    @property
    def products(self) -> tuple[Product, ...]:
        """The products in the order of the fills' product index."""
        return tuple(bars.product for bars in self.path.bars)

    @property
    def fills(self) -> Rows:
        """Every fill, (m,) FILL_DTYPE, in time order."""
        return self.path.fills

    @cached_property
    @in_plain_decimals
    def trades(self) -> list[RoundTrip]:
        """Every trade in order of entry; an open one has no exit."""
        return trade_list(
            self.trade_rows,
            products=self.products,
            time=self.path.time,
            last_ticks=self.path.last_ticks,
        )

    @cached_property
    @in_plain_decimals
    def breakdown(self) -> Breakdown:
        """The run by product, side, reason, weekday, calendar period, drawdown and guard."""
        return break_down(self.path, self.trade_rows, self.decision_counts)

    @cached_property
    @in_plain_decimals
    def excursions(self) -> Excursions:
        """How far each trade went against us and for us, in the order of `trades`."""
        return measure_excursions(self.path, self.trade_rows)

    @cached_property
    def run_id(self) -> str:
        """Digest of data, code, terms and fills: the same run has it again, on either engine."""
        terms = asdict(self.terms)
        del terms["engine"]
        inputs = {
            "data": [asdict(d) for d in self.data],
            "detail": [asdict(d) for d in self.detail_used],
            "products": [asdict(bars.product) for bars in self.path.bars],
            "strategy": [_identity(s) for s in self.strategy],
            "terms": terms,
            "cash": self.path.start_units,
            "code": sources_sha256(),
            "universe": None if self.universe is None else dict(self.universe),
        }
        if any(self.warmed_up):
            inputs["earlier"] = [digest(bars) for bars in self.earlier]
        if self.reads:
            inputs["reads"] = {name: asdict(one) for name, one in self.reads_used.items()}
        text = json.dumps(inputs, sort_keys=True, default=str)
        told = hashlib.sha256(text.encode())
        told.update(np.ascontiguousarray(self.fills).tobytes())
        return told.hexdigest()[:RUN_ID_DIGITS]

    @property
    def costs_label(self) -> str | None:
        """What is said of costs below the worst tier's; None if there is nothing to say."""
        costs, time = self.terms.costs, self.path.time
        lower = costs.below_default(int(time[0]), int(time[-1]))
        words = [f"{name} {rate:g} < {worst:g} bps" for name, (rate, worst) in lower.items()]
        if costs.fee_tier != "worst" and {"taker", "maker"} & set(lower):
            words.insert(0, f"fees of tier {costs.fee_tier}")
        return f"lower than the worst tier: {', '.join(words)}" if words else None

    @property
    def decisions(self) -> dict[str, dict[str, int]]:
        """How many decisions ended how, of all products, the commonest first."""
        totals = self.decision_counts.sum(axis=0)
        groups: dict[str, dict[str, int]] = {"held": {}, "acted": {}, "refused": {}}
        for code in np.argsort(-totals, kind="stable").tolist():
            if totals[code]:
                kind = (
                    "refused" if code >= FIRST_REFUSAL else "acted" if code >= ACT_ENTER else "held"
                )
                groups[kind][decision_name(code)] = int(totals[code])
        return groups

    def to_pandas(self) -> "pd.DataFrame":
        """Return the file `--equity`, by the bars' open, UTC: see `frames.equity_frame`."""
        return frames.equity_frame(self.path)

    @property
    def equity(self) -> "pd.Series[float]":
        """Equity at each close, float64 quote, by the bar's open, UTC."""
        return frames.equity_frame(self.path)["equity"]

    @property
    def returns(self) -> "pd.Series[float]":
        """Change of the equity in each bar, a fraction; NaN where none was left to change."""
        return frames.returns(self.path)

    @property
    def positions(self) -> "pd.DataFrame":
        """Base units held at each close, float64, a column a product; short is below 0."""
        return frames.positions(self.path)

    @property
    def weights(self) -> "pd.DataFrame":
        """Share of the equity held at each close, float64, a column a product."""
        return frames.weights(self.path)

    @property
    def fills_frame(self) -> "pd.DataFrame":
        """A row a fill: see `frames.fills_frame`."""
        return frames.fills_frame(self.path)

    @property
    def orders_frame(self) -> "pd.DataFrame":
        """A row an order that filled: see `frames.orders_frame`."""
        return frames.orders_frame(self.path)

    @property
    def trades_frame(self) -> "pd.DataFrame":
        """A row a trade: see `frames.trades_frame`."""
        return frames.trades_frame(self.path, self.trade_rows)

    @property
    def undeclared(self) -> tuple[str, ...]:
        """What the run rests on that nobody declared or checked, a few words each."""
        return undeclared(self.checks, self.assessment, self.terms.costs, self.path, self.label)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What kept it from entering: limits reached, shorts of spot, never an opinion."""
        drawdown, ruin = _time(self.halts.drawdown), _time(self.halts.ruin)
        return remarks(say_halts(drawdown, self.halts.loss_days, ruin), self.decisions)

    @in_plain_decimals
    def to_json_dict(self) -> dict[str, Any]:
        """Return the `data` of the command's JSON: money as text, undefined as None.

        Only of what JSON gives back equal: dicts, lists, texts, numbers, booleans, None.
        """
        return plain_dict(
            {
                "run_id": self.run_id,
                "label": self.label,
                "undeclared": list(self.undeclared),
                "engine": self.terms.engine,
                "interrupted": self.interrupted,
                "data": [
                    _data_json(one) | {"warmed_up_on": bars}
                    for one, bars in zip(self.data, self.warmed_up, strict=True)
                ],
                "detail": [_data_json(one) for one in self.detail_used],
                "reads": [
                    {"name": name} | _data_json(one) for name, one in self.reads_used.items()
                ],
                "universe": None if self.universe is None else dict(self.universe),
                "strategy": [_strategy_json(one) for one in self.strategy],
                "costs": asdict(self.terms.costs) | {"label": self.costs_label},
                "risk": None if self.terms.risk is None else asdict(self.terms.risk),
                "close_at_end": self.terms.close_at_end,
                "cash": money_text(Decimal(self.path.start_units) / UNITS_PER_QUOTE),
                "result": _metrics_json(self.metrics),
                "breakdown": _breakdown_json(self.breakdown),
                "excursions": _excursions_json(self.excursions),
                "decisions": self.decisions,
                "halts": {
                    "drawdown": _time(self.halts.drawdown),
                    "loss_days": self.halts.loss_days,
                    "ruin": _time(self.halts.ruin),
                },
                "checks": {
                    "asked": self.checks.asked,
                    "data": [one.to_json_dict() for one in self.checks.data],
                    "lookahead": self.checks.lookahead_json(),
                    "warmup": {"bars": self.checks.warmup_bars, "ok": self.checks.warmup_ok},
                },
                "assessment": None if self.assessment is None else self.assessment.to_json_dict(),
                "timing": asdict(self.timing),
            }
        )


def data_used(one: History) -> DataUsed:
    """Describe a history; a digest takes longer than simulating it, so only when asked."""
    bars = one.bars if isinstance(one, Loaded) else one
    gaps = one.report.gaps if isinstance(one, Loaded) else find_gaps(bars.time, bars.interval_ms)
    return DataUsed(
        product=bars.product.product_id,
        interval=format_interval(bars.interval_ms),
        bars=len(bars),
        first=int(bars.time[0]),
        last=int(bars.time[-1]),
        gaps=gaps.count,
        missing_bars=gaps.missing_bars,
        coverage_pct=one.report.coverage_pct
        if isinstance(one, Loaded)
        else coverage_pct(len(bars), gaps),
        sha256=one.report.sha256 if isinstance(one, Loaded) else digest(bars),
    )


def _time(ms: int | None) -> str | None:
    return None if ms is None else format_time(ms)


def _data_json(used: DataUsed) -> dict[str, Any]:
    return asdict(used) | {"first": format_time(used.first), "last": format_time(used.last)}


def _identity(used: StrategyUsed) -> dict[str, Any]:
    """Return what a run id tells of a strategy."""
    told = asdict(used) | {"params": say_parameters(used.params)}
    if used.loaded_sha256 is None:
        del told["loaded_sha256"]
    return told


def _strategy_json(used: StrategyUsed) -> dict[str, Any]:
    return {
        "name": used.name,
        "params": say_parameters(used.params),
        "products": list(used.products),
        "budget": used.budget,
        "order_style": asdict(used.style),
        "source_sha256": used.source_sha256,
        "loaded_sha256": used.loaded_sha256,
        **asdict(used.sources),
    }


def _metrics_json(metrics: Metrics) -> dict[str, Any]:
    values = ((f.name, getattr(metrics, f.name)) for f in fields(metrics))
    return {name: money_text(v) if isinstance(v, Decimal) else v for name, v in values}


def _breakdown_json(breakdown: Breakdown) -> dict[str, Any]:
    out = {
        name: [_money_as_text(asdict(row)) for row in rows]
        for name, rows in (
            (f.name, getattr(breakdown, f.name)) for f in fields(breakdown) if f.name != "guards"
        )
    }
    for row in out["drawdowns"]:
        for key in ("start", "trough", "end"):
            row[key] = _time(row[key])
    return out | {"guards": breakdown.guards}


def _excursions_json(excursions: Excursions) -> dict[str, float | None]:
    return {
        "median_mae_pct": median(excursions.mae_pct),
        "worst_mae_pct": highest(excursions.mae_pct),
        "median_mfe_pct": median(excursions.mfe_pct),
        "best_mfe_pct": highest(excursions.mfe_pct),
    }


def _money_as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {name: money_text(v) if isinstance(v, Decimal) else v for name, v in row.items()}
