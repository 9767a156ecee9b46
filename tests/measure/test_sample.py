"""Which rows are checked, and whether what is said of the others is true."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from gpt_trader.measure.sample import (
    ASKED_IN,
    MISSED,
    Budget,
    Reach,
    before_moves,
    chance_to_miss,
    changing,
    draw_first,
    draw_rest,
    found_from,
    most_rows,
    say,
    share,
    together,
)

CLOSE = 10_000 + np.arange(1_000) % 7


def drawn(weight, budget, *, close=CLOSE, seed=0):
    """Both draws of rows 20 and on, for a warm-up of 10: all rows, and what is said of them."""
    most = most_rows(budget, 10)
    first = draw_first(20, len(weight) - 1, most, seed)
    rest = draw_rest(
        first,
        [weight],
        [close[: len(weight)]],
        first=20,
        most=most,
        moves=budget.moves,
        seed=seed,
    )
    assert not set(first) & set(rest.rows)
    return rest._replace(rows=np.union1d(first, rest.rows))


def switching(n=1_000, every=50):
    return (np.arange(n) // every % 2).astype(float)


def test_all_rows_are_drawn_where_the_budget_allows_it():
    found = drawn(switching(), Budget(2_000, 10_000, 8))
    assert found.rows.tolist() == list(range(20, 999))
    assert (found.peek_changes, found.peek_rows) == (1, 1)
    assert found.changes == found.changes_checked == 38


@pytest.mark.parametrize("budget", [Budget(100, 10_000, 0), Budget(10_000, 1_000, 0)])
def test_changes_come_first_and_chance_draws_the_others(budget):
    found = drawn(switching(), budget)
    changes = set((20 + np.flatnonzero(changing(switching(), 20, 999))).tolist())
    assert changes == {row for at in range(50, 1_000, 50) for row in (at - 1, at)}
    assert changes < set(found.rows.tolist())
    assert len(found.rows) == 100
    assert found.peek_changes == 1
    elsewhere = len(set(found.rows.tolist()) - changes)
    assert found.peek_rows == found_from(979 - 38, elsewhere)
    assert (found.rows.min() >= 20, found.rows.max() <= 998) == (True, True)


def test_another_seed_draws_other_rows_and_the_same_the_same():
    budget = Budget(100, 10_000, 0)
    one, again, other = (drawn(switching(), budget, seed=seed) for seed in (1, 1, 2))
    assert one.rows.tolist() == again.rows.tolist() != other.rows.tolist()


def test_every_row_has_its_chance():
    """Rows between, before and behind the changes alike, and none twice."""
    met = np.zeros(1_000)
    for seed in range(600):
        rows = drawn(switching(), Budget(100, 10_000, 0), seed=seed).rows
        met[rows] += 1
    others = 20 + np.flatnonzero(~changing(switching(), 20, 999))
    usual = met[others].mean()
    assert abs(met[others] - usual).max() < 5.5 * usual**0.5
    assert met[:20].sum() == met[999] == 0


def test_many_changes_are_drawn_from_too():
    found = drawn(np.arange(1_000.0), Budget(100, 10_000, 0))
    assert (found.changes, found.changes_checked) == (979, 100)
    assert found.peek_changes == found_from(979, 100)
    assert found.peek_rows == 1  # there are no others


def test_the_rows_before_the_largest_moves_are_always_there():
    close = np.full(1_000, 1_000)
    close[501:] = 2_000
    close[701:] = 3_000
    assert set(before_moves([close], 20, 999, 2).tolist()) == {500, 700}
    found = drawn(np.zeros(1_000), Budget(20, 10_000, 2), close=close)
    assert {500, 700} < set(found.rows.tolist())


def test_little_data_and_little_budget():
    assert len(drawn(np.zeros(1), Budget(10, 10, 2)).rows) == 0
    assert drawn(np.zeros(22), Budget(10, 10, 2)).rows.tolist() == [20]
    assert len(drawn(np.zeros(1_000), Budget(0, 0, 0)).rows) == 12


@pytest.mark.parametrize("pool, size", [(50, 10), (500, 60), (5_000, 4_900), (20, 1)])
def test_what_may_be_missed_is_missed_as_often_as_it_says(pool, size):
    least = found_from(pool, size)
    assert chance_to_miss(pool, size, least) <= MISSED
    assert least == 1 or chance_to_miss(pool, size, least - 1) > MISSED
    rng = np.random.default_rng(1)
    peek = np.arange(max(least // 2, 1))
    missed = np.mean(
        [np.isin(rng.choice(pool, size, replace=False), peek).sum() == 0 for _ in range(2_000)]
    )
    assert missed == pytest.approx(chance_to_miss(pool, size, len(peek)), abs=0.035)


def test_all_drawn_misses_nothing_and_none_drawn_finds_nothing():
    assert (found_from(9, 9), found_from(0, 0), found_from(9, 0)) == (1, 1, None)


ONE = Reach(1_000, 100, 40, 40, 1, 50, 7, "process")


def test_a_peek_hides_in_the_weakest_of_several_products():
    other = replace(ONE, peek_changes=3, asked_in="same")
    assert together([]) is None
    assert together([ONE, other]) == Reach(2_000, 200, 80, 80, 3, 50, 7, "same")
    assert together([ONE, replace(ONE, peek_rows=None)]).peek_rows is None
    assert share(Budget(100, 1_000, 64), 3) == Budget(33, 333, 21)


@pytest.mark.parametrize(
    "reach, said",
    [
        (
            ONE,
            "100 of 1,000 rows, 40 of 40 changes, drawn from seed 7; a peek on fewer than 50 ",
        ),
        (replace(ONE, rows_checked=1_000), "all 1,000 rows"),
        (replace(ONE, peek_changes=3), "a peek on fewer than 3 changes or fewer than 50 rows may"),
        (replace(ONE, peek_rows=None), "a peek on any rows may be missed"),
        (replace(ONE, asked_in="same"), "; in this process, with what its code had kept before"),
    ],
)
def test_how_far_it_reached_is_said(reach, said):
    assert said in say(asdict(reach))
    assert all(say(asdict(replace(ONE, asked_in=where))) for where in ASKED_IN)
