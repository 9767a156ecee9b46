"""Bounds of the simulation: what breaks one, and the table of what worlds came to."""

from collections import Counter

import pytest

from tests.simulation.__main__ import BEGIN, END, report, verdict, write_into
from tests.simulation.seeds import Came
from tests.simulation.table import CRON, RUNNING, TAKEN, Times, broken, table

LOST, LATE = frozenset({"frames lost"}), frozenset({"fill told late", "frames lost"})
CALM = Times([], [], [], [], [])
BARE = CALM._replace(bare=[(LOST, 15_001, "BTC-USD until 7")])


def came(times: Times, failure: str = "", *, is_cron: bool = False) -> Came:
    counts = Counter(orders=2)
    return Came(
        9, is_cron, failure, counts, Counter(), "", times, Counter({0: 3} if is_cron else {})
    )


@pytest.mark.parametrize(
    "columns, field, most_ms",
    [(RUNNING, "bare", 15_000), (RUNNING, "unknown", 150_000), (CRON, "unwatched", 210_000)],
)
def test_a_bound_holds_up_to_itself(columns, field, most_ms):
    held, over = ([(LOST, ms, "where")] for ms in (most_ms, most_ms + 1))
    assert list(broken(CALM._replace(**{field: held}), columns)) == []
    [one] = broken(CALM._replace(**{field: over}), columns)
    assert "where" in one


def test_whose_coins_the_owner_took_has_the_bound_of_what_looks_like_a_sale():
    for ms, is_held in ((150_000, True), (150_001, False)):
        times = CALM._replace(bare=[(LOST | {TAKEN}, ms, "where")])
        assert list(broken(times, RUNNING)) is not is_held


def test_what_is_only_told_breaks_nothing():
    endless = [(LOST, 10**9, "where")]
    times = CALM._replace(stopless=endless, unsure=endless, unwatched=endless)
    assert list(broken(times, RUNNING)) == []


def test_a_line_a_kind_tells_how_many_their_median_and_the_longest():
    times = CALM._replace(bare=[(LOST, 1_000, ""), (LATE, 2_000, ""), (LATE, 9_000, "")])
    [_, _, *lines] = table([times, CALM], RUNNING)
    assert lines == [
        "| any of them |  | 3: 2.0, 9.0 |  |  |",
        "| fill told late |  | 2: 5.5, 9.0 |  |  |",
        "| frames lost |  | 3: 2.0, 9.0 |  |  |",
    ]


def test_what_broke_a_bound_or_failed_ends_with_1(capsys):
    assert verdict([came(CALM)], "make simulate HOURS=2") == 0
    assert "every bound held" in capsys.readouterr().out
    for bad in (came(BARE), came(CALM, "Traceback")):
        assert verdict([came(CALM), bad], "make simulate HOURS=2") == 1
        assert capsys.readouterr().out == "FAILED: make simulate HOURS=2 SEEDS=1 FIRST=9\n"
    assert verdict([came(BARE, is_cron=True)], "") == 0, "cron has a bound of its own"


def test_a_page_gets_the_report_between_its_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    lines = list(report([came(CALM), came(CALM, is_cron=True)], 2.0, 3.0))
    for _ in range(2):
        write_into(page, lines, "make simulate")
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n`make simulate` on 2")
    assert text.endswith(f"{END}\nafter\n")
    assert text.count("4 simulated hours in 3 s: 4 orders.") == 1
    assert "Exit codes of the one-shot cycles: 0: 3." in text
