from itertools import product
from statistics import median

import pytest

from scripts.compare import interval


@pytest.mark.parametrize("n, k", [(1, 1), (5, 1), (9, 2), (11, 2), (15, 4)])
def test_an_interval_lies_between_the_kth_of_either_end(n, k):
    assert interval([float(i) for i in range(n, 0, -1)]) == (k, n + 1 - k)


def test_the_interval_misses_the_median_at_most_once_in_twenty():
    n = 9
    low, high = (int(x) for x in interval([float(i) for i in range(n)]))
    above = [sum(heads) for heads in product((0, 1), repeat=n)]
    missed = sum(heads <= low or heads > high for heads in above)
    assert median(range(n)) == (low + high) / 2
    assert missed / 2**n <= 0.05
