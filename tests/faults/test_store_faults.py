"""The data store under a killed writer, readers beside a writer, and a disk that takes no more.

Writers run in their own process and put version after version of two months of bars into the
store; a version is the volume of each bar, so a month that mixes two versions shows.
"""

import itertools
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.checks.verify import verify
from gpt_trader.data.store.store import Store, Written, read, read_spans, write, writing
from gpt_trader.errors import LockedError, StorageError
from tests.store_helpers import HOUR, START, bars_at, span

# Dies at the n-th thing that it does to the disk from the outside's view: opens, syncs, renames.
REPLACE = """
import os, signal, sys
from pathlib import Path
from gpt_trader.data.store.durable import replace_file
path, left = Path(sys.argv[1]), [int(sys.argv[2])]
def step(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
sync = os.fsync
os.fsync = lambda descriptor: (step(), sync(descriptor))
sys.addaudithook(lambda event, _: step() if event in {"open", "os.rename"} else None)
replace_file(path, b"new" * 10_000)
os.write(1, b"done")
"""

VERSIONS = """
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from gpt_trader.data.store.store import Store, write, writing
from tests.store_helpers import bars_at, span
bars, store = bars_at(range(40)), Store(Path(sys.argv[1]))
with writing(store):
    for version in count(int(sys.argv[2])):
        write(store, replace(bars, volume=bars.volume * 0 + version), [span(0, 40)], "venue")
        print(version, flush=True)
"""


def test_a_file_is_old_or_new_wherever_the_writer_dies(tmp_path):
    path = tmp_path / "month.parquet"
    seen = []
    for at in itertools.count(1):
        path.write_bytes(b"old")
        ended = subprocess.run(
            [sys.executable, "-c", REPLACE, path, str(at)], capture_output=True, check=False
        )
        seen.append(path.read_bytes())
        assert seen[-1] in {b"old", b"new" * 10_000}, at
        if ended.stdout == b"done":
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert len(seen) > 4  # open, sync, rename, open and sync of the folder
    assert seen[0] == b"old"
    assert seen[-1] == seen[-2] == b"new" * 10_000


def versions_in(store):
    """Return the version of each month, each bar of a month being of one."""
    found = read(store, "BTC-USD", HOUR)
    assert found.bars.time.tolist() == [START + n * HOUR for n in range(40)]
    assert found.asked == (span(0, 40),)
    months = found.bars.volume[:20], found.bars.volume[20:]
    assert all((month == month[0]).all() for month in months)
    return [int(month[0]) for month in months]


def test_readers_beside_a_writer_that_is_killed_see_whole_months(tmp_path):
    store = Store(tmp_path)
    random = np.random.default_rng(5)
    version = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", VERSIONS, tmp_path, str(version)],
            stdout=subprocess.PIPE, text=True,
        ) as writer:  # fmt: skip
            assert writer.stdout.readline() == f"{version}\n"
            with pytest.raises(LockedError), writing(store):
                pass
            read_before = versions_in(store)
            for _ in range(int(random.integers(5, 30))):
                now = versions_in(store)
                assert all(a <= b for a, b in zip(read_before, now, strict=True))
                read_before = now
            writer.kill()
            said = [int(line) for line in writer.stdout.read().split()]
        old, new = versions_in(store)
        assert old - new in {0, 1}  # the first month is written first
        assert new >= max(said, default=version)  # what was said to be written is there
        assert verify(store) == []
        with writing(store):  # the lock went with its holder, and so does what it left half done
            assert not list(tmp_path.rglob("*.tmp"))
        version = old + 1


def test_a_disk_that_takes_no_more_leaves_what_was_there(tmp_path):
    store = Store(tmp_path)
    write(store, bars_at(range(10)), [span(0, 10)], "venue")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        with pytest.raises(StorageError, match=r"2024-01.parquet: cannot be written \(File too"):
            write(store, bars_at(range(40), seed=1), [span(0, 40)], "venue")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert digest(read(store, "BTC-USD", HOUR).bars) == digest(bars_at(range(10)))
    assert read_spans(store, "BTC-USD", HOUR) == (span(0, 10),)
    assert not list(tmp_path.rglob("*.tmp"))
    assert write(store, bars_at(range(40)), [span(0, 40)], "venue") == Written(30, 0, 10)
