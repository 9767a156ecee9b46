"""The ledger of seals: from when on a product's bars are for one look only, and who had it.

A seal is declared before strategies are chosen; nothing reads past it until one run opens it.
Opening is on record for ever, with a sketch of the days behind it: by another name they are the
same days. Lines are chained and anchored as those of the trials are, and stand in two files: what
is lost or changed in one is known from the other. Only a whole ledger says that a seal was opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from gpt_trader.backtest.chain import (
    Chain,
    Mark,
    append_lines,
    held,
    is_whole,
    read_chain,
    read_marks,
    renew_mark,
    write_marks,
)
from gpt_trader.backtest.content import is_same, sketch
from gpt_trader.backtest.trials import Trial, others
from gpt_trader.backtest.trials import books as trial_books
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_time
from gpt_trader.errors import StorageError, UsageError, ValidationGateError
from gpt_trader.measure.holdout import Sealing

PATIENCE_S = 2.0


class Seal(NamedTuple):
    """A product's seal. products: marked where the bars are synthetic. after_ms: int64 ms UTC.

    opened_ms, opened_by: when and by which trial, None while it holds. content: a sketch of
    the days behind it, known once it was opened. before: a sketch of the days that whoever sealed
    it had; None in lines of older versions.
    """

    product: str
    after_ms: int
    opened_ms: int | None = None
    opened_by: str | None = None
    strategy: str = ""
    content: str | None = None
    before: str | None = None


def admit(
    state_root: Path,
    trial: Trial,
    series: Sequence[Bars],
    *,
    sealed_after_ms: int | None,
    unseal: bool,
    now_ms: int,
) -> Sealing | None:
    """Let a trial read its bars, or not; record what it seals and what it opens, durably.

    trial: its products are named as they are on record. series: all bars that were read, those
    before its first ones too: a copy is known by them. Returns the seal on its bars, None without.
    Raises ValidationGateError if it would read past a seal, or open what another one opened;
    UsageError if what it seals is among its bars; StorageError if a seal cannot be recorded.
    """
    ledger, anchor = state_root / "seals.jsonl", _anchor()
    known_of = any(one.exists() for one in (ledger, anchor, _copy(anchor)))
    if sealed_after_ms is None and not unseal and not known_of:
        return None
    try:
        with held(anchor, PATIENCE_S):
            marks = read_marks(anchor) or {}
            seals = _read([ledger, _copy(anchor)], marks)
            mine = [s for s in seals.values() if s.product in trial.products]
            copied = _copied(series, trial.products, seals.values())
            if copied is not None:
                raise _refusal(copied)
            fresh = _declared(trial, series, mine, sealed_after_ms)
            if fresh and unseal:
                raise UsageError("nothing is sealed from there on", hint="seal first, then choose")
            past = _past(series, [*mine, *fresh], trial)
            closed = [seal for seal in past if seal.opened_ms is None]
            if closed and not unseal:
                raise _refusal(closed[0])
            rows = [_row(seal, now_ms) for seal in fresh]
            opened = []
            if unseal:
                opened = _opened(series, trial, past, list(seals.values()), now_ms)
                rows += [_row(seal, now_ms) for seal in opened if seal not in mine]
            _append([ledger, _copy(anchor)], anchor, marks, rows, now_ms)
    except OSError as error:
        raise StorageError(
            f"the ledger of seals cannot be read or written: {error.strerror or error}",
            hint=f"make {ledger} and {anchor} writable",
        ) from error
    known = opened or fresh or [s for s in mine if s.opened_ms is None]
    if not known:
        return None
    after_ms = min(seal.after_ms for seal in known)
    behind = replace(trial, first_ms=after_ms, last_ms=max(trial.last_ms, 2**53))
    seen = others(trial_books(state_root), behind, now_ms=now_ms).count
    return Sealing(after_ms, opened[0].opened_ms if opened else None, seen)


def refuse_sealed(series: Sequence[Bars]) -> None:
    """Raise ValidationGateError if bars of the market reach behind a seal that holds."""
    anchor = _anchor()
    seals = list(_read([_copy(anchor)], read_marks(anchor) or {}).values())
    names = [bars.product.product_id for bars in series]
    for bars, name in zip(series, names, strict=True):
        for seal in seals:
            if seal.product == name and _reaches(bars, seal):
                raise _refusal(seal)
    copied = _copied(series, names, seals)
    if copied is not None:
        raise _refusal(copied)


def _anchor() -> Path:
    return platformdirs.user_data_path("gpt-trader") / "seals.json"


def _copy(anchor: Path) -> Path:
    """Return the ledger that stands beside the anchor, whatever becomes of a state folder."""
    return anchor.with_suffix(".jsonl")


def _reaches(bars: Bars, seal: Seal) -> bool:
    """Whether bars reach behind a seal that holds."""
    return seal.opened_ms is None and int(bars.time[-1]) >= seal.after_ms


def _copied(series: Sequence[Bars], names: Sequence[str], seals: Iterable[Seal]) -> Seal | None:
    """Return a seal that bars reach behind which are those of its product by another name."""
    for bars, name in zip(series, names, strict=True):
        mark = name.rpartition(" ")[0]
        for seal in seals:
            other = seal.product != name and seal.product.rpartition(" ")[0] == mark
            if seal.before is None or not other or not _reaches(bars, seal):
                continue
            past = bars[: int(np.searchsorted(bars.time, seal.after_ms))]
            if len(past) and is_same(seal.before, sketch(past)):
                return seal
    return None


def _declared(
    trial: Trial, series: Sequence[Bars], mine: Sequence[Seal], after_ms: int | None
) -> list[Seal]:
    """Return seals that are new."""
    if after_ms is None:
        return []
    known = {(seal.product, seal.after_ms) for seal in mine}
    return [
        Seal(name, after_ms, before=sketch(bars))
        for name, bars in zip(trial.products, series, strict=True)
        if (name, after_ms) not in known
    ]


def _past(series: Sequence[Bars], seals: Sequence[Seal], trial: Trial) -> list[Seal]:
    """Return the seals that hold and that bars reach behind."""
    last = dict(zip(trial.products, (int(bars.time[-1]) for bars in series), strict=True))
    return [
        seal
        for seal in seals
        if last[seal.product] >= seal.after_ms
        and (seal.opened_ms is None or seal.opened_by == trial.id)
    ]


def _opened(
    series: Sequence[Bars], trial: Trial, past: Sequence[Seal], known: Sequence[Seal], now_ms: int
) -> list[Seal]:
    """Return the seals as they are once this trial has opened them."""
    if not past:
        taken = [s for s in known if s.product in trial.products and s.opened_ms is not None]
        if taken:
            raise _taken(taken[0])
        raise UsageError("nothing is sealed there to open", hint="seal first: --sealed-after DATE")
    own = dict(zip(trial.products, series, strict=True))
    behind = [sketch(_behind(own[seal.product], seal.after_ms)) for seal in past]
    for other in known:
        if other.content is None or other.opened_by == trial.id:
            continue
        if any(is_same(other.content, one) for one in behind):
            raise _taken(other)
    return [
        seal
        if seal.opened_ms is not None
        else seal._replace(
            opened_ms=now_ms, opened_by=trial.id, strategy=trial.strategy, content=content
        )
        for seal, content in zip(past, behind, strict=True)
    ]


def _behind(bars: Bars, after_ms: int) -> Bars:
    return bars[int(np.searchsorted(bars.time, after_ms)) :]


def _read(ledgers: Iterable[Path], marks: Mapping[str, Mark]) -> dict[tuple[str, int], Seal]:
    """Return every seal of these and every known ledger as it stands."""
    found: dict[tuple[str, int], Seal] = {}
    for path in sorted({*marks, *map(str, ledgers)}):
        chain = read_chain(Path(path))
        whole = _is_whole(chain, marks.get(path))
        for row in chain.rows:
            seal = _seal(row)
            if seal is None or (seal.opened_ms is not None and not whole):
                continue
            before = found.get((seal.product, seal.after_ms))
            if before is None or before.opened_ms is None:
                found[seal.product, seal.after_ms] = seal
    return found


def _is_whole(chain: Chain, mark: Mark | None) -> bool:
    """Whether nothing in a ledger was ever lost or changed, as far as is known."""
    if mark is None:
        return chain.broken == 0
    return mark.lost_ms is None and is_whole(chain, mark)


def _seal(row: Mapping[str, Any]) -> Seal | None:
    """Return a line's seal; None if it is none, and then its chain is broken as well."""
    if not (isinstance(row.get("after_ms"), int) and isinstance(row.get("product"), str)):
        return None
    return Seal(**{name: row[name] for name in Seal._fields if name in row})


def _row(seal: Seal, now_ms: int) -> dict[str, Any]:
    return seal._asdict() | {"products": [seal.product], "time": now_ms}


def _append(
    ledgers: Sequence[Path],
    anchor: Path,
    marks: dict[str, Mark],
    rows: Sequence[Mapping[str, Any]],
    now_ms: int,
) -> None:
    if not rows:
        return
    for ledger in ledgers:
        mark = renew_mark(read_chain(ledger), marks.get(str(ledger)), now_ms=now_ms, trusted=True)
        head = append_lines(ledger, mark.head, rows)
        products = {*mark.products, *(row["product"] for row in rows)}
        marks[str(ledger)] = replace(
            mark, lines=mark.lines + len(rows), head=head, products=tuple(sorted(products))
        )
        write_marks(anchor, marks)


def _refusal(seal: Seal) -> ValidationGateError:
    day = format_time(seal.after_ms)[:10]
    return ValidationGateError(
        f"the days of {seal.product} from {day} on are sealed, and this run would read them",
        hint=f"--to {day}; or --unseal, once and for ever, for the strategy that was chosen",
    )


def _taken(seal: Seal) -> ValidationGateError:
    opened = "" if seal.opened_ms is None else f" on {format_time(seal.opened_ms)[:10]}"
    return ValidationGateError(
        f"the days of {seal.product} from {format_time(seal.after_ms)[:10]} on were opened"
        f"{opened} by {seal.strategy}: they are no holdout any more",
        hint="without --unseal they can be read as any others; seal later days for another look",
    )
