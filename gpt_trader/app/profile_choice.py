"""Which of two profiles of one name a session goes on under."""

from pathlib import Path

from gpt_trader.config.find import is_named, is_shipped
from gpt_trader.config.load import profile_file
from gpt_trader.config.settings import ProfileFile, Settings
from gpt_trader.errors import ConfigError


def check_choice(named: str, settings: Settings, kept: ProfileFile) -> None:
    """Hold the profile that was found by a name against the one that the session has run under.

    From another folder the name means the one that ships: with other limits, and without a word.
    Raises ConfigError where the session's own is still there, and says something else.
    """
    path = settings.file.path
    if not is_named(named) or not kept.path or kept.path == path or not is_shipped(Path(path)):
        return
    own = Path(kept.path)
    if own.exists() and profile_file(own).sha256 != settings.file.sha256:
        raise ConfigError(
            f"profile {named} is the one that ships here, and this session's is {own}",
            hint=f"name the one that is meant by its path: --profile {own}",
        )
