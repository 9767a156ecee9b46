"""What kept a run from entering: limits that were reached, targets that spot cannot take."""

from collections.abc import Mapping, Sequence

from gpt_trader.kernel.codes import HOLD_NO_OPINION, HOLD_SHORT_UNSUPPORTED
from gpt_trader.risk.guards import decision_name


def say_halts(drawdown: str | None, loss_days: int, ruin: str | None) -> list[str]:
    """Say which limits ended entries, and when. drawdown, ruin: ISO times; None: never."""
    said = []
    if drawdown is not None:
        said.append(f"drawdown limit on {drawdown[:10]}, no entry since")
    if loss_days:
        said.append(f"daily loss limit on {loss_days} day{'s' if loss_days > 1 else ''}")
    if ruin is not None:
        said.append(f"no equity left on {ruin[:10]}: the run ends there")
    return said


def say_short(targets: int) -> str:
    """Say what became of targets below 0 of products that cannot be short."""
    return f"{targets:,} targets below 0 taken as 0: spot cannot be short"


def say_silent(decisions: Mapping[str, Mapping[str, int]]) -> str | None:
    """Say that there was never an opinion; None: there was. decisions: names, and how many."""
    silent = decisions["held"].get(decision_name(HOLD_NO_OPINION), 0)
    if not silent or silent < sum(sum(group.values()) for group in decisions.values()):
        return None
    return (
        f"no opinion at any of {silent:,} decisions: fewer bars than min_bars, or no weight but NaN"
    )


def remarks(halts: Sequence[str], decisions: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """Return sentences for people. halts: of `say_halts`. decisions: as in `say_silent`."""
    short = decisions["held"].get(decision_name(HOLD_SHORT_UNSUPPORTED), 0)
    said = (
        f"Halts: {'; '.join(halts)}" if halts else None,
        say_short(short) if short else None,
        say_silent(decisions),
    )
    return tuple(one for one in said if one is not None)
