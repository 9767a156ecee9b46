import pytest

from gpt_trader.config.secrets import credential_source
from gpt_trader.config.venues import CoinbaseKeys
from gpt_trader.errors import ConfigError

PAIR = {"COINBASE_API_KEY": "k-value", "COINBASE_API_SECRET": "s-value"}


def test_the_source_is_named_and_no_value():
    assert credential_source({}, CoinbaseKeys()) is None
    source = credential_source(PAIR, CoinbaseKeys())
    assert source is not None
    assert "value" not in source


def test_half_a_pair_is_refused():
    with pytest.raises(ConfigError, match="COINBASE_API_SECRET is not"):
        credential_source({"COINBASE_API_KEY": "k-value"}, CoinbaseKeys())


def test_a_key_file_must_be_private(tmp_path):
    file = tmp_path / "key.json"
    file.write_text("{}")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="0640"):
        credential_source({}, CoinbaseKeys(key_file=str(file)))
    file.chmod(0o600)
    assert credential_source({}, CoinbaseKeys(key_file=str(file))) == f"key file {file}"


def test_a_missing_key_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        credential_source({}, CoinbaseKeys(key_file=str(tmp_path / "none.json")))
