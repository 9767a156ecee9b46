"""How orders that sell have ended: what each says of itself waits for one look that all share.

The look is for the wallets and the orders' fills, at once and beside the orders' own answers: a
close at which ten stops make way for exits costs one look, and one time of an answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.broker.exchange.witness import Rests
from gpt_trader.domain.account import Balance, History, RemoteFill, RemoteOrder
from gpt_trader.engine.events import Event

WALLETS, FILLS, ALL = ("ends", "wallets"), ("ends", "fills"), ("ends", "all fills")  # asked
NOT_LISTED: History[RemoteOrder] = History([], is_whole=False)  # such a look asks for no list


@dataclass(slots=True)
class Ends:
    """What waits. has_let_go: whether a look shows that an order is as it says, and holds nothing.

    take: says what follows from an order's own answer, and whether a look showed that it is so; by
    client id. Where a wallet holds nothing for an order that was known to rest, it has ended.
    since_ms: says from when on everybody's fills are looked at. selling: see there.
    """

    reader: Reader
    account: Orders
    has_let_go: Callable[[str, RemoteOrder, Rests], bool]
    take: Callable[[str, RemoteOrder, bool], Iterator[Event]]
    since_ms: Callable[[], int]
    selling: Callable[[], frozenset[str]]
    _told: dict[str, RemoteOrder] = field(default_factory=dict)  # own answers that wait for a look
    _ids: Mapping[str, str] = field(default_factory=dict)  # the exchange's, of those a look is for
    _wallets: Sequence[Balance] | None = None
    _fills: History[RemoteFill] | None = None
    _all: History[RemoteFill] | None = None
    _sold: frozenset[str] = frozenset()  # as it was when the newest look began

    def expect(self, ids: Mapping[str, str]) -> None:
        """Look for orders that are to end, while they are asked. ids: the exchange's, by our own.

        A look that is under way is another's: whoever tells its end meanwhile gets the next.
        """
        if ids and not self._is_looking:
            self._look(ids)

    def forget(self, key: str) -> None:
        """Drop what an order said before: it says something newer."""
        self._told.pop(key, None)

    def tell(self, key: str, remote: RemoteOrder) -> Iterator[Event]:
        """Take how an order says that it ended: it is as a look shows it, this one or the next."""
        is_looked_for = key in self._ids
        self._told[key] = remote
        if self._is_looking:
            return
        if is_looked_for and (found := self._found) is not None:
            self._ids = {one: of for one, of in self._ids.items() if one != key}
            if self.has_let_go(key, remote, found):
                yield from self.take(key, self._told.pop(key), True)
                return
        self._look({key: remote.order_id})

    @property
    def _is_looking(self) -> bool:
        return any(self.reader.asks(one) for one in (WALLETS, FILLS, ALL))

    @property
    def _found(self) -> Rests | None:
        """What the newest look showed; None: it has not come to its end."""
        if self._wallets is None or self._fills is None or self._all is None:
            return None
        return Rests(NOT_LISTED, self._wallets, self._fills, self._all, self._sold)

    def _look(self, ids: Mapping[str, str]) -> None:
        self._ids, self._wallets, self._fills, self._all = dict(ids), None, None, None
        self._sold = self.selling()
        ask_all = partial(self.account.fills, since_ms=self.since_ms())
        ask = partial(self.account.fills, order_ids=sorted(ids.values()))
        self.reader.put(Question(WALLETS, "order", self.account.balances, self._take_wallets))
        self.reader.put(Question(FILLS, "order", ask, self._take_fills))
        self.reader.put(Question(ALL, "order", ask_all, self._take_all))

    def _take_wallets(self, found: Sequence[Balance]) -> Iterator[Event]:
        self._wallets = found
        return self._took()

    def _take_fills(self, found: History[RemoteFill]) -> Iterator[Event]:
        self._fills = found
        return self._took()

    def _take_all(self, found: History[RemoteFill]) -> Iterator[Event]:
        self._all = found
        return self._took()

    def _took(self) -> Iterator[Event]:
        """Say what follows for those that have told their end; the others still may."""
        if (found := self._found) is None:
            return
        for key in [one for one in self._ids if one in self._told]:
            remote = self._told.pop(key)
            yield from self.take(key, remote, self.has_let_go(key, remote, found))
        if self._told:
            self._look({key: one.order_id for key, one in self._told.items()})
