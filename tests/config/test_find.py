import pytest

from gpt_trader.config.find import (
    find_covered,
    find_profile,
    find_shipped,
    is_shipped,
    profile_names,
)
from gpt_trader.config.load import load_profile
from gpt_trader.errors import ConfigError


def test_shipped_profiles_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {"dev", "spot", "paper", "observe", "canary", "prod"} <= set(profile_names())
    assert find_profile("dev") == find_shipped() / "dev.yaml"


def test_own_profiles_come_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "dev.yml").write_text("mode: dev\n")
    assert find_profile("dev").name == "dev.yml"


def test_a_path_is_taken_as_it_is(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mode: dev\n")
    assert find_profile(str(file)) == file
    assert find_profile("mine.yaml", beside=tmp_path) == file


@pytest.mark.parametrize("ref", ["", "dve", "none/such.yaml", "x.yaml", "../dev"])
def test_an_unknown_profile_is_a_config_error(ref):
    with pytest.raises(ConfigError) as caught:
        find_profile(ref)
    assert caught.value.hint


def test_a_misspelt_name_is_corrected():
    with pytest.raises(ConfigError) as caught:
        find_profile("spto")
    assert caught.value.hint.startswith("did you mean spot?")


def test_of_two_profiles_of_a_name_the_own_one_is_used_and_said_to_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_profile("spot", env={}).warnings == ()
    (tmp_path / "profiles").mkdir()
    own = tmp_path / "profiles" / "spot.yaml"
    own.write_text("extends: spot\n".replace("spot", str(find_shipped() / "spot.yaml")))
    loaded = load_profile("spot", env={})
    assert loaded.settings.file.path == str(own)
    assert loaded.warnings == ("profile spot is profiles/spot.yaml, not the one that ships",)
    assert load_profile(str(own), env={}).warnings == ()
    assert (find_covered(own), is_shipped(own)) == (find_shipped() / "spot.yaml", False)
    assert find_covered(find_shipped() / "spot.yaml") is None
