import pytest

from gpt_trader.config.text import did_you_mean, format_path, is_secret, nearest, parse_text


@pytest.mark.parametrize(
    "text, value",
    [
        ("20", 20),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("none", None),
        ("nan", "nan"),
        ("inf", "inf"),
        ("", ""),
        ("BTC-USD", "BTC-USD"),
        ("[1, 2]", [1, 2]),
        ("[1, 2", "[1, 2"),
    ],
)
def test_parse_text_returns_what_a_text_spells(text, value):
    parsed = parse_text(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_dotted_writes_list_items_in_brackets():
    assert format_path(("routes", 0, "params", "fast")) == "routes[0].params.fast"


@pytest.mark.parametrize("name", ["api_key", "apiKey", "SECRET", "private_key", "password"])
def test_is_secret_knows_names_of_secrets(name):
    assert is_secret(("coinbase", name))
    assert not is_secret(("coinbase", "key_file"))


def test_did_you_mean_names_the_nearest_or_all():
    assert did_you_mean("paprika", ["dev", "paper"]) == "did you mean paper?"
    assert did_you_mean("zzz", ["dev", "paper"]) == "known: dev, paper"
    assert nearest("zzz", ["dev", "paper"]) is None
