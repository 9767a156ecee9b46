"""Finished points: what was appended is read again, what is torn or foreign is passed over."""

import numpy as np
import pytest

from gpt_trader.errors import StorageError
from gpt_trader.optimize.keep import PointStore, digest_of


def test_points_come_back_bit_by_bit(tmp_path):
    rows = {digest_of(i): np.random.default_rng(i).normal(size=9) for i in range(5)}
    first = PointStore(tmp_path / "deep" / "er", "ground", 9)
    assert first.load() == {}
    first.append(dict(list(rows.items())[:2]))
    PointStore(tmp_path / "deep" / "er", "ground", 9).append(dict(list(rows.items())[2:]))
    found = first.load()
    assert list(found) == list(rows)
    assert all(found[name].tobytes() == rows[name].tobytes() for name in rows)
    assert PointStore(tmp_path / "deep" / "er", "other", 9).load() == {}


def test_a_torn_record_is_passed_over_and_then_cut_off(tmp_path):
    kept = PointStore(tmp_path, "ground", 3)
    kept.append({digest_of(1): np.arange(3.0)})
    path = tmp_path / "ground.points"
    path.write_bytes(path.read_bytes() + b"torn")
    assert list(kept.load()) == [digest_of(1)]
    kept.append({digest_of(2): np.arange(3.0)})
    assert list(kept.load()) == [digest_of(1), digest_of(2)]


def test_a_changed_byte_is_noticed(tmp_path):
    kept = PointStore(tmp_path, "ground", 3)
    kept.append({digest_of(1): np.arange(3.0), digest_of(2): np.arange(3.0)})
    path = tmp_path / "ground.points"
    data = bytearray(path.read_bytes())
    data[25] ^= 1
    path.write_bytes(data)
    assert list(kept.load()) == [digest_of(2)]


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    kept = PointStore(tmp_path / "file", "ground", 3)
    with pytest.raises(StorageError, match="cannot be kept"):
        kept.append({digest_of(1): np.arange(3.0)})


def test_digests_tell_values_apart():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert len({digest_of(v) for v in ({"a": 1}, {"a": 2}, {"a": "1"}, {"b": 1})}) == 4
