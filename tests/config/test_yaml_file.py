import pytest

from gpt_trader.config.location import ProfileError
from gpt_trader.config.yaml_file import MAX_BYTES, read_layer
from gpt_trader.errors import ConfigError


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_and_read(text):
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        return read_layer(tmp_path / "x.yaml")

    return write_and_read


def test_every_value_knows_its_line_and_column(read):
    layer, problems = read("mode: dev\nrisk:\n  max_gross_pct: 50  # half\nproducts: [A-B, C-D]\n")
    assert problems == []
    assert layer.values == {
        ("mode",): "dev",
        ("risk", "max_gross_pct"): 50,
        ("products", 0): "A-B",
        ("products", 1): "C-D",
    }
    assert layer.origins[("risk", "max_gross_pct")].place == "x.yaml:3:18"
    assert layer.keys[("risk", "max_gross_pct")].place == "x.yaml:3:3"
    assert layer.keys[("risk",)].place == "x.yaml:2:1"
    assert layer.origins[("products", 1)].place == "x.yaml:4:17"


def test_plain_scalars_follow_yaml_1_2_and_quoted_ones_stay_text(read):
    layer, _ = read("a: yes\nb: on\nc: true\nd: 1_000\ne: 1.5\nf: '1.5'\ng: ~\nh: .nan\ni: 012\n")
    values = {path[0]: value for path, value in layer.values.items()}
    assert values == {
        "a": "yes",
        "b": "on",
        "c": True,
        "d": 1000,
        "e": 1.5,
        "f": "1.5",
        "g": None,
        "h": ".nan",
        "i": 12,
    }


def test_an_empty_value_stands_at_its_key(read):
    layer, _ = read("risk:\n\nmode: dev\n")
    assert layer.origins[("risk",)].place == "x.yaml:1:1"


def test_all_duplicate_keys_are_reported(read):
    _, problems = read("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [str(p) for p in problems] == [
        "x.yaml:2:1: a is stated twice, first on line 1",
        "x.yaml:3:11: b.c is stated twice, first on line 3",
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_states_nothing(read, text):
    layer, problems = read(text)
    assert layer.values == {}
    assert problems == []


@pytest.mark.parametrize("text", ["- a\n", "word\n", "12\n"])
def test_a_file_that_is_no_mapping_is_a_problem(read, text):
    _, problems = read(text)
    assert "expected keys and values" in problems[0].message


def test_a_key_that_is_no_word_is_a_problem(read):
    _, problems = read("? [1, 2]\n: 3\n")
    assert "expected a word as key" in problems[0].message


@pytest.mark.parametrize(
    "text, place",
    [
        ("a: [1\n", "x.yaml:2:1"),
        ("a: b: c\n", "x.yaml:1:5"),
        ("\tx: 1\n", "x.yaml:1:1"),
        ("---\na: 1\n---\nb: 2\n", "x.yaml:3:1"),
    ],
)
def test_a_syntax_error_names_its_place(read, text, place):
    with pytest.raises(ProfileError) as caught:
        read(text)
    assert caught.value.where == place
    assert "not valid YAML" in caught.value.message


@pytest.mark.parametrize("text", ["a: \x00\n", "[" * 5000, "a: &x [*x]\n"])
def test_hostile_files_end_in_a_config_error_or_problem(read, text):
    try:
        _, problems = read(text)
    except ConfigError:
        return
    assert problems


def test_lines_of_a_file_with_a_secret_are_never_shown(read):
    _, problems = read("coinbase: {api_key: abc123}\na: 1\na: 2\n")
    assert all(p.origin.source == "" for p in problems)
    with pytest.raises(ProfileError) as caught:
        read("api_secret: abc123\n abc123: x\n")
    assert "abc123" not in "\n".join(caught.value.details)


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the profile"):
        read_layer(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_layer(tmp_path / "latin.yaml")
    (tmp_path / "long.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="at most"):
        read_layer(tmp_path / "long.yaml")
