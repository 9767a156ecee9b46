"""Seals: declared, kept, opened once, and never forgotten."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.backtest.seals import admit, refuse_sealed
from gpt_trader.backtest.trials import books, of_data, record
from gpt_trader.data.catalog import product_for
from gpt_trader.data.resample import resample
from gpt_trader.errors import StorageError, UsageError, ValidationGateError
from tests.strategies_helpers import random_bars

HOUR = 3_600_000
DAY = 24 * HOUR
SEAL = 50 * DAY
NOW = 1_000 * DAY


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "state"


def market(days=100, name="BTC-USD", interval_ms=HOUR):
    bars = random_bars(days * DAY // interval_ms, 3, interval_ms=interval_ms)
    return replace(bars, product=product_for(name))


def trial(bars, name="one", label=None):
    return replace(of_data(name, [bars], label), id=name)


def let_in(root, bars, name="one", after=None, unseal=False, now=NOW, label=None):
    return admit(
        root, trial(bars, name, label), [bars], sealed_after_ms=after, unseal=unseal, now_ms=now
    )


def before(bars):
    return bars[: int(np.searchsorted(bars.time, SEAL))]


def test_without_a_seal_nothing_is_written_and_everything_is_read(root, tmp_path):
    assert let_in(root, market()) is None
    assert not root.exists()
    assert not (tmp_path / "share").exists()


def test_what_is_sealed_is_read_by_nobody_until_it_is_opened(root):
    bars = market()
    found = let_in(root, before(bars), after=SEAL)
    assert (found.after_ms, found.opened_ms, found.seen_by) == (SEAL, None, 0)
    assert let_in(root, before(bars), "two").opened_ms is None
    with pytest.raises(ValidationGateError, match="from 1970-02-20 on are sealed") as raised:
        let_in(root, bars, "two")
    assert "--to 1970-02-20" in raised.value.hint
    other = replace(random_bars(100 * 24, 4), product=product_for("ETH-USD"))
    assert let_in(root, other) is None


def test_one_trial_opens_it_once_and_for_ever(root):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    opened = let_in(root, bars, unseal=True)
    assert (opened.after_ms, opened.opened_ms) == (SEAL, NOW)
    assert let_in(root, bars, unseal=True, now=NOW + DAY).opened_ms == NOW  # the same, again
    assert let_in(root, bars) is None  # and without the flag: it is open
    assert let_in(root, bars, "two") is None
    with pytest.raises(ValidationGateError, match="were opened on 1972-09-27 by one"):
        let_in(root, bars, "two", unseal=True)


def test_by_another_name_they_are_the_same_days(root):
    bars, renamed = market(), market(name="XBT-USD")
    let_in(root, before(bars), after=SEAL)
    let_in(root, bars, unseal=True)
    let_in(root, before(renamed), "two", after=SEAL)
    with pytest.raises(ValidationGateError, match=r"opened .* by one"):
        let_in(root, renamed, "two", unseal=True)


def test_a_copy_by_another_name_is_sealed_before_anybody_opened(root):
    bars, renamed = market(), market(name="XBT-USD")
    let_in(root, before(bars), after=SEAL)
    for unseal in (False, True):
        with pytest.raises(ValidationGateError, match="BTC-USD from 1970-02-20 on are sealed"):
            let_in(root, renamed, "two", unseal=unseal)
    assert let_in(root, before(renamed), "two") is None


def test_the_same_market_from_elsewhere_is_sealed_too(root):
    bars = replace(random_bars(100 * 24, 3, size=30_000), product=product_for("BTC-USD"))
    off = np.random.default_rng(1).normal(1.0, 2e-3, len(bars))
    close = np.round(bars.close * off).astype(np.int64)
    other = replace(
        bars, open=close, high=close, low=close, close=close, product=product_for("XBT-USDT")
    )
    let_in(root, before(bars), after=SEAL)
    with pytest.raises(ValidationGateError, match="BTC-USD from 1970-02-20 on are sealed"):
        let_in(root, other, "two")
    let_in(root, bars, unseal=True)
    let_in(root, before(other), "two", after=SEAL)
    with pytest.raises(ValidationGateError, match=r"opened .* by one"):
        let_in(root, other, "two", unseal=True)


def test_who_reads_bars_without_a_trial_is_refused_as_well(root):
    bars, renamed = market(), market(name="XBT-USD")
    refuse_sealed([bars])
    let_in(root, before(bars), after=SEAL)
    refuse_sealed([before(bars), market(10, "ETH-USD")])
    for one in (bars, renamed):
        with pytest.raises(ValidationGateError, match="BTC-USD from 1970-02-20 on are sealed"):
            refuse_sealed([one])
    let_in(root, bars, unseal=True)
    refuse_sealed([bars, renamed])


def test_another_state_folder_remembers(root, tmp_path):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    with pytest.raises(ValidationGateError, match="sealed"):
        let_in(tmp_path / "other", bars)


def test_who_had_read_it_before_is_counted(root):
    bars = market()
    record(books(root), [trial(bars, "early"), trial(bars, "too")], now_ms=NOW)
    record(books(root), [trial(before(bars), "fair")], now_ms=NOW)
    assert let_in(root, before(bars), after=SEAL).seen_by == 2
    assert let_in(root, bars, unseal=True).seen_by == 2


def test_a_later_seal_is_another_one(root):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    let_in(root, bars[: 80 * 24], unseal=True)
    later = 80 * DAY
    assert let_in(root, bars[: 80 * 24], "two", after=later).after_ms == later
    assert let_in(root, bars, "two", unseal=True).after_ms == later


def test_what_cannot_be_opened(root):
    bars = market()
    with pytest.raises(UsageError, match="nothing is sealed"):
        let_in(root, bars, unseal=True)
    with pytest.raises(UsageError, match="nothing is sealed from there on"):
        let_in(root, bars, after=SEAL, unseal=True)
    with pytest.raises(ValidationGateError):  # it seals what it holds
        let_in(root, bars, after=SEAL)


def test_synthetic_bars_are_another_market(root):
    bars = market()
    let_in(root, before(bars), after=SEAL, label="synthetic: no profit")
    assert let_in(root, bars) is None


def test_a_ledger_that_cannot_be_written_seals_nothing(root):
    root.parent.mkdir(exist_ok=True)
    root.write_text("a file")
    with pytest.raises(StorageError, match="ledger of seals"):
        let_in(root, before(market()), after=SEAL)


def test_days_that_were_opened_are_known_from_any_interval_and_date(root):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    let_in(root, bars, unseal=True)
    longer = replace(resample(bars, 4 * HOUR), product=product_for("XBT-USD"))
    let_in(root, before(longer), "two", after=SEAL + 7 * DAY)
    with pytest.raises(ValidationGateError, match=r"opened .* by one"):
        let_in(root, longer, "two", unseal=True)


def test_a_trial_is_named_by_its_market():
    found = of_data("x", [market()], "synthetic: no profit")
    assert (found.id, found.strategy, found.products) == ("", "x", ("synthetic BTC-USD",))
    assert (found.first_ms, found.last_ms) == (0, 100 * DAY - HOUR)


def lose(path):
    path.unlink()


def move_the_day(path):
    path.write_text(path.read_text().replace(str(SEAL), str(10 * SEAL)))


def say_it_was_opened(path):
    path.write_text(path.read_text().replace('"opened_ms": null', '"opened_ms": 5'))


def spoil(path):
    path.write_text(path.read_text().replace(str(SEAL), '"never"'))


@pytest.mark.parametrize("harm", [lose, move_the_day, say_it_was_opened, spoil])
@pytest.mark.parametrize("where", ["state/seals.jsonl", "share/gpt-trader/seals.jsonl"])
def test_a_seal_outlives_the_loss_or_change_of_one_of_its_ledgers(root, tmp_path, harm, where):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    harm(tmp_path / where)
    with pytest.raises(ValidationGateError, match="from 1970-02-20 on are sealed"):
        let_in(root, bars, "two")
    with pytest.raises(ValidationGateError, match="from 1970-02-20 on are sealed"):
        refuse_sealed([bars])
    let_in(root, bars, unseal=True)
    with pytest.raises(ValidationGateError, match=r"opened .* by one"):
        let_in(root, bars, "two", unseal=True)


def test_a_seal_outlives_the_anchor_and_the_state_folder(root, tmp_path):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    (tmp_path / "share" / "gpt-trader" / "seals.json").unlink()
    (root / "seals.jsonl").unlink()
    for read in (lambda: let_in(root, bars, "two"), lambda: refuse_sealed([bars])):
        with pytest.raises(ValidationGateError, match="from 1970-02-20 on are sealed"):
            read()


def test_who_opened_it_is_known_from_either_ledger(root, tmp_path):
    bars = market()
    let_in(root, before(bars), after=SEAL)
    let_in(root, bars, unseal=True)
    (root / "seals.jsonl").unlink()
    with pytest.raises(ValidationGateError, match=r"opened .* by one"):
        let_in(root, bars, "two", unseal=True)
    assert let_in(root, bars, unseal=True).opened_ms == NOW
