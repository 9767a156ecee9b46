"""The page docs/configuration.md, written from the schema and the profiles that ship.

`python -m gpt_trader.config.configuration_page > docs/configuration.md` writes it; a test
holds it in step.
"""

import sys
from collections.abc import Sequence

from gpt_trader.config.find import find_shipped
from gpt_trader.config.keys import all_keys
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings

_ORDER = ("dev", "spot", "paper", "observe", "canary", "prod")
_INTRO = """\
# Configuration

<!-- Written by: python -m gpt_trader.config.configuration_page > docs/configuration.md -->

A profile is a YAML 1.2 file that says what to trade, how, and within which limits. It is found
by name in `./profiles`, then among those that ship (your own stands before one of the same name,
and it is said which is used); or give the path of a file. A session goes on under a shipped
profile in place of its own, from another folder, never: exit 3. A value is taken from the first
of these that states it:

1. a flag of the command, such as `--taker-bps 80` or `--set risk.max_daily_loss_pct=2`
2. the environment: `GPT_TRADER_RISK__MAX_DAILY_LOSS_PCT=2` (two underscores between levels,
   lists with commas: `GPT_TRADER_PRODUCTS=BTC-USD,ETH-USD`); an empty variable is none, and
   every other name that begins so, in capitals or not, is an error that says how it was meant
3. the profile, then the profile it `extends`, and so on
4. the default

A flag that was not given changes nothing. `gpt-trader validate-config -p NAME` shows every value
with its origin (the default, file and line, variable or flag), and `--explain KEY` says what a
key is for. An unknown key, a wrong type, a value out of range or a combination that cannot work
ends every command with exit code 3, naming the place, before anything is traded; all mistakes
are reported at once, and nothing falls back to a default because of one.

Lists (`products`, `routes`) replace a list below them as a whole. Whoever names another strategy
starts from that strategy's own defaults: `params` below are dropped. `strategy` with `params` is
the short form of one route; `routes` is the long one, and replaces it. Two routes never trade the
same product: combine their strategies with `ensemble`. All products share one quote currency, and
USD and USDC are two.

Your own profile is a file that extends another:

```yaml
extends: spot
description: one product, smaller
products: [BTC-USD]
risk:
  max_product_pct: 10
```

## Secrets

Keys to an account stand in no profile, and in no variable or flag of the program: a name that
looks like one is refused. Coinbase credentials are read from `COINBASE_API_KEY` and
`COINBASE_API_SECRET`, or from the key file that `coinbase.key_file` names
(`GPT_TRADER_COINBASE__KEY_FILE`), which nobody else may be able to read (mode 0600). Only whether
they exist is ever shown. `alerts.webhook_url` and `alerts.heartbeat_url` are best given as
`GPT_TRADER_ALERTS__WEBHOOK_URL` and `GPT_TRADER_ALERTS__HEARTBEAT_URL`; they are shown without
their paths.

Addresses are https:// and wss://; plain http:// and ws:// only for a loopback host.

## Profiles
"""
_RISK = """
Money trades only with `mode: live` in the profile and `--live` on the command line. Profiles
with feed or broker `coinbase` need its public prices, which need no key; with mode `live` they need
a key, too.

## Keys

Other variables: `GPT_TRADER_PROFILE` (the profile where none is named), `GPT_TRADER_STATE_DIR`
(where journals live), `GPT_TRADER_DATA_DIR` (stored bars), `GPT_TRADER_CACHE_DIR` (where compiled
code lives), `GPT_TRADER_DEBUG` (tracebacks), `NO_COLOR`.
"""


def render() -> str:
    """Return the page as Markdown."""
    names = sorted((file.stem for file in find_shipped().glob("*.yaml")), key=_place)
    head = ("profile", "feed", "broker", "strategy", "interval", "products", "limits")
    profiles = [_profile_row(_load(name)) for name in names]
    keys = [(f"`{k.name}`", k.allowed, f"`{k.default}`", k.meaning) for k in all_keys()]
    lines = [_INTRO, *_table(head, profiles), _RISK]
    lines += _table(("key", "allowed", "default", "meaning"), keys)
    return "\n".join(lines)


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _load(name: str) -> Settings:
    """Load a profile that ships; one that requires an alert sink is given one."""
    path = str(find_shipped() / f"{name}.yaml")
    flags = {"alerts.webhook_url": "https://example.com/alerts"}
    return load_profile(path, env={}, flags=flags).settings


def _profile_row(settings: Settings) -> tuple[str, ...]:
    risk = settings.risk
    limits = [
        f"product {risk.max_product_pct:g} %",
        f"gross {risk.max_gross_pct:g} %",
        f"day {risk.max_daily_loss_pct:g} %",
        f"drawdown {risk.max_drawdown_pct:g} %",
        f"{risk.max_entries_per_day} entries a day",
    ]
    if settings.max_equity is not None:
        limits.insert(0, f"at most {settings.max_equity} of quote money")
    if settings.costs.participation is not None:
        limits.append(f"{settings.costs.participation:.0%} of a bar's volume")
    if settings.alerts.required:
        limits.append("needs an alert sink")
    return (
        f"`{settings.profile}`",
        settings.feed,
        settings.broker,
        ", ".join(f"`{route.strategy}`" for route in settings.routes),
        settings.interval,
        " ".join(settings.products),
        ", ".join(limits),
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    cells = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(row)} |" for row in cells]


if __name__ == "__main__":
    sys.stdout.write(render() + "\n")
