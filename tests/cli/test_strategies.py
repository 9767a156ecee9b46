import json

import pytest

from gpt_trader.cli.main import main
from gpt_trader.strategy.registry import builtin_names


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_all_strategies_are_listed_with_their_parameters(capsys):
    assert main(["strategies", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["data"]["strategies"]
    assert [s["name"] for s in listed] == list(builtin_names())
    (sma,) = [s for s in listed if s["name"] == "sma_cross"]
    fast = sma["params"][0]
    assert (fast["name"], fast["default"], fast["type"]) == ("fast", 20, "int")
    assert (fast["low"], fast["high"]) == (1, 2000)
    assert all(s["summary"] and all(p["doc"] for p in s["params"]) for s in listed)


def test_one_strategy_is_shown_whole(capsys):
    assert main(["strategies", "sma_cross"]) == 0
    out = capsys.readouterr().out
    assert "Source:" in out
    assert "1 to 2000" in out
    assert "ema_trend" not in out
