"""A session's journal as frames: what it decided, filled and was worth, also while it runs."""

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gpt_trader.app.opened import open_session
from gpt_trader.app.request import RunRequest
from gpt_trader.app.run import UNSEEN, run
from gpt_trader.errors import UsageError
from gpt_trader.runtime.session import JOURNAL
from gpt_trader.runtime.stop import Stop
from tests.backtest.notebook.cells import check_cell
from tests.session_helpers import call

FLAGS = {"synthetic.bars": 420}


def started(state_dir, on_cycle=None, cycles=None):
    """Run a session on a market of the past to its end."""

    view = UNSEEN
    if on_cycle is not None:
        view = replace(view, cycles=lambda _record, _expected: nullcontext(on_cycle))
    return run(RunRequest("dev", flags=FLAGS, cycles=cycles, state_dir=state_dir), view, Stop())


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    started(folder)
    return folder


@pytest.fixture(scope="module")
def session(state_dir):
    return open_session(state_dir / "dev")


def test_decisions_are_those_that_why_tells(session, state_dir, capsys):
    found = session.decisions
    assert len(found) > 300
    assert set(found["action"]) >= {"buy", "hold"}
    product = found["product"].iloc[0]
    mine = found[found["product"] == product].reset_index(drop=True)
    code, out, _ = call(
        capsys, "why", product, "--last", len(mine), "-p", "dev", "--state-dir", state_dir, "--json"
    )
    told = pd.DataFrame(json.loads(out)["data"]["decisions"])
    assert code == 0
    np.testing.assert_array_equal(mine["close"], told["close"].astype(float))
    np.testing.assert_array_equal(mine["position"], told["position"].astype(float))
    np.testing.assert_array_equal(mine["target_weight"], told["target_weight"].astype(float))
    assert list(mine["action"]) == list(told["action"])
    assert list(mine["code"]) == [one[0]["code"] for one in told["reasons"]]
    assert list(mine["client_order_id"].dropna()) == [o["client_order_id"] for o in told["order"]
                                                      if o is not None]  # fmt: skip
    assert str(found["time"].dtype) == "datetime64[ms, UTC]"
    assert (found["decided_at"] > found["time"]).all()


def test_fills_and_equity_add_up(session):
    fills, equity = session.fills, session.equity
    assert len(fills) > 3
    assert set(fills["client_order_id"]) >= set(
        session.decisions["client_order_id"].dropna()
    ) & set(fills["client_order_id"])
    assert equity.index.is_monotonic_increasing
    assert len(equity) == session.decisions["time"].nunique()
    first = fills["time"].iloc[0]
    assert (equity[equity.index < first] == 10_000.0).all()
    assert equity.iloc[-1] != 10_000.0
    assert dict(fills.dtypes.astype(str))["price"] == "float64"


def test_a_decision_is_explained_as_the_command_does(session, state_dir, capsys):
    bought = session.decisions.query("action == 'buy'").iloc[0]
    product, time = bought["product"], bought["time"]
    code, out, _ = call(
        capsys, "why", product, "--at", time.isoformat(), "-p", "dev", "--state-dir", state_dir
    )
    assert code == 0
    said = session.why(product, time)
    assert out.split()[: len(repr(said).split())] == repr(said).split(), "but for line breaks"
    assert "BUY" in repr(said)
    same = (time.isoformat(), int(time.timestamp() * 1000), time.to_pydatetime(),
            time.tz_localize(None))  # fmt: skip
    assert all(session.why(product, one).data == said.data for one in same)
    check_cell(said._repr_html_())
    newest = session.why(product)
    assert newest.data["bar_time"][:19] == str(session.decisions["time"].iloc[-1])[:19].replace(
        " ", "T"
    )
    with pytest.raises(UsageError, match="no decision"):
        session.why(product, datetime(2001, 1, 1, tzinfo=UTC))
    with pytest.raises(TypeError, match="expected a time"):
        session.why(product, 1.5)


def test_it_is_read_beside_a_running_bot(tmp_path):
    seen = []

    def look(cycle):
        if cycle.number == 20:
            seen.append(open_session(tmp_path / "dev"))

    started(tmp_path, look, cycles=40)
    [early], late = seen, open_session(tmp_path / "dev")
    assert 0 < early.entries < late.entries
    shared = len(early.decisions)
    assert shared > 0
    pd.testing.assert_frame_equal(late.decisions.iloc[:shared], early.decisions)
    assert len(early.fills) <= len(late.fills)


def test_a_session_is_found_by_folder_journal_or_name(session, state_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(state_dir))
    monkeypatch.chdir(tmp_path)
    folder = state_dir / "dev"
    for path in (folder, str(folder), folder / JOURNAL, "dev", None):
        assert open_session(path).entries == session.entries
    with pytest.raises(UsageError, match="no session in"):
        open_session(tmp_path)
    assert list(Path(tmp_path).iterdir()) == []


def test_a_state_folder_means_its_only_session(session, state_dir, tmp_path):
    assert open_session(state_dir).folder == session.folder
    for name in ("one", "two"):
        shutil.copytree(session.folder, tmp_path / name)
    with pytest.raises(UsageError, match="which session") as caught:
        open_session(tmp_path)
    assert caught.value.hint == f"open {tmp_path / 'one'} or {tmp_path / 'two'}"
    with pytest.raises(UsageError, match="no session in"):
        open_session(tmp_path / "empty")


def test_it_shows_what_it_is(session):
    text = repr(session)
    assert text.startswith("Session dev (dev): ")
    assert len(text.split("\n")) <= 25
    assert f"{len(session.fills)} fills" in text
    check_cell(session._repr_html_())
    assert "<path" in session._repr_html_()
    assert ">equity<" in session._repr_html_()
    assert "out of sample" not in session._repr_html_()
