"""The folder in which everything is kept: sessions, stored runs, the ledger of trials."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import platformdirs


def state_root(override: str | PathLike[str] | None, env: Mapping[str, str]) -> Path:
    """Return the folder that holds the profiles' state folders; nothing is made.

    override: `--state-dir`; it wins over GPT_TRADER_STATE_DIR in `env`, which wins over the
    platform's user state directory.
    """
    root = Path(override or env.get("GPT_TRADER_STATE_DIR") or _platform_dir())
    return root.expanduser().absolute()


def _platform_dir() -> Path:
    return platformdirs.user_state_path("gpt-trader")
