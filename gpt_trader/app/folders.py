"""Which session a command is about."""

import os
from pathlib import Path

from gpt_trader.errors import UsageError
from gpt_trader.journal.root import state_root
from gpt_trader.runtime.session import JOURNAL


def session_folder(profile: str | None, state_dir: Path | None) -> Path:
    """Return the state folder of a profile, or of the only session there is.

    Nothing is made. Raises UsageError if no profile was named and there is not just one session.
    """
    root = state_root(state_dir, os.environ)
    if profile is not None:
        return root / Path(profile).stem if _is_path(profile) else root / profile
    found = sorted({path.parent.resolve() for path in root.glob(f"*/{JOURNAL}")})
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no session in {root}", hint="start one: gpt-trader run --profile dev")
    names = ", ".join(path.name for path in found)
    raise UsageError("which session?", hint=f"--profile NAME: {names}")


def _is_path(profile: str) -> bool:
    return os.sep in profile or profile.endswith((".yaml", ".yml"))
