import json
import os
import pwd
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gpt_trader.errors import LockedError, StorageError
from gpt_trader.runtime.lock import holder, known_folders, portfolio_lock, user_lock_dir
from gpt_trader.runtime.session import money_locks

HOLD = """
import sys
from pathlib import Path
from gpt_trader.runtime.lock import portfolio_lock
with portfolio_lock(Path(sys.argv[1]), "abc"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lock_names_its_holder_in_a_private_file(tmp_path):
    with portfolio_lock(tmp_path / "a" / "locks", "abc") as path:
        holder = json.loads(path.read_text())
        assert holder["pid"] == os.getpid()
        assert holder["since"].endswith("+00:00")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_second_holder_is_refused_with_pid_and_time(tmp_path):
    with portfolio_lock(tmp_path, "abc") as path:
        since = json.loads(path.read_text())["since"]
        with pytest.raises(LockedError) as caught, portfolio_lock(tmp_path, "abc"):
            pass
    assert caught.value.exit_code == 9
    assert caught.value.message == (
        f"portfolio abc is in use by process {os.getpid()} since {since}"
    )
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "not json", "{}", "[]"])
def test_second_holder_is_refused_when_the_first_has_not_written_yet(tmp_path, text):
    with portfolio_lock(tmp_path, "abc") as path:
        path.write_text(text)
        with (
            pytest.raises(LockedError, match="in use by another process"),
            portfolio_lock(tmp_path, "abc"),
        ):
            pass


def test_lock_is_free_again_after_the_block_even_after_an_error(tmp_path):
    with pytest.raises(KeyError), portfolio_lock(tmp_path, "abc"):
        raise KeyError
    with portfolio_lock(tmp_path, "abc") as path:
        pass
    assert path.read_text() == ""


def test_ids_that_look_alike_do_not_share_a_lock(tmp_path):
    ids = ["a/b", "a-b", "../a-b", "é", "x" * 300, "y" + "x" * 299]
    paths = set()
    for portfolio_id in ids:
        with portfolio_lock(tmp_path, portfolio_id) as path:
            assert path.parent == tmp_path
            paths.add(path)
    assert len(paths) == len(ids)


def test_lock_of_a_killed_process_is_free(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"held\n"
        with (
            pytest.raises(LockedError, match=f"process {child.pid} "),
            portfolio_lock(tmp_path, "abc"),
        ):
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
    with portfolio_lock(tmp_path, "abc"):
        pass


def test_lock_in_an_impossible_folder_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="the lock cannot be opened"),
        portfolio_lock(tmp_path / "file" / "locks", "abc"),
    ):
        pass


def test_no_variable_moves_the_users_folder(monkeypatch):
    before = user_lock_dir(os.getuid())
    assert before.is_relative_to(os.environ["TESTS_HOME"])
    for name in ("HOME", "XDG_STATE_HOME", "GPT_TRADER_STATE_DIR"):
        monkeypatch.setenv(name, "/elsewhere")
    assert user_lock_dir(os.getuid()) == before


def test_a_user_without_a_home_has_no_place_for_a_lock(monkeypatch):
    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(StorageError, match="not in the user database"):
        user_lock_dir(os.getuid())


MONEY = """
import os, sys
from pathlib import Path
from gpt_trader.runtime.lock import portfolio_lock, user_lock_dir
with portfolio_lock(user_lock_dir(os.getuid()), "abc", Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_processes_of_other_environments_exclude_each_other(tmp_path):
    def began(name):
        moved = {n: str(tmp_path / name) for n in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        return subprocess.Popen(
            [sys.executable, "-c", MONEY, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | moved,
            cwd="/",
        )

    with began("one") as first:
        assert first.stdout.readline() == b"held\n"
        with began("two") as second:
            assert b"LockedError" in second.stderr.read()
        assert second.returncode == 1
        first.stdin.close()
    assert first.returncode == 0


def test_a_lock_tells_where_its_session_lies_also_when_it_is_free(tmp_path):
    locks, lies, gone = tmp_path / "locks", tmp_path / "a", tmp_path / "b"
    lies.mkdir()
    assert known_folders(locks) == []
    for name, folder in (("one", lies), ("two", gone), ("three", None)):
        with portfolio_lock(locks, name, folder):
            assert known_folders(locks) == [lies]
    (locks / "torn.lock").write_text("{")
    assert known_folders(locks) == [lies]


def test_a_folder_that_this_user_cannot_look_at_may_be_there(tmp_path, monkeypatch):
    lies = tmp_path / "a"
    with portfolio_lock(tmp_path, "abc", lies):
        pass
    assert known_folders(tmp_path) == []

    real = Path.stat

    def refuse(path, **more):
        if path == lies:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **more)

    monkeypatch.setattr(Path, "stat", refuse)
    assert known_folders(tmp_path) == [lies]


def test_a_full_disk_leaves_the_words_of_before(tmp_path):
    with portfolio_lock(tmp_path, "abc", tmp_path):
        pass
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with portfolio_lock(tmp_path, "abc", tmp_path):
            assert known_folders(tmp_path) == [tmp_path]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert known_folders(tmp_path) == [tmp_path]


def test_words_that_could_not_be_cut_off_are_read(tmp_path, monkeypatch):
    def ended(*_):
        raise OSError

    with portfolio_lock(tmp_path, "abc", tmp_path):
        monkeypatch.setattr(os, "ftruncate", ended)  # the process ends between the two steps
    assert known_folders(tmp_path) == [tmp_path]
    assert holder(tmp_path, "abc") is None


def test_another_users_command_takes_the_lock_of_the_bots_user_too(tmp_path, monkeypatch):
    homes = {os.getuid(): "/root", 4242: "/var/lib/trader"}
    user = pwd.struct_passwd(("x", "x", 0, 0, "", "", "/bin/sh"))
    monkeypatch.setattr(
        pwd, "getpwuid", lambda uid: pwd.struct_passwd((*user[:5], homes[uid], user[6]))
    )
    before = Path.stat

    def stat(path, **more):
        found = list(before(path, **more))
        found[4] = 4242 if path == tmp_path else found[4]
        return os.stat_result(found)

    monkeypatch.setattr(Path, "stat", stat)
    places = {place.parents[3] for place, _ in money_locks("abc", tmp_path)}
    assert places == {Path("/root"), Path("/var/lib/trader")}


def test_a_holder_of_another_user_lives(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    with portfolio_lock(tmp_path, "abc"):
        monkeypatch.setattr(os, "kill", refuse)
        assert holder(tmp_path, "abc").startswith(f"process {os.getpid()} ")
