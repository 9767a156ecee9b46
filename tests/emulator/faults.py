"""What goes wrong, planned ahead: which requests, how often, and how."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulator.half import halve

Rows = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
Document = dict[str, Any]
NEVER_S = 3_600.0


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    path: part of the path and query it happens to. skip: matching requests that pass before.
    times: matching requests it happens to, None for ever. method: of the requests, None for any.
    refuses: the request is not carried out; else it is, whatever is answered. status, body,
    headers: sent instead. delay_s: before the answer.
    cut: "before" any byte, or "middle" of the body, then the connection closes. rows: changes
    the rows of the answer; changes: the whole of it. of: whether it happens to a request with this
    body.
    """

    path: str = ""
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    cut: str | None = None
    rows: Rows | None = None
    changes: Callable[[Document], Document] | None = None
    of: Callable[[Document], bool] | None = None
    method: str | None = None
    refuses: bool = False
    delay_s: float = 0.0
    name: str = ""


def too_many(**where: Any) -> Fault:
    """Refuse for going too fast."""
    body = json.dumps({"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]})
    return Fault(status=429, body=body, headers=(("x-ratelimit-remaining", "0"),), **where)


def html(status: int, **where: Any) -> Fault:
    """Answer with a page for people."""
    page = f"<html><body><h1>{status}</h1></body></html>"
    return Fault(status=status, body=page, headers=(("content-type", "text/html"),), **where)


def half(path: str, way: str, **where: Any) -> Fault:
    """Tell half: a way of `half.WAYS`, such as "wallet missing" or "no client ids"."""
    rng = random.Random(1)
    return Fault(path=path, changes=lambda found: halve(path, way, found, rng), **where)


def never(path: str, **where: Any) -> Fault:
    """Never answer; without `refuses` the request is carried out all the same."""
    return Fault(path=path, delay_s=NEVER_S, **{"times": None} | where)


def burst(status: int) -> Fault:
    """Refuse whatever is asked, until the plan heals."""
    return Fault(times=None, status=status, body="{}", refuses=True, name=f"burst of {status}")


def unknown_stop(*, is_placed: bool, **where: Any) -> Fault:
    """Let the answer to a stop be lost: it is there, or it is not."""
    return Fault(
        "/orders", method="POST", of=is_stop, cut="before", refuses=not is_placed, **where
    )  # fmt: skip


def refused_exit(**where: Any) -> Fault:
    """Refuse what sells: somebody else's order holds the coins."""
    failure = {
        "error": "INSUFFICIENT_FUND",
        "message": "Insufficient balance in source account",
        "error_details": "",
        "preview_failure_reason": "PREVIEW_INSUFFICIENT_FUND",
        "new_order_failure_reason": "INSUFFICIENT_FUND",
    }
    body = json.dumps({"success": False, "error_response": failure})
    return Fault(
        "/orders", method="POST", of=is_sell, status=200, body=body, refuses=True, **where
    )  # fmt: skip


def is_stop(body: Document) -> bool:
    """Whether an order that is posted is one that waits for its trigger."""
    kinds = body.get("order_configuration") or {}
    return any(kind.startswith(("stop_", "trigger_")) for kind in kinds)


def is_sell(body: Document) -> bool:
    """Whether an order that is posted sells."""
    return body.get("side") == "SELL"


class Plan:
    """The faults that are still to come; asked from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[list[Any]] = []  # fault, requests to skip, times left
        self._chances: tuple[tuple[float, Fault], ...] = ()
        self.random = random.Random(0)
        self.happened: Counter[str] = Counter()  # of chances, by what was planned

    def by_chance(self, seed: int, *chances: tuple[float, Fault]) -> None:
        """Plan faults that happen with a probability; the same ones from the same seed."""
        with self._lock:
            self.random, self._chances = random.Random(seed), chances

    def heal(self) -> None:
        """Plan nothing more."""
        with self._lock:
            self._left, self._chances = [], ()

    def add(self, *faults: Fault) -> None:
        """Plan some faults."""
        with self._lock:
            self._left += [[fault, fault.skip, fault.times] for fault in faults]

    def take(self, method: str, target: str, sent: bytes = b"") -> Fault | None:
        """Return the fault that happens to this request, if any."""
        with self._lock:
            for entry in self._left:
                fault, skip, times = entry
                if times == 0 or not _is_hit(fault, method, target, sent):
                    continue
                if skip:
                    entry[1] -= 1
                    continue
                entry[2] = None if times is None else times - 1
                return fault
            for chance, fault in self._chances:
                if not _is_hit(fault, method, target, sent):
                    continue
                if self.random.random() < chance:
                    self.happened[fault.name] += 1
                    return fault
        return None


def _is_hit(fault: Fault, method: str, target: str, sent: bytes) -> bool:
    if fault.path not in target or fault.method not in (None, method):
        return False
    return fault.of is None or fault.of(json.loads(sent or b"{}"))


def everything(often: float = 0.05) -> tuple[tuple[float, Fault], ...]:
    """Return every fault of the wire, for `Plan.by_chance`."""
    page = "<html><body>502</body></html>"
    taken = {"path": "/orders", "method": "POST"}
    return (
        (often, Fault(**taken, cut="before", name="carried out, then cut")),
        (often, Fault(**taken, status=502, body=page, name="carried out, then 502")),
        (often, Fault(**taken, status=200, body="{}", name="carried out, then {}")),
        (
            often,
            Fault(**taken, status=200, body='{"success": true}', name="carried out, no order id"),
        ),
        (often, Fault(**taken, status=500, body="{}", refuses=True, name="500 before")),
        (often, Fault(**taken, status=429, body="{}", refuses=True, name="429 on a write")),
        (often, Fault(**taken, cut="before", refuses=True, name="cut before")),
        (often / 2, Fault(method="GET", status=502, body=page, name="502 on a read")),
        (often / 2, Fault(method="GET", status=401, body="Unauthorized\n", name="401 on a read")),
        (often / 2, Fault(method="GET", cut="middle", name="cut in the middle of a read")),
        (often / 2, Fault(method="GET", status=200, body="{}", name="nothing on a read")),
        (often / 4, Fault(method="GET", status=429, body="{}", name="429 on a read")),
        (often, Fault(path="/historical/0000", status=404, body="{}", name="not found")),
    )
