"""What kept a run from entering: limits that were reached, targets that spot cannot take."""

from collections.abc import Sequence


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


def remarks(halts: Sequence[str], short: int) -> tuple[str, ...]:
    """Return sentences for people. halts: of `say_halts`. short: targets below 0, taken as 0."""
    said = [f"Halts: {'; '.join(halts)}"] if halts else []
    return (*said, say_short(short)) if short else (*said,)
