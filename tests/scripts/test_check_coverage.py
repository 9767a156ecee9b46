"""The floors of coverage hold at the limit and fail one branch under it."""

import json

import pytest

from scripts.check_coverage import GROUPS, main


def report(tmp_path, *, group="engine", covered=95, total=100):
    """A report in which every group is full, less what is asked for."""
    files = {
        f"gpt_trader/{name}/a.py": {
            "summary": {
                "covered_branches": covered if name == group else 100,
                "num_branches": total if name == group else 100,
            },
            "missing_branches": [[10, 12]] if name == group else [],
        }
        for name in GROUPS
    }
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"files": files}), encoding="utf-8")
    return str(path)


def test_floors_hold_at_the_limit(tmp_path):
    assert main(report(tmp_path)) == 0


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_under_its_floor_fails_and_is_shown(group, tmp_path, capsys):
    assert main(report(tmp_path, group=group, covered=94)) == 1
    assert f"gpt_trader/{group}/a.py: 10->12" in capsys.readouterr().out


def test_a_group_that_was_not_measured_fails(tmp_path):
    assert main(report(tmp_path, covered=0, total=0)) == 1
