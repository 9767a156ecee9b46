"""A carrier whose exchange acts at once and is slow to say so."""

from gpt_trader.broker.exchange.carry import Done, Job, do


class Slow:
    """Does each job when it is carried, and hands it back so many looks later."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self._held: list[tuple[int, Done]] = []
        self._now = 0

    def carry(self, job: Job) -> None:
        self._held.append((self._now + self.looks, do(job)))

    def done(self) -> list[Done]:
        self._now += 1
        due = [done for at, done in self._held if at <= self._now]
        self._held = [(at, done) for at, done in self._held if at > self._now]
        return due
