"""Files of listings: what they say, and what they are refused for."""

from datetime import date, timedelta

import pytest

from gpt_trader.data.universe import (
    BUNDLED,
    DEFAULT_PRODUCTS,
    day_of,
    products_on,
    read_universe,
    spans_of,
)
from gpt_trader.errors import DataError

DAY_MS = 86_400_000
GOOD = """# as-of: 2024-01-01
# covers: 2020-01-01..2023-12-31
# source: made up
product_id,listed,delisted,source
A-USD,,,before the file
B-USD,2020-02-01,2021-01-19,a blog, with a comma
B-USD,2023-07-13,,another
"""


def read(tmp_path, text):
    path = tmp_path / "products.csv"
    path.write_text(text)
    return read_universe(path)


def test_a_product_is_there_from_its_first_day_to_the_one_before_it_left(tmp_path):
    universe = read(tmp_path, GOOD)
    both, alone = ("A-USD", "B-USD"), ("A-USD",)
    for day, expected in [
        ("2020-01-01", alone), ("2020-01-31", alone), ("2020-02-01", both), ("2021-01-18", both),
        ("2021-01-19", alone), ("2023-07-12", alone), ("2023-07-13", both), ("2023-12-31", both),
    ]:  # fmt: skip
        assert products_on(universe, date.fromisoformat(day)) == expected
    assert universe.listings[1].source == "a blog, with a comma"


@pytest.mark.parametrize("day", ["2019-12-31", "2024-01-01"])
def test_a_day_outside_is_refused_with_the_days_covered(tmp_path, day):
    with pytest.raises(DataError, match="covers 2020-01-01 to 2023-12-31") as caught:
        products_on(read(tmp_path, GOOD), date.fromisoformat(day))
    assert caught.value.exit_code == 7


def test_the_spans_say_the_same_as_the_days(tmp_path):
    universe = read(tmp_path, GOOD)
    spans = spans_of(universe)
    day = universe.covers[0]
    while day <= universe.covers[1]:
        at_ms = (day - date(1970, 1, 1)).days * DAY_MS
        assert day_of(at_ms) == day_of(at_ms + DAY_MS - 1) == day
        listed = tuple(p for p, own in spans.items() if any(a <= at_ms < b for a, b in own))
        assert listed == products_on(universe, day)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    "old, new, problem",
    [
        ("# covers: 2020-01-01..2023-12-31\n", "", "lacks a line `# covers"),
        ("# source: made up", "# source:", "lacks a line `# source"),
        ("2020-01-01..2023-12-31", "2020-01-01", "DAY..DAY"),
        ("2020-01-01..2023-12-31", "2023-12-31..2020-01-01", "covers nothing"),
        ("2020-01-01..2023-12-31", "2020-01-01..2024-01-02", "after it was made"),
        ("delisted,source", "gone,source", "expected the columns"),
        ("2020-02-01", "01/02/2020", "expected a day UTC"),
        ("2020-02-01", "20200201", "expected a day UTC"),
        ("2020-02-01", "2020-02-01T12:00", "expected a day UTC"),
        ("2020-02-01", "2021-02-01", "delisted before it is listed"),
        ("2023-07-13", "2021-01-18", "lists B-USD twice"),
        ("2021-01-19", "", "lists B-USD twice"),
        ("2023-07-13", "", "lists B-USD twice"),
        ("A-USD,,,before the file", "A-USD,,,", "and a source"),
        ("A-USD,,,before the file", "A-USD,", "and a source"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path, old, new, problem):
    assert old in GOOD
    with pytest.raises(DataError, match=problem):
        read(tmp_path, GOOD.replace(old, new))


def test_a_missing_or_unreadable_file_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot read the universe"):
        read_universe(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match=r"bytes\.csv"):
        read_universe(tmp_path / "bytes.csv")


def test_the_bundled_file_lists_the_default_products_and_says_where_from():
    universe = read_universe(BUNDLED)
    assert products_on(universe, universe.as_of) == DEFAULT_PRODUCTS
    assert all(one.source for one in universe.listings)


def test_names_marks_and_order_do_not_matter(tmp_path):
    plain = read(tmp_path, GOOD)
    lines = GOOD.splitlines()
    turned = [*lines[:4], *lines[:3:-1]]
    other = "\ufeff" + "\n".join(turned).replace("A-USD", "a-usd").replace("B-USD", "b/usd")
    assert spans_of(read(tmp_path, other)) == spans_of(plain)


def test_what_is_no_product_is_named_by_its_line(tmp_path):
    with pytest.raises(DataError, match="expected a product id, was 'AUSD'") as failed:
        read(tmp_path, GOOD.replace("A-USD", "AUSD"))
    assert failed.value.where.endswith("products.csv:5")
