import os
from pathlib import Path

import platformdirs
import pytest

from gpt_trader.errors import StorageError, UsageError
from gpt_trader.runtime.state_dir import state_dir


def test_flag_wins_over_environment(tmp_path):
    env = {"GPT_TRADER_STATE_DIR": str(tmp_path / "env")}
    assert state_dir("dev", tmp_path / "flag", env) == tmp_path / "flag" / "dev"
    assert state_dir("dev", None, env) == tmp_path / "env" / "dev"


@pytest.mark.parametrize("env", [{}, {"GPT_TRADER_STATE_DIR": ""}])
def test_platform_directory_is_the_default(monkeypatch, tmp_path, env):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = platformdirs.user_state_path("gpt-trader") / "dev"
    assert expected.is_relative_to(tmp_path)
    assert state_dir("dev", None, env) == expected


def test_folder_is_made_private_and_used_again(tmp_path):
    path = state_dir("dev", tmp_path / "a" / "b", {})
    assert path.is_dir()
    assert path.stat().st_mode & 0o777 == 0o700
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert state_dir("dev", tmp_path / "a" / "b", {}) == path


def test_relative_and_home_paths_become_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir("dev", Path("here"), {}) == tmp_path / "here" / "dev"
    assert state_dir("dev", Path("~/there"), {}) == tmp_path / "there" / "dev"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\0"])
def test_profile_name_with_slashes_is_a_usage_error(tmp_path, name):
    with pytest.raises(UsageError, match="without slashes"):
        state_dir(name, tmp_path, {})


def test_file_in_the_way_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be used") as caught:
        state_dir("dev", tmp_path / "file", {})
    assert "--state-dir" in caught.value.hint
    with pytest.raises(StorageError, match="cannot be used"):
        state_dir("file", tmp_path, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission_is_a_storage_error(tmp_path):
    (tmp_path / "dev").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="no permission"):
        state_dir("dev", tmp_path, {})
