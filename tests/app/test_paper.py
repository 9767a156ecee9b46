"""A session without money from Python: the same journal as the command's, read as frames."""

import threading

import pytest

import gpt_trader as gt
from gpt_trader.errors import ConfigError

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return gt.run_paper("dev", cycles=300, state_dir=tmp_path_factory.mktemp("state"))


def test_a_session_is_run_and_read(session):
    assert len(session.equity) == 300
    assert 0.99 * 900 <= len(session.decisions) <= 900  # a few bars of the market are missing
    assert session.equity.index.is_monotonic_increasing
    assert not session.doubts


def test_it_goes_on_where_it_stopped(tmp_path):
    told, seen = [], []
    for cycles in (5, 7):
        session = gt.run_paper(
            "dev", cycles=cycles, state_dir=tmp_path, on_cycle=seen.append, on_warning=told.append
        )
    assert [cycle.number for cycle in seen] == [*range(1, 13)]
    assert len(session.equity) == 12


def test_settings_are_the_profiles_by_dotted_key(tmp_path):
    session = gt.run_paper(
        "dev",
        settings={"strategy": "sma_cross", "cash": 5_000, "products": ["ETH-USD"]},
        cycles=3,
        state_dir=tmp_path,
    )
    assert set(session.decisions["product"]) == {"ETH-USD"}
    assert session.equity.iloc[0] == 5_000.0
    with pytest.raises(gt.TraderError, match="cashh"):
        gt.run_paper("dev", settings={"cashh": 1}, cycles=1, state_dir=tmp_path)


def test_a_thread_runs_one_too(tmp_path, session):
    found = []
    run = threading.Thread(
        target=lambda: found.append(gt.run_paper("dev", cycles=300, state_dir=tmp_path))
    )
    run.start()
    run.join()
    assert found[0].equity.equals(session.equity)
    assert found[0].fills.equals(session.fills)


def test_no_money_moves(tmp_path):
    with pytest.raises(ConfigError, match="profile canary trades money"):
        gt.run_paper("canary", cycles=1, state_dir=tmp_path)


def test_another_strategy_in_the_same_session_is_told(tmp_path):
    told = []

    def run(strategy, **more):
        chosen = {"strategy": strategy}
        return gt.run_paper("dev", settings=chosen, cycles=2, state_dir=tmp_path, **more)

    run("sma_cross", on_warning=told.append)
    run("sma_cross", on_warning=told.append)
    assert told == []
    assert "ema_trend on BTC-USD" in repr(run("ema_trend", on_warning=told.append))
    with pytest.warns(UserWarning, match="ran ema_trend, and goes on with sma_cross") as warned:
        run("sma_cross")
    assert [one.filename for one in warned] == [__file__]
    assert len(told) == 1


def test_money_is_the_commands_whatever_else_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="prod trades money: that is done by the command alone"):
        gt.run_paper("prod", state_dir=tmp_path)


def test_only_a_session_of_the_state_folder_is_the_only_one(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("gpt_trader.app.folders._of_money", lambda: [tmp_path / "elsewhere"])
    with pytest.raises(gt.TraderError, match="no session"):
        gt.open_session()
