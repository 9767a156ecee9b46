"""A name must not mean another profile than the one that the session has run under."""

from dataclasses import replace
from shutil import copyfile

import pytest

from gpt_trader.app.profile_choice import check_choice
from gpt_trader.config.load import load_profile, profile_file
from gpt_trader.config.settings import NO_FILE
from gpt_trader.errors import ConfigError

SHIPPED = load_profile("canary", env={}).settings


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "canary.yaml"
    file.write_text("extends: canary\nrisk: {max_product_pct: 1}\n")
    return profile_file(file)


def test_the_shipped_one_never_takes_the_place_of_the_own_one(own):
    with pytest.raises(ConfigError, match="ships here, and this session's is") as caught:
        check_choice("canary", SHIPPED, own)
    assert caught.value.hint.endswith(f"--profile {own.path}")


def test_where_it_is_meant_or_the_same_nothing_is_said(own, tmp_path):
    check_choice(SHIPPED.file.path, SHIPPED, own)  # named by its path
    check_choice("canary", SHIPPED, NO_FILE)
    check_choice("canary", SHIPPED, SHIPPED.file)
    check_choice("canary", SHIPPED, own._replace(path=str(tmp_path / "gone.yaml")))
    same = tmp_path / "same.yaml"
    copyfile(SHIPPED.file.path, same)
    check_choice("canary", SHIPPED, profile_file(same))
    check_choice("canary", replace(SHIPPED, file=own), SHIPPED.file)
