"""docs/cli.md is what the commands say of themselves."""

import re
import runpy
from pathlib import Path

import pytest

from gpt_trader.cli.cli_page import render
from gpt_trader.cli.commands import COMMANDS

STATE = "--state-dir"
FLAGS = re.MULTILINE | re.DOTALL
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_in_step_with_the_commands():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"


def test_every_command_has_its_section():
    page = render()
    assert [name for name in COMMANDS if f"\n## gpt-trader {name}\n" not in page] == []
    assert "\n## gpt-trader orders place\n" in page


def test_whoever_is_asked_about_a_session_can_be_told_where_it_lies():
    """A profile's session: all but what reads a profile alone."""
    usages = re.findall(r"^Usage: (gpt-trader [a-z].*?)^```", render(), FLAGS)
    without = [one.split(" [")[0] for one in usages if "--profile" in one and STATE not in one]
    assert without == [
        "gpt-trader data pull",
        "gpt-trader data repair",
        "gpt-trader validate-config",
    ]


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")  # it is: this test imports it
def test_the_command_in_the_page_prints_the_page(capsys):
    runpy.run_module("gpt_trader.cli.cli_page", run_name="__main__")
    assert capsys.readouterr().out == render()
