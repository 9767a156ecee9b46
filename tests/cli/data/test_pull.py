"""`gpt-trader data pull | list | show | export` against the stand-in, as a user calls it."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gpt_trader.cli.data import pull
from gpt_trader.cli.data.pull import PullFlags
from gpt_trader.cli.main import main
from gpt_trader.domain.times import format_time
from gpt_trader.errors import Unavailable
from tests.emulator import Fault, serve
from tests.emulator.faults import html, too_many

DAY = 86_400_000


@pytest.fixture
def exchange(tmp_path, monkeypatch):
    with serve() as found:
        monkeypatch.setenv("GPT_TRADER_COINBASE__REST_URL", found.rest_url)
        monkeypatch.setenv("GPT_TRADER_COINBASE__PUBLIC_REQUESTS_PER_S", "1000")
        monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))
        yield found


def run(capsys, *args):
    code = main(["data", *args])
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys, *args):
    code, out, err = run(capsys, *args, "--json")
    assert code == 0, out + err
    return json.loads(out)["data"]


def test_from_nothing_to_a_stored_series(capsys, exchange):
    found = document(capsys, "pull", "btc-usd", "ETH-USD", "--interval", "1h", "--since", "10d")
    assert [(r["product"], r["added"]) for r in found["pulled"]] == [
        ("BTC-USD", 239),
        ("ETH-USD", 239),
    ]
    again = document(capsys, "pull", "BTC-USD", "--interval", "1h", "--since", "10d")
    assert (again["pulled"][0]["pages"], again["pulled"][0]["coverage_pct"]) == (0, 100.0)
    listed = document(capsys, "list")["series"]
    assert [(s["product"], s["bars"], s["sources"]) for s in listed] == [
        ("BTC-USD", 239, ["coinbase"]),
        ("ETH-USD", 239, ["coinbase"]),
    ]
    shown = document(capsys, "show", "BTC-USD")
    assert (shown["bars"], len(shown["rows"]), shown["gaps"]) == (239, 6, [])
    assert shown["rows"][-1]["time"] == format_time(exchange.now_ms - DAY // 12)


def test_tables_say_the_same(capsys, exchange):
    code, out, _ = run(capsys, "list")
    assert (code, "nothing is stored" in out) == (0, True)
    code, out, err = run(capsys, "pull", "QUIET-USD", "-i", "1m", "--since", "12h")
    assert (code, err) == (0, "")
    assert "no trades" in out
    _, out, _ = run(capsys, "list")
    assert "QUIET-USD" in out
    code, out, _ = run(capsys, "show", "QUIET-USD")
    assert (code, "coinbase" in out) == (0, True)


def test_a_dry_run_asks_for_no_bars(capsys, exchange):
    found = document(capsys, "pull", "BTC-USD", "-i", "1m", "--since", "1d", "--dry-run")
    assert found["plan"][0] | {"from": 0, "to": 0} == {
        "product": "BTC-USD", "interval": "1m", "from": 0, "to": 0, "pages": 5, "bars": 1439,
        "seconds": 0.005,
    }  # fmt: skip
    assert {r.path for r in exchange.requests} == {"/api/v3/brokerage/time"}
    _, out, _ = run(capsys, "pull", "BTC-USD", "-i", "1m", "--since", "1d", "--dry-run")
    assert "nothing was asked for" in out


def test_one_unknown_product_does_not_stop_the_others(capsys, exchange):
    code, out, err = run(capsys, "pull", "BTC-USD", "ETH-USDC", "-i", "1h", "--since", "2d")
    assert code == 7
    assert "Coinbase has no product ETH-USDC" in err
    assert "did you mean" in err
    assert "BTC-USD" in out
    assert [s["product"] for s in document(capsys, "list")["series"]] == ["BTC-USD"]
    code, out, _ = run(capsys, "pull", "BTC-USD", "NO-USD", "-i", "1h", "--since", "2d", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (7, "DATA")


@pytest.mark.parametrize(
    "args, code, words",
    [
        (["pull"], 2, "which products?"),
        (["pull", "BTC-USD", "--since", "ages"], 2, "expected a length of time"),
        (["pull", "BTC-USD", "--since", "1y", "--from", "2024-01-01"], 2, "exclude each other"),
        (["pull", "BTC-USD", "--from", "2030-01-01"], 2, "begins before it ends"),
        (["pull", "BTC-USD", "-i", "3m"], 2, "expected a bar interval"),
        (["pull", "../x"], 2, "expected a product id"),
        (["show", "BTC-USD"], 7, "nothing of BTC-USD is stored"),
        (["show", "BTC-USD", "-i", "1h"], 7, "no 1h bars of BTC-USD"),
        (["export", "BTC-USD", "x.csv"], 7, "nothing of BTC-USD is stored"),
    ],
)
def test_bad_input_is_one_line_with_a_way_out(capsys, exchange, args, code, words):
    got, out, err = run(capsys, *args)
    assert (got, out) == (code, "")
    assert words in err
    assert "hint:" in err
    assert "Traceback" not in err


def test_four_hours_are_made_of_one_where_the_exchange_refuses_them(capsys, exchange):
    exchange.refused_granularities.add("FOUR_HOUR")
    found = document(capsys, "pull", "BTC-USD", "-i", "4h", "--since", "10d")
    assert found["pulled"][0]["added"] == 59


def at_once(*products, interval, since=None):
    """Pull without a pause between questions."""
    asked_for = PullFlags(products, interval, since, None, None, None, None)
    pull.run(asked_for, dry_run=False, json=True, sleep=lambda _: None)


def test_no_exchange_exits_5(exchange):
    exchange.faults.add(html(503, path="time", times=None))
    with pytest.raises(Unavailable, match="503") as refused:
        at_once("BTC-USD", interval="1h")
    assert refused.value.exit_code == 5
    assert "asked 6 times" in refused.value.message


def test_two_pulls_at_once(capsys, exchange, tmp_path):
    from gpt_trader.data.store.store import Store, writing

    with writing(Store(tmp_path / "market")):
        code, _, err = run(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "2d")
    assert code == 9
    assert "being written by another process" in err


def test_a_stored_series_is_exported_and_read_back(capsys, exchange, tmp_path):
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "10d")
    shown = document(capsys, "show", "BTC-USD")
    file = tmp_path / "BTC-USD.csv"
    found = document(capsys, "export", "BTC-USD", str(file))
    assert found["sha256"] == shown["sha256"]
    from gpt_trader.data.files.bar_files import load_bars

    assert load_bars(file, product_id="BTC-USD").report.sha256 == shown["sha256"]


def start(exchange, tmp_path, *args):
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ["PYTHONPATH"]])
    environment = os.environ | {"PYTHONPATH": paths}
    command = [sys.executable, "-m", "gpt_trader.cli.main", "data", "pull", *args]
    return subprocess.Popen(
        [sys.executable, "-c", "import sys; from gpt_trader.cli.main import main; sys.exit(main())",
         *command[3:]],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def pages_of(exchange):
    return [
        (int(r.query["start"][0]), int(r.query["end"][0]))
        for r in exchange.requests
        if r.path.endswith("candles") and "ONE_MINUTE" in r.query["granularity"]
    ]


@pytest.mark.parametrize("number, code", [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_an_end_in_the_middle_loses_nothing_and_repeats_nothing(
    capsys, exchange, tmp_path, number, code
):
    args = ("BTC-USD", "-i", "1m", "--since", "5d")
    is_asked, may_answer = threading.Event(), threading.Event()

    def hold(document):
        is_asked.set()
        may_answer.wait(60)
        return document

    exchange.faults.add(Fault(path="candles", skip=8, changes=hold))
    process = start(exchange, tmp_path, *args)
    assert is_asked.wait(60)
    process.send_signal(number)
    may_answer.set()
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    first = pages_of(exchange)
    stored = document(capsys, "list")["series"][0]["bars"]
    assert stored > 5 * 300
    found = document(capsys, "pull", *args)
    assert found["pulled"][0]["added"] + stored == document(capsys, "list")["series"][0]["bars"]
    both = pages_of(exchange)
    twice = len(both) - len(set(both))
    assert twice <= 1, "only the page that was on its way may be asked for again"
    assert len(set(first)) < len(set(both))


def test_faults_on_the_way_are_overcome(capsys, exchange):
    exchange.faults.add(
        too_many(path="candles"),
        html(502, path="candles", skip=1),
        Fault(path="candles", cut="before", skip=1),
        Fault(path="candles", cut="middle"),
    )
    at_once("BTC-USD", interval="1m", since="2d")
    assert json.loads(capsys.readouterr().out)["data"]["pulled"][0]["pages"] == 9


def test_trades_are_stored_and_agree_with_the_bars(capsys, exchange):
    document(capsys, "pull", "BTC-USD", "-i", "5m", "--since", "1d")
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "1d")
    found = document(capsys, "pull", "BTC-USD", "--trades", "--since", "1d")["pulled"][0]
    product = exchange.market.product("BTC-USD")
    tape = exchange.market.tape(product, exchange.now_ms - DAY, exchange.now_ms - 10_000)
    assert found["added"] == len(tape.time)
    assert [(c["interval"], c["differences"]) for c in found["compared"]] == [("5m", 0), ("1h", 0)]
    assert min(c["bars"] for c in found["compared"]) >= 22
    again = document(capsys, "pull", "BTC-USD", "--trades", "--since", "1d")["pulled"][0]
    assert (again["requests"], again["added"]) == (0, 0)


def test_a_bar_that_its_trades_deny_is_named(capsys, exchange):
    def spoil(rows):
        return [rows[0] | {"volume": "123"}, *rows[1:]]

    exchange.faults.add(Fault(path="candles", rows=spoil))
    document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "12h")
    code, out, err = run(capsys, "pull", "BTC-USD", "--trades", "--since", "12h")
    assert code == 0
    assert "bars, 1 numbers differ" in out
    assert "volume is" in err
    assert "123" in err


def test_trades_need_a_beginning_and_no_interval(capsys, exchange):
    code, _, err = run(capsys, "pull", "BTC-USD", "--trades")
    assert (code, "trades since when?" in err) == (2, True)
    code, _, err = run(capsys, "pull", "BTC-USD", "--trades", "--since", "1d", "-i", "1h")
    assert (code, "exclude each other" in err) == (2, True)
    plan = document(capsys, "pull", "BTC-USD", "--trades", "--since", "1d", "--dry-run")["plan"]
    assert plan[0]["hours"] == pytest.approx(24, abs=0.01)


def test_a_full_disk_is_named_and_leaves_the_other_data(capsys, exchange):
    document(capsys, "pull", "ETH-USD", "-i", "1h", "--since", "10d")
    before = document(capsys, "show", "ETH-USD")["sha256"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        code, out, err = run(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "10d")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, out) == (1, "")
    assert "cannot be written" in err
    assert "Traceback" not in err
    assert document(capsys, "show", "ETH-USD")["sha256"] == before
    assert document(capsys, "pull", "BTC-USD", "-i", "1h", "--since", "10d")["pulled"][0]["added"]
