"""Whether an exchange's credentials exist, and where; their values never pass through here."""

import pathlib
import stat
from collections.abc import Mapping

from gpt_trader.broker.exchange.access import Access
from gpt_trader.errors import ConfigError


def credential_source(env: Mapping[str, str], access: Access) -> str | None:
    """Return in words where the credentials are, None if there are none.

    Raises ConfigError if only half of a pair is set, or the key file is missing or is readable
    by others.
    """
    key, secret = access.secrets
    present = [name for name in (key, secret) if env.get(name)]
    if len(present) == 1:
        missing = secret if present == [key] else key
        raise ConfigError(f"{present[0]} is set and {missing} is not", hint="set both or neither")
    if present:
        return f"{key} and {secret} in the environment"
    if access.key_file is None:
        return None
    path = pathlib.Path(access.key_file).expanduser()
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
