import pytest

from gpt_trader.config.find import find_profile, find_shipped, profile_names
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
