"""One pass over bars marks the rows that are worth a closer look, and no others."""

import numpy as np

from gpt_trader.kernel.suspects import MOVED, STALE, STALE_BARS, STUCK, STUCK_BARS, WICK, suspects

CALM = (1_000, 1_010, 995, 1_005)


def marks(*rows, volume=None):
    opens, high, low, close = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    volumes = np.arange(1.0, len(rows) + 1.0) if volume is None else np.array(volume)
    return suspects(opens, high, low, close, volumes).tolist()


def test_calm_bars_have_no_mark():
    assert marks(CALM, CALM, CALM) == [0, 0, 0]


def test_a_wick_is_one_from_a_twentieth_on():
    assert marks((1_000, 1_049, 1_000, 1_000)) == [0]
    assert marks((1_000, 1_050, 1_000, 1_000)) == [WICK]
    assert marks((1_050, 1_050, 1_001, 1_050)) == [0]
    assert marks((1_050, 1_050, 1_000, 1_050)) == [WICK]


def test_a_move_is_one_from_a_twentieth_on_up_and_down():
    flat = (1_000, 1_000, 1_000, 1_000)
    assert marks(flat, (1_049, 1_049, 1_049, 1_049)) == [0, 0]
    assert marks(flat, (1_050, 1_050, 1_050, 1_050)) == [0, MOVED]
    assert marks((1_050,) * 4, (1_001,) * 4) == [0, 0]
    assert marks((1_050,) * 4, (1_000,) * 4) == [0, MOVED]
    assert marks(flat, (1_060, 1_060, 1_000, 1_000)) == [0, MOVED]  # the open alone


def test_repeats_count_from_a_run_on_with_all_of_its_rows():
    wide = (1_000, 1_010, 1_000, 1_005)
    assert marks(*[wide] * STUCK_BARS) == [0] * STUCK_BARS
    assert marks(*[wide] * (STUCK_BARS + 1)) == [0] + [STUCK] * STUCK_BARS
    assert marks(*[wide] * (STUCK_BARS + 2)) == [0] + [STUCK] * (STUCK_BARS + 1)


def test_a_narrow_bar_repeats_by_chance_unless_its_volume_does_too():
    narrow, n = (1_000, 1_001, 1_000, 1_000), STUCK_BARS + 1
    assert marks(*[narrow] * n) == [0] * n
    assert marks(*[narrow] * n, volume=[7.0] * n) == [0] + [STUCK] * STUCK_BARS
    assert marks(*[narrow] * n, volume=[0.0] * n) == [0] * n


def test_bars_without_movement_are_stale_from_a_run_on():
    still, n = (1_000,) * 4, STALE_BARS
    assert marks(*[still] * n, volume=[0.0] * n) == [0] * n
    assert marks(*[still] * (n + 1), volume=[0.0] * (n + 1)) == [0] + [STALE] * n


def test_no_bars():
    none = np.empty(0, np.int64)
    assert len(suspects(none, none, none, none, np.empty(0))) == 0
