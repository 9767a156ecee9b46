"""Which prices of a live market are believed: none that jumps far, before another source says so.

A candle or a ticker may be off by a factor of a thousand, and a price may fall by half in a second.
Both look the same until somebody else tells the price: the ticker, a touch that is asked for,
candles, the tape. Until then nothing is decided by such a price, and what rests goes on resting.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.times import format_time
from gpt_trader.engine.events import Noted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

FAR = 4  # a price is far from the last one believed if it is off by more than a fourth
WICK = 2  # a high or low is far from its bar's open and close if it is off by such a factor
NEAR = 10  # two sources tell the same within a tenth
FRESH_MS = 60_000  # for so long what a source said stands beside what others say
RISK_MS = 5_000  # of a doubt about what is held, before a person is paged
LONG_MS = 120_000  # of any other
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 30_000  # before what is in doubt is asked again

TICKER, TOUCH, TAPE, CANDLE = "ticker", "touch", "tape", "candle"
DOUBTED, PAGED = "price of ", "lasting doubt of the price of "  # with a product: about a note
BELIEVED = "believed again"


def pause_ms(tries: int) -> int:
    """Return how long to wait before what was in doubt so many times is asked again."""
    return min(FIRST_PAUSE_MS << min(tries - 1, 5), LONGEST_PAUSE_MS)


@dataclass(slots=True)
class Doubt:
    """A price of one source that is not believed, ticks. tries: how often others were asked."""

    price: int
    since_ms: int
    heard_ms: int
    is_over: bool = False
    is_said: bool = False
    is_paged: bool = False
    tries: int = 0
    again_ms: int = 0


@dataclass(slots=True)
class Sure:
    """The newest believed price of each product, and what is said and not believed, ticks.

    doubts: by product and source.
    """

    _believed: dict[str, int] = field(default_factory=dict)
    _said: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    _bars: dict[tuple[str, str], Bar] = field(default_factory=dict)
    doubts: dict[tuple[str, str], Doubt] = field(default_factory=dict)

    def begin(self, product_id: str, price: int) -> None:
        """Begin with the newest price that is known; 0: none is, the first is believed."""
        if price > 0:
            self._believed.setdefault(product_id, price)

    def hear(self, product_id: str, source: str, price: int, now_ms: int) -> bool:
        """Return whether a price of a source is believed."""
        said = self._said.setdefault(product_id, {})
        said[source] = price, now_ms
        is_told_alike = any(
            other != source and 0 <= now_ms - at_ms <= FRESH_MS and _apart(price, told) * NEAR <= 1
            for other, (told, at_ms) in said.items()
        )
        if self.is_far(product_id, price) and not is_told_alike:
            return self._judge(product_id, source, price, now_ms, is_sure=False)
        self._believed[product_id] = price
        return self._judge(product_id, source, price, now_ms, is_sure=True)

    def hear_bar(self, bar: Bar, source: str, now_ms: int) -> bool:
        """Return whether the bar that has just closed is believed: its close, and then its wicks.

        A far high or low is believed once another source tells the same of that bar.
        """
        self._bars[bar.product_id, source] = bar
        if not self.hear(bar.product_id, source, bar.close, now_ms):
            return False
        return self._judge_wick(bar, source, source, now_ms)

    def hear_old(self, bar: Bar, now_ms: int) -> bool:
        """Return whether the candle of an older bar is believed; it says nothing of now."""
        name = f"{CANDLE} of {format_time(bar.open_ms)[:16]}"
        if self.is_far(bar.product_id, bar.close):
            return self._judge(bar.product_id, name, bar.close, now_ms, is_sure=False)
        return self._judge_wick(bar, CANDLE, name, now_ms)

    def doubt(self, bar: Bar, price: int, now_ms: int) -> None:
        """Doubt a price of a bar that closed while nobody looked."""
        name = f"{CANDLE} of {format_time(bar.open_ms)[:16]}"
        self._judge(bar.product_id, name, price, now_ms, is_sure=False)

    def price(self, product_id: str) -> int:
        """Return the newest believed price, ticks; 0: none is known."""
        return self._believed.get(product_id, 0)

    def is_far(self, product_id: str, price: int) -> bool:
        """Whether a price is far from what is believed of now."""
        return are_far(price, self._believed.get(product_id, price))

    def may_ask(self, product_id: str, source: str, now_ms: int) -> bool:
        """Whether others are to be asked now for what a source says; later and later, if they are.

        True once before each pause.
        """
        doubt = self.doubts.get((product_id, source))
        if doubt is None or 0 < doubt.again_ms - now_ms <= LONGEST_PAUSE_MS:
            return False
        doubt.tries += 1
        doubt.again_ms = now_ms + pause_ms(doubt.tries)
        return True

    def watch(self, plan: Plan, state: State, now_ms: int) -> Iterator[Noted]:
        """Say what is in doubt: once when it begins, when it lasts or money is at risk, at its end.

        What a source does not say any more, it does not mean.
        """
        for (name, source), doubt in list(self.doubts.items()):
            j = plan.index[name]
            if doubt.is_over or now_ms - doubt.heard_ms > FRESH_MS:
                del self.doubts[name, source]
                if doubt.is_said and not any(other == name for other, _ in self.doubts):
                    yield Noted(now_ms, DOUBTED + name, BELIEVED)
                continue
            known = self._believed.get(name, doubt.price)
            prices = (plan.products[j].price(one) for one in (doubt.price, known))
            words = "the {} says {}, the price was {}, and nobody else says so: no decision by it"
            text = words.format(source, *prices)
            if not doubt.is_said:
                doubt.is_said = True
                yield Noted(now_ms, DOUBTED + name, text)
            lasts_ms = RISK_MS if state.slots["lots"].item(j) else LONG_MS
            if not doubt.is_paged and now_ms - doubt.since_ms >= lasts_ms:
                doubt.is_paged = True
                yield Noted(now_ms, PAGED + name, text)

    def _judge_wick(self, bar: Bar, source: str, name: str, now_ms: int) -> bool:
        price = wick(bar)
        others = (self._bars.get((bar.product_id, one)) for one in (TAPE, CANDLE) if one != source)
        is_sure = price == 0 or any(
            other is not None
            and other.open_ms == bar.open_ms
            and min(_apart(other.high, price), _apart(other.low, price)) * NEAR <= 1
            for other in others
        )
        return self._judge(bar.product_id, name, price, now_ms, is_sure=is_sure)

    def _judge(
        self, product_id: str, source: str, price: int, now_ms: int, *, is_sure: bool
    ) -> bool:
        """Begin, keep up or end a doubt; return whether there is none."""
        doubt = self.doubts.get((product_id, source))
        if is_sure:
            if doubt is not None:
                doubt.is_over = True
        elif doubt is None:
            self.doubts[product_id, source] = Doubt(price, now_ms, now_ms)
        else:
            if _apart(price, doubt.price) * NEAR > 1:  # it may be the truth now
                doubt.tries = doubt.again_ms = 0
            doubt.price, doubt.heard_ms, doubt.is_over = price, now_ms, False
        return is_sure


def are_far(one: int, other: int) -> bool:
    """Whether two prices, ticks, are so far apart that one source is not enough."""
    return _apart(one, other) * FAR > 1


def wick(bar: Bar) -> int:
    """Return the high or low of a bar that is far from its open and close, ticks; 0: neither is."""
    if bar.high > WICK * max(bar.open, bar.close):
        return bar.high
    return bar.low if bar.low * WICK < min(bar.open, bar.close) else 0


def _apart(one: int, other: int) -> float:
    """Return how far two prices are apart, as a part of the smaller."""
    low, high = sorted((max(one, 1), max(other, 1)))
    return (high - low) / low
