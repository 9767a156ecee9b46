"""docs/cli.md is what the commands say of themselves."""

import runpy
from pathlib import Path

import pytest

from gpt_trader.cli.cli_page import render
from gpt_trader.cli.commands import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_in_step_with_the_commands():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"


def test_every_command_has_its_section():
    page = render()
    assert [name for name in COMMANDS if f"\n## gpt-trader {name}\n" not in page] == []
    assert "\n## gpt-trader orders place\n" in page


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")  # it is: this test imports it
def test_the_command_in_the_page_prints_the_page(capsys):
    runpy.run_module("gpt_trader.cli.cli_page", run_name="__main__")
    assert capsys.readouterr().out == render()
