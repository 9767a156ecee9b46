"""The report as a document: whole, bounded, escaped, and drawn whatever is missing."""

import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.report import html
from gpt_trader.backtest.report.tables import reproduce
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.targets import Targets
from gpt_trader.domain.times import HOUR_MS
from gpt_trader.strategy.sma_cross import SmaCross

PANELS = {
    "equity", "drawdown", "exposure", "rolling", "price-0", "outcomes", "waterfall", "fees",
    "luck", "daily", "months", "guards", "gaps", "metrics", "falls", "breakdown", "terms",
}  # fmt: skip
VOID = {"meta", "link"}


class Reader(HTMLParser):
    """Checks that tags nest, and keeps ids and attributes."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"href", "src", "action"}:
                self.addresses.append(value)
            assert name != "style"  # the policy would refuse it
            assert not name.startswith("on")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids)
    assert all(a.startswith(("#", "data:,")) for a in reader.addresses)
    return reader


def market(products=("BTC-USD",), n=2000, seed=7):
    return synthetic_market(seed=seed, products=products, n_bars=n, interval_ms=HOUR_MS)


@dataclass(frozen=True)
class Hostile:
    """A strategy whose name would be markup."""

    name: ClassVar[str] = "</script><img src=x onerror=alert(1)>&\"'"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def targets(self, bars):
        return Targets(np.ones(len(bars)))


@pytest.fixture(scope="module")
def assessed():
    return backtest(market(), SmaCross(5, 20), assess=True)


def test_every_panel_is_there_in_a_document_that_nests(assessed):
    found = read(html(assessed))
    assert set(found.ids) >= PANELS | {"mae", "mfe"}


def test_the_same_result_gives_the_same_page(assessed):
    assert html(assessed) == html(assessed)


def test_how_to_do_it_again_is_said_by_the_command_alone(assessed):
    text = html(assessed, reproduce(assessed.run_id))
    assert "again" in read(text).ids
    assert f"gpt-trader backtest --reproduce {assessed.run_id}" in text
    assert "--reproduce" not in html(assessed)


def test_what_is_not_there_is_said(assessed):
    text = html(replace(assessed, assessment=None))
    assert set(read(text).ids) >= PANELS
    assert "NOT ASSESSED" in text
    assert "Not assessed" in text


@pytest.mark.parametrize("n", [1, 2, 30, 100])
def test_a_run_without_trades_is_drawn_and_says_so(n):
    result = backtest(market(n=n), SmaCross(100, 200), assess=True)
    text = html(result)
    assert set(read(text).ids) >= PANELS - {"mae", "mfe"}
    assert "No trades." in text
    assert "nan" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL).lower().split()


def test_what_users_wrote_is_escaped():
    text = html(backtest(market(n=200), Hostile(), label="<b>label</b>"))
    read(text)
    assert "<img" not in text
    assert "<b>label" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_each_product_has_a_chart_and_a_button():
    result = backtest(market(("BTC-USD", "ETH-USD", "SOL-USD")), SmaCross(5, 20))
    text = html(result)
    assert {"price-0", "price-1", "price-2"} <= set(read(text).ids)
    assert text.count("data-shows=") == 3


def test_the_readings_are_json_that_ends_with_its_script():
    text = html(backtest(market(), SmaCross(5, 20)))
    body = text.split('id="readings">')[1].split("</script>")[0]
    data = json.loads(body)
    equity = data["series"]["equity"]["values"]
    assert len(equity) == len(data["at"]) <= 600
    assert data["at"] == sorted(data["at"])
    assert len(data["fills"]["price-0"]["x"]) == len(data["fills"]["price-0"]["text"])


def test_a_year_of_three_products_is_small():
    bars = market(("BTC-USD", "ETH-USD", "SOL-USD"), 8760)
    assert len(html(backtest(bars, SmaCross(2, 5), risk=None)).encode()) < 1_500_000


@pytest.mark.compiled
def test_size_does_not_grow_with_length():
    bars = synthetic_market(seed=1, products=("BTC-USD",), n_bars=120_000, interval_ms=60_000)
    assert len(html(backtest(bars, SmaCross(2, 5), risk=None)).encode()) < 700_000
