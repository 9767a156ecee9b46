"""What a mode brings to a run: all in which dev, paper, observe and live differ."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.paging import Pager
from gpt_trader.engine.events import Event
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.state import State
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.live.record import LiveRecord
from gpt_trader.runtime.live.terms import LiveTerms
from gpt_trader.runtime.live.upkeep import Left
from gpt_trader.runtime.session import Session
from gpt_trader.runtime.summary import Record
from gpt_trader.runtime.wiring import Wired

Say = Callable[[str], None]


class Trading(NamedTuple):
    """A feed that runs. left: what a run leaves to chance in the end."""

    events: Iterator[Event]
    left: Callable[[], Left]


class Desk(NamedTuple):
    """Where a session's prices come from and its orders go.

    broker: None for the paper broker on bars. now_ms: the exchange's time, None for the market's
    own. has_ended: whether a session found there is over, so that a new one begins. trade: the
    feed, held open. record: of all that the session's journal holds. cycles: after how many the
    run ends; cycles_left: how many to expect from a state on; None: nobody knows. pause_s: after
    each cycle.
    """

    terms: Wired | LiveTerms
    folder: Path
    broker: Broker | None
    now_ms: Callable[[], int] | None
    has_ended: Callable[[State], bool]
    trade: Callable[[Session, Controls, Pager], AbstractContextManager[Trading]]
    record: Callable[[Session], Record | LiveRecord]
    cycles: int | None
    cycles_left: Callable[[State], int | None]
    pause_s: float
