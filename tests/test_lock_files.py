"""The locked requirements are complete, hashed, and name no place to fetch them from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "lock.txt"
DEV = ROOT / "requirements" / "dev.txt"


def pins(path: Path) -> dict[str, str]:
    """Name to pinned version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def normalized(requirement: str) -> str:
    """A requirement's name as the lock files spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ ;\[]", requirement)[0]).lower()


@pytest.mark.parametrize("path", [LOCK, DEV, LOCK.with_name("bench.txt")], ids=lambda p: p.name)
def test_every_requirement_has_a_hash_and_no_address(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|://|--(extra-)?index-url|--find-links", text)
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_dev_requirements_contain_the_runtime_ones():
    assert pins(LOCK).items() <= pins(DEV).items()


def test_every_direct_requirement_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = {normalized(r) for r in project["dependencies"]}
    dev = {normalized(r) for r in project["optional-dependencies"]["dev"]}
    assert runtime <= pins(LOCK).keys()
    assert runtime | dev <= pins(DEV).keys()
