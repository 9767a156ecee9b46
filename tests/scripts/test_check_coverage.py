"""The floors of coverage hold at the limit and fail one branch under it."""

import json

import pytest

from scripts.check_coverage import BRANCH_GROUPS, main


def report(tmp_path, *, overall=80, group="engine", covered=95):
    """A report in which every group is full, less what is asked for."""
    files = {
        f"gpt_trader/{name}/a.py": {
            "summary": {
                "covered_branches": covered if name == group else 100,
                "num_branches": 100,
            },
            "missing_branches": [[10, 12]] if name == group else [],
        }
        for name in BRANCH_GROUPS
    }
    totals = {
        "covered_lines": overall,
        "num_statements": 90,
        "covered_branches": 0,
        "num_branches": 10,
    }
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"totals": totals, "files": files}), encoding="utf-8")
    return str(path)


def test_floors_hold_at_the_limit(tmp_path):
    assert main(report(tmp_path)) == 0


@pytest.mark.parametrize("group", BRANCH_GROUPS)
def test_a_group_under_its_floor_fails_and_is_shown(group, tmp_path, capsys):
    assert main(report(tmp_path, group=group, covered=94)) == 1
    assert f"gpt_trader/{group}/a.py: 10->12" in capsys.readouterr().out


def test_overall_under_its_floor_fails(tmp_path):
    assert main(report(tmp_path, overall=79)) == 1
