"""`gpt-trader replay`: identical, or the first difference."""

import json

import pytest

from gpt_trader.strategy.sma_cross import SmaCross
from tests.session_helpers import CROSS, call, write_market


@pytest.fixture
def session(capsys, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=120)
    assert call(capsys, "-q", "run", "-p", "dev", *CROSS, "--data", data)[0] == 0


def test_a_session_replays_to_the_same_log(session, capsys):
    code, out, err = call(capsys, "replay", "--json")
    assert code == 0
    assert err == ""
    data = json.loads(out)["data"]
    assert data["identical"] is True
    assert data["decisions"] == 101
    head = json.loads(call(capsys, "journal", "verify", "--json")[1])["data"]["head"]
    assert data["head"] == head


def test_another_strategy_shows_the_first_difference(session, capsys, monkeypatch):
    wrong = SmaCross.targets
    monkeypatch.setattr(SmaCross, "targets", lambda self, bars: wrong(SmaCross(4, 20), bars))
    code, out, _ = call(capsys, "replay")
    assert code == 1
    assert "different at entry" in out
    assert "records[" in out
    code, out, _ = call(capsys, "replay", "--json")
    document = json.loads(out)
    assert code == 1
    assert document["ok"] is False
    assert document["data"]["difference"]["recorded"] != document["data"]["difference"]["now"]


def test_other_versions_are_named(session, capsys, monkeypatch):
    from gpt_trader.observe import provenance

    real = provenance.versions
    monkeypatch.setattr(provenance, "versions", lambda: real() | {"numpy": "0.0.1"})
    code, out, err = call(capsys, "replay")
    assert code == 0
    assert "identical" in out
    assert "warning: recorded with numpy" in err
    assert "this is 0.0.1" in err
