"""The session's header: typed, versioned, and what a session is told apart by."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.config.load import load_profile
from gpt_trader.domain.order_ids import BARE, MARKED
from gpt_trader.errors import JournalError
from gpt_trader.risk.guards import GUARDS
from gpt_trader.runtime.header import (
    GUARDS_1,
    VERSION,
    Mode,
    as_journaled,
    guards_now,
    header_from_json,
    header_to_json,
    plan_of,
    session_key,
)
from gpt_trader.runtime.wiring import wire

OLD_PRODUCT = {
    "product_id": "BTC-USD",
    "base_increment": "0.00000001",
    "price_increment": "0.01",
    "base_min_size": "0.00000001",
    "quote_min_size": "1",
    "is_perpetual": False,
}
OLD = {  # as the first version wrote a market of the past
    "portfolio": "dev",
    "profile": "dev",
    "interval": "4h",
    "interval_ms": 14_400_000,
    "cash": 1_000_000_000_000,
    "products": [OLD_PRODUCT],
    "routes": [{"strategy": "sma_cross", "params": {"fast": 5}, "budget": 1.0}],
    "costs": [1_200_000, 600_000, 10_000, 20_000, None, 0],
    "limits": [0.25, None, 0.03, 0.15, 20, 28_800_000, 0.25, 2],
    "styles": [[1, 0, 1, 1, 0, 1]],
    "min_bars": [50],
    "window_bars": [50],
    "versions": {"numpy": "2.0"},
    "data": ["ab"],
    "data_ends_ms": 1_700_000_000_000,
    "label": None,
}
OLD_LIVE = OLD | {
    "portfolio": "5f3c",
    "profile": "canary",
    "mode": "live",
    "broker": "coinbase",
    "wallets": {"USD": "100.000000001", "BTC": "0.3"},
    "data": [],
    "fee_tiers": [[0, 120, 60]],
    "rests": [True],
    "exit_timeout_ms": 60_000,
    "max_unreconciled_ms": 300_000,
}


@pytest.fixture
def header():
    settings = load_profile("dev", env={}, flags={"synthetic.bars": 180}).settings
    return wire(settings, None).header


def test_a_header_comes_back_from_its_json(header):
    assert as_journaled(header) == header
    live = replace(header_from_json(OLD_LIVE), wallets={"USD": Decimal("0.00000000000000000001")})
    assert as_journaled(live) == live


def test_limits_and_costs_are_named_and_no_cap_is_null(header):
    written = header_to_json(replace(header, limits=header.limits | {"max_gross": float("inf")}))
    assert written["version"] == VERSION
    assert written["limits"]["max_gross"] is None
    assert written["limits"].keys() == set(header.limits)
    assert written["costs"].keys() == set(header.costs._fields)
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_the_order_of_named_limits_means_nothing(header):
    written = header_to_json(header)
    written["limits"] = dict(reversed(written["limits"].items()))
    assert header_from_json(written).limits == header.limits


def test_an_old_header_of_a_market_of_the_past_is_upgraded():
    found = header_from_json(OLD)
    assert found.mode is Mode.DEV
    assert not found.mode.is_live
    assert found.broker == "paper"
    assert found.wallets == {}
    assert found.costs.participation == float("inf")
    assert (found.costs.impact, found.costs.latency_ms) == (0.0, 0), "came later"
    assert found.limits["max_product"] == 0.25
    assert found.limits["max_gross"] == float("inf")
    assert found.limits["min_multiple"] == 2
    assert found.styles[0].exit_ttl_bars == 1
    assert plan_of(found).exit_timeout_ms == 300_000
    assert as_journaled(found) == found


def test_an_old_header_of_an_account_is_upgraded():
    found = header_from_json(OLD_LIVE)
    assert found.mode is Mode.LIVE
    assert found.mode.trades_money
    assert found.wallets == {"USD": Decimal("100.000000001"), "BTC": Decimal("0.3")}
    assert found.rests == (True,)
    assert plan_of(found).max_unreconciled_ms == 300_000
    assert as_journaled(found) == found


@pytest.mark.parametrize("version", [1, 2])
def test_what_an_old_header_made_had_bare_ids(header, version):
    written = OLD if version == 1 else header_to_json(header) | {"version": 2}
    written.pop("id_form", None)
    assert plan_of(header_from_json(written)).id_form == BARE
    assert plan_of(as_journaled(header)).id_form == MARKED


def test_an_old_header_of_live_prices_without_money_is_upgraded():
    seen = {"mode": "observe", "broker": "observe", "wallets": {}}
    found = header_from_json(OLD | seen | {"data": []})
    assert found.mode.is_live
    assert not found.mode.trades_money
    assert found.broker == "observe"


def test_a_newer_header_is_refused(header):
    newer = header_to_json(header) | {"version": VERSION + 1}
    with pytest.raises(JournalError, match=f"version {VERSION + 1}"):
        header_from_json(newer)
    unknown = header_to_json(header)
    unknown["limits"]["max_moon_phase"] = 0.5
    with pytest.raises(JournalError, match="max_moon_phase"):
        header_from_json(unknown)


@pytest.mark.parametrize("key", ["mode", "broker"])
def test_a_word_that_is_unknown_here_is_refused(header, key):
    with pytest.raises(JournalError, match=f"unknown {key}"):
        header_from_json(header_to_json(header) | {key: "moon"})


def later(monkeypatch):
    """Let there be one guard more, with a limit of its own; return its row."""
    setting = replace(GUARDS[3].setting, key="max_moon_pct", limit="max_moon")
    row = replace(GUARDS[3], code=63, reason="MOON", name="moon", setting=setting)
    monkeypatch.setattr("gpt_trader.runtime.header.GUARDS", (*GUARDS, row))
    return row


def test_a_products_later_fields_are_kept_and_older_headers_lack_them(header):
    assert "quote_increment" not in header_to_json(header)["products"][0]
    more = {"quote_increment": "0.1", "base_max_size": "3400", "quote_max_size": "1E+8"}
    product = header.products[0].with_spec(**{name: Decimal(text) for name, text in more.items()})
    changed = replace(header, products=(product, *header.products[1:]))
    assert header_from_json(header_to_json(changed)) == changed
    assert session_key(changed) == session_key(header)


def test_a_guard_that_came_later_is_not_asked_of_what_was_decided_before(header, monkeypatch):
    before = header_to_json(header)
    row = later(monkeypatch)
    for old in (OLD, OLD_LIVE, before):
        found = header_from_json(old)
        assert row not in plan_of(found).guards
        assert [guard.reason for guard in plan_of(found).guards] == list(GUARDS_1)
        assert row in plan_of(replace(found, guards=guards_now())).guards


def test_a_guard_that_is_unknown_here_is_refused(header):
    unknown = header_to_json(header) | {"guards": [*GUARDS_1, "MOON"]}
    with pytest.raises(JournalError, match="MOON"):
        plan_of(header_from_json(unknown))


def test_what_only_informs_is_no_part_of_the_key(header):
    informs = replace(
        header,
        profile="/elsewhere/dev.yaml",
        label="another",
        versions={"numpy": "1.0"},
        data_ends_ms=0,
        limits=header.limits | {"max_entries": 1},
        costs=header.costs._replace(taker_e8=1),
        routes=tuple(replace(route, params={"model": "0f"}) for route in header.routes),
    )
    assert session_key(informs) == session_key(header)


@pytest.mark.parametrize(
    "change",
    [
        {"portfolio": "other"},
        {"mode": Mode.PAPER},
        {"interval": "1h"},
        {"data": ("other",)},
        {"cash": 1},
        {"products": ()},
    ],
)
def test_another_account_market_or_grid_is_another_session(header, change):
    assert session_key(replace(header, **change)) != session_key(header)


def test_the_key_of_an_old_header_is_that_of_its_upgraded_form():
    for old in (OLD, OLD_LIVE):
        found = header_from_json(old)
        assert session_key(found) == session_key(as_journaled(found))


def test_a_live_session_is_the_same_whatever_it_began_with():
    found = header_from_json(OLD_LIVE)
    later = replace(found, cash=1, wallets={"USD": Decimal(7)}, profile="spot")
    assert session_key(later) == session_key(found)
