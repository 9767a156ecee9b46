"""What a profile's sessions of other portfolios hold: a key that was changed leaves them alone."""

from pathlib import Path

from gpt_trader.app.folders import sessions_under
from gpt_trader.app.kept_session import look_at
from gpt_trader.observe.cycle import size_text
from gpt_trader.runtime.session import running


def left_behind(profile: str, portfolio: str, state_dir: Path | None) -> list[str]:
    """Return in words what sessions under a profile hold in portfolios other than the key's.

    Those that run, under whatever profile by now, are looked after. Reads their folders only.
    """
    said = []
    for folder, header in sessions_under(profile, state_dir):
        is_other = header.mode.trades_money and header.portfolio != portfolio
        if not is_other or running(header, folder) is not None:
            continue
        kept = look_at(folder)
        if kept.state is None:
            held = [f"what nobody can read: {kept.problem}"]
        else:
            lots = kept.state.slots["lots"].tolist()
            products = zip(header.products, lots, strict=True)
            held = [f"{size_text(one, n)} {one.product_id}" for one, n in products if n]
            held += [f"an open order of {one.product_id}" for one in kept.state.open_orders]
        if held:
            said.append(
                f"the key is of portfolio {portfolio}, and {profile} left {', '.join(held)} in "
                f"portfolio {header.portfolio}, which nobody looks after: see gpt-trader status "
                f"-p {folder.name}, and go on there with its own key"
            )
    return said
