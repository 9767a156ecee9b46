"""What leaves, and when: urgent first, in order, one a key, so many a kind, within the budget."""

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.broker.exchange.departures import Budget, Departure, Departures, Kind

KINDS = {"cancel": Kind(0, 4), "exit": Kind(1, 4), "entry": Kind(2, 2, spares=2.0)}


def queue(per_s=100.0):
    return Departures(KINDS, Budget(per_s))


def put(waiting, *names, until_ms=0):
    for name in names:
        waiting.put(Departure((name,), name.split("-")[0], name, until_ms))


def leaving(waiting, now_ms=0):
    return [one.what for one in waiting.begin(now_ms)]


def test_what_is_urgent_leaves_first_and_else_what_came_first():
    waiting = queue()
    put(waiting, "entry-1", "exit-1", "cancel-1", "exit-2", "cancel-2")
    assert leaving(waiting) == ["cancel-1", "cancel-2", "exit-1", "exit-2", "entry-1"]


def test_of_a_kind_so_many_are_under_way_and_the_others_do_not_wait_for_it():
    waiting = queue()
    put(waiting, "entry-1", "entry-2", "entry-3")
    assert leaving(waiting) == ["entry-1", "entry-2"]
    put(waiting, "exit-1")
    assert leaving(waiting) == ["exit-1"]
    waiting.end(("entry-1",))
    assert leaving(waiting) == ["entry-3"]


def test_of_a_key_one_is_under_way():
    waiting = queue()
    put(waiting, "exit-1", "exit-1")
    assert leaving(waiting) == ["exit-1"]
    assert leaving(waiting) == []
    waiting.end(("exit-1",))
    assert leaving(waiting) == ["exit-1"]
    assert waiting.end(("exit-1",)) == "exit-1"
    assert waiting.is_empty


def test_a_budget_is_spent_refilled_with_time_and_spared_for_what_is_urgent():
    waiting = Departures({"cancel": Kind(0, 99), "entry": Kind(2, 99, spares=2.0)}, Budget(4.0))
    put(waiting, *(f"entry-{i}" for i in range(9)))
    assert len(leaving(waiting)) == 2, "two are spared"
    put(waiting, "cancel-1", "cancel-2", "cancel-3")
    assert leaving(waiting) == ["cancel-1", "cancel-2"]
    assert leaving(waiting, 250) == ["cancel-3"]
    assert leaving(waiting, 200) == [], "a clock that is set back gives nothing"
    assert len(leaving(waiting, 10_000)) == 2


def test_what_is_spent_comes_back_with_time():
    budget = Budget(10.0)
    assert budget.has(5.0, 0)
    budget.left = 0.0
    assert not budget.has(1.0, 99)
    assert budget.has(1.0, 100)


def test_after_a_refusal_half_as_many_leave_and_slowly_more():
    budget = Budget(8.0)
    budget.slow_down()
    assert (budget.rate, budget.left) == (4.0, 1.0)
    for _ in range(9):
        budget.slow_down()
    assert budget.rate == 0.8
    assert budget.has(1.0, 10_000), "however slow, one may leave in time"
    for _ in range(99):
        budget.speed_up()
    assert budget.rate == 8.0


def test_what_has_not_begun_in_its_time_is_dropped_and_told():
    waiting = queue()
    put(waiting, "entry-1", "entry-2", "entry-3", until_ms=5_000)
    assert leaving(waiting) == ["entry-1", "entry-2"]
    assert waiting.drop_late(5_000) == []
    assert [one.what for one in waiting.drop_late(5_001)] == ["entry-3"]
    assert not waiting.holds(("entry-3",))
    assert waiting.holds(("entry-1",)), "what has left is not called back"


@given(st.lists(st.tuples(st.sampled_from(list(KINDS)), st.integers(0, 5)), max_size=40),
       st.randoms(use_true_random=False))  # fmt: skip
def test_everything_leaves_once_and_in_order_of_its_rank(asked, rng):
    waiting = queue(10.0)
    names = [f"{kind}-{key}" for kind, key in asked]
    put(waiting, *names)
    now_ms, left, open_ = 0, [], []
    while not waiting.is_empty:
        begun = leaving(waiting, now_ms)
        assert len({*begun, *open_}) == len(begun) + len(open_), "one a key"
        ranks = [KINDS[name.split("-")[0]].rank for name in begun]
        assert ranks == sorted(ranks)
        left += begun
        open_ += begun
        now_ms += 50
        if open_:
            waiting.end((open_.pop(rng.randrange(len(open_))),))
    assert sorted(left) == sorted(names)


def test_what_is_withdrawn_does_not_leave_and_what_has_left_is_not_called_back():
    waiting = queue()
    put(waiting, "entry-1", "entry-2", "entry-3", "exit-1")
    assert leaving(waiting) == ["exit-1", "entry-1", "entry-2"]
    assert waiting.withdraw({("entry-1",)}) == []
    assert [one.what for one in waiting.withdraw({("entry-3",), ("exit-9",)})] == ["entry-3"]
    put(waiting, "entry-4", "cancel-1")
    assert [one.what for one in waiting.withdraw()] == ["cancel-1", "entry-4"]
    assert not waiting.waits
    assert waiting.holds(("entry-1",))


PATIENT = {"cheap": Kind(0, 99), "dear": Kind(1, 1, costs=4.0, patience_ms=2_000)}


def flooded(kinds, rounds=200, every_ms=50):
    """Let cheap ones be put without a pause; return when each dear one left, ms."""
    waiting, left, number = Departures(kinds, Budget(10.0)), [], 0
    put(waiting, "dear-0")
    for now_ms in range(0, rounds * every_ms, every_ms):
        for _ in range(3):
            number += 1
            put(waiting, f"cheap-{number}")
        for what in leaving(waiting, now_ms):
            waiting.end((what,))
            if what.startswith("dear"):
                left.append(now_ms)
                put(waiting, f"dear-{len(left)}")
    return left


def test_what_costs_much_leaves_however_many_cheap_ones_are_put():
    assert len(flooded(PATIENT)) >= 3
    impatient = PATIENT | {"dear": Kind(1, 1, costs=4.0)}
    assert flooded(impatient) == [0], "but for the first moment it never would"


def test_nothing_is_saved_for_what_may_not_leave_yet():
    waiting = Departures(PATIENT, Budget(10.0))
    put(waiting, "dear-1", "dear-2")
    assert leaving(waiting) == ["dear-1"]
    leaving(waiting, 5_000)
    put(waiting, "cheap-1")
    assert leaving(waiting, 5_000) == ["cheap-1"]


def test_a_clock_that_is_set_back_lets_nothing_wait_longer():
    waiting = Departures(PATIENT, Budget(1.0))
    put(waiting, "cheap-1", "dear-1")
    assert leaving(waiting, 10_000_000) == ["cheap-1"]
    assert leaving(waiting, 0) == []
    put(waiting, "cheap-2")
    assert leaving(waiting, 2_000) == ["dear-1"]


def test_where_the_budget_is_slowed_down_what_is_urgent_has_its_part_of_it():
    waiting = Departures(PATIENT, Budget(10.0))
    waiting.budget.slow_down()
    waiting.budget.slow_down()
    put(waiting, "dear-1", *(f"cheap-{i}" for i in range(99)))
    left = [what for now_ms in range(0, 8_000, 100) for what in leaving(waiting, now_ms)]
    assert "dear-1" not in left[:15], "a quarter of the rate is four times the patience"
    assert "dear-1" in [
        what for now_ms in range(8_000, 12_000, 100) for what in leaving(waiting, now_ms)
    ]
