"""What equal results depend on, named."""

import hashlib

from gpt_trader.observe import provenance
from gpt_trader.strategy.sma_cross import SmaCross


def test_versions_name_packages_python_and_processor():
    here = provenance.versions()
    assert set(here) == {*provenance.PACKAGES, "python", "cpu"}
    assert all(here.values())


def test_a_change_is_named_with_both_values():
    here = {"numpy": "2", "python": "3"}
    assert provenance.version_changes({"numpy": "1", "python": "3"}, here) == ["numpy 1, this is 2"]


def test_the_digest_of_the_sources_changes_with_any_file(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("not code")
    first = provenance.digest_of_sources(tmp_path)
    (tmp_path / "notes.txt").write_text("other")
    assert provenance.digest_of_sources(tmp_path) == first
    (tmp_path / "a.py").write_text("x = 2\n")
    second = provenance.digest_of_sources(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "a.py").rename(tmp_path / "b" / "a.py")
    assert len({first, second, provenance.digest_of_sources(tmp_path)}) == 3


def test_a_class_of_the_package_is_covered_by_its_sources():
    assert provenance.source_sha256(SmaCross) is None


def test_a_class_from_elsewhere_has_the_digest_of_its_file(tmp_path):
    from gpt_trader.strategy.registry import resolve

    file = tmp_path / "mine.py"
    file.write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Mine:\n"
        "    name = 'mine'\n    min_bars = 1\n    warmup = 1\n\n"
        "    def targets(self, bars):\n        return None\n"
    )
    wanted = hashlib.sha256(file.read_bytes()).hexdigest()
    assert provenance.source_sha256(resolve(f"{file}:Mine")) == wanted
    assert provenance.source_sha256(type("Typed", (), {"__module__": "nowhere"})) is None
