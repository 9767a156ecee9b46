"""What a `rearm` takes back: what stood before it looked, and nothing that it found itself."""

import json
import shutil

from gpt_trader.cli.main import main
from gpt_trader.journal.compact import backup
from gpt_trader.runtime.halt import HALT
from gpt_trader.runtime.session import JOURNAL
from tests.cli.account.test_account import call
from tests.e2e.test_live import account  # noqa: F401 - a fixture
from tests.live_helpers import MINUTE


def test_a_rearm_leaves_what_it_found_itself(account, capsys, tmp_path):  # noqa: F811
    where = ["-p", "canary", "--state-dir", str(tmp_path / "one")]
    rearm = ["rearm", *where, "--by", "ann", "--reason", "the drill is over", "--json"]
    run = ["-q", "run", *where, "--live", "--once", "--strategy", "buy_and_hold"]
    run += ["--order-style", "taker"]
    assert main(run) == 0
    [journal] = (tmp_path / "one").rglob(JOURNAL)
    backup(journal, tmp_path / "copy.db")
    account.advance(account.now_ms + MINUTE)
    assert main(["kill", *where, "--flatten"]) == 0
    shutil.copy(tmp_path / "copy.db", journal)
    capsys.readouterr()
    assert main(rearm) == 6
    error = json.loads(capsys.readouterr().out)["error"]
    assert "BTC-USD takes no entries, as was found just now: " in error["message"]
    assert not list((tmp_path / "one").rglob(HALT)), "what was known is taken back"
    sent = len(account.books.orders)
    account.advance(account.now_ms + 240 * MINUTE)
    assert main(run) == 0
    assert len(account.books.orders) == sent, "it takes no entries"
    assert main(rearm) == 0


def test_exits_that_were_begun_go_on_and_it_says_so(capsys):
    run = ["run", "-p", "dev", "--strategy", "buy_and_hold", "--cycles", "8"]
    assert call(capsys, *run)[0] == 0
    assert call(capsys, "kill", "--flatten", "-p", "dev")[0] == 1, "the next bar sells it"
    assert main(["rearm", "-p", "dev", "--by", "ann", "--reason", "x"]) == 0
    assert "exits that were begun go on: 3, see" in capsys.readouterr().out
