"""The page docs/guards.md, written from the rows; a test holds it in step."""

from gpt_trader.kernel.codes import FIRST_REFUSAL, N_CODES
from gpt_trader.risk.guards import GROUPS, GUARDS, Guard

_INTRO = """\
# Guards

<!-- Written by: python scripts/gen_docs.py -->

A guard can refuse an entry; none can refuse an exit. What a guard cannot read it refuses: a
reading that nobody took and a limit that did not arrive are never green. Every decision lists
each guard's reading, its limit and its state: `OK`, `TRIPPED`, `UNKNOWN`, or `NOT_APPLICABLE` (it
is not for this kind of session or product, which is not green either). `gpt-trader why PRODUCT`
shows them.

An order that is below its limit passes, one at the limit is written in the table. Route entries
are cut to the tightest cap and refused only when less than the least sellable size is left; an
operator's order is refused, not cut. Orders that rest and orders that are being cancelled count
as if they had filled. The first row that refuses is the one that is named.

"""
_HEAD = (
    "Guard",
    "Reason code",
    "Refuses an entry when",
    "Default",
    "Setting",
    "Scope",
    "Then",
    "Changes",
    "Test",
)
_OUTRO = """
An operator's order that makes no sense is refused whichever way it points: `ALREADY_EXPIRED`
(GTD, and it ends at or before the next bar's open), `TRIGGER_PASSED` (the stop of a buy is not
above the last close, of a sell not below), `CROSSED_BRACKET` (the stop of a buy bracket is not
above its limit, of a sell bracket not below).

The tests stand in `tests/risk/test_guards.py`, each at its limit and one step beyond, through the
engine. `tests/risk/test_guard_removal.py` takes each row out of the table, and each line that
sizes an entry out of the source, and shows that a boundary check fails.

## Adding a guard

A guard on a reading that exists, with a limit that nobody sets, is one row. One with a setting and
a new reading is at most five source files:

1. `gpt_trader/risk/guards.py`: the row. The reading in every decision, the words of the refusal
   and this page come from it. Its code is one that no journal has: FREE_CODES are free.
2. `gpt_trader/risk/settings.py`, if people set its limit: the setting, and its field in `policy.py`
   beside it. The key in profiles and the limit on its way to the kernel come from the setting.
3. `gpt_trader/kernel/readings.py`, if no reading says what it asks: the name, when it moves, and
   the line that takes it from the slots, the marks or the order.
4. `gpt_trader/engine/outside.py`, if only the session knows it: the line that takes it there, from
   a field of `Outside` in `readings.py`; no simulation has one.

Then what no source file is:

- Its test in `tests/risk/test_guards.py`, at the limit and one step beyond, and its check in
  `tests/risk/test_guard_removal.py`. A row without a test fails the build, and so does one that
  can be removed unnoticed.
- `make docs` writes this page and [configuration.md](configuration.md) anew; a line in
  `CHANGELOG.md` says what is refused from now on.

Fast backtest, replay, paper, live and an operator's orders evaluate the same table with the same
loop (`gpt_trader/kernel/guards.py`). "Changes" says when an answer can change next while bars go
by and nothing is ordered; that is all that the fast backtest needs for passing bars over. A row
cannot say what its readings do not permit. Leave it at `any bar` if you are not sure: slow, never
wrong.
"""


def render() -> str:
    """Return the page."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(guard) for guard in GUARDS)]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
    return _INTRO + table + "\n" + _OUTRO.replace("FREE_CODES", _free_codes())


def _free_codes() -> str:
    """Return the codes that no row has, as ranges."""
    taken = {guard.code for guard in GUARDS}
    free = [code for code in range(FIRST_REFUSAL, N_CODES) if code not in taken]
    firsts = [code for code in free if code - 1 not in free]
    lasts = [code for code in free if code + 1 not in free]
    spans = zip(firsts, lasts, strict=True)
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in spans)


def _row(guard: Guard) -> tuple[str, ...]:
    words = [
        word for group in GROUPS if not group <= guard.applies for word in guard.applies & group
    ]
    where = f" (only {', '.join(sorted(words))})" if words else ""
    return (
        guard.name,
        f"`{guard.reason}`",
        guard.words + where,
        _default(guard),
        f"`risk.{guard.setting.key}`" if guard.setting else "",
        guard.scope,
        guard.action,
        guard.changes,
        f"`{guard.test}`",
    )


def _default(guard: Guard) -> str:
    if guard.setting is None:
        return guard.default
    unit = {"percent": " %", "intervals": " intervals"}.get(guard.setting.unit, "")
    return f"{guard.setting.default:g}{unit}"
