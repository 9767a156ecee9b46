"""Whether Coinbase credentials exist, and where; their values never pass through here."""

import pathlib
import stat
from collections.abc import Mapping

from gpt_trader.errors import ConfigError

KEY, SECRET = "COINBASE_API_KEY", "COINBASE_API_SECRET"


def credential_source(env: Mapping[str, str], key_file: str | None) -> str | None:
    """Return in words where the credentials are, None if there are none.

    Raises ConfigError if only half of a pair is set, or the key file is missing or is readable
    by others.
    """
    present = [name for name in (KEY, SECRET) if env.get(name)]
    if len(present) == 1:
        missing = SECRET if present == [KEY] else KEY
        raise ConfigError(f"{present[0]} is set and {missing} is not", hint="set both or neither")
    if present:
        return f"{KEY} and {SECRET} in the environment"
    if key_file is None:
        return None
    path = pathlib.Path(key_file).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"cannot read the key file {path}: {error.strerror}") from error
    if not stat.S_ISREG(mode) or mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"expected the key file {path} to be readable by its owner only (0600), "
            f"was {stat.S_IMODE(mode):04o}",
            hint=f"chmod 600 {path}",
        )
    return f"key file {path}"
