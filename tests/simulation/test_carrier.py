"""Jobs in virtual time: the world goes on while they wait; a process that dies leaves nothing."""

import threading

import pytest
import requests

from gpt_trader.broker.exchange.carry import Job
from tests.simulation.chances import Chances
from tests.simulation.exchange import DEADLINE_MS, MINUTE
from tests.simulation.world import BEGIN_MS, Crash, World

BUY = {
    "client_order_id": "one",
    "product_id": "BTC-USD",
    "side": "BUY",
    "order_configuration": {"market_market_ioc": {"quote_size": "100"}},
}
ORDERS = "/api/v3/brokerage/orders"
WALLETS = "/api/v3/brokerage/accounts"


@pytest.fixture
def world(tmp_path):
    made = World(1, tmp_path)
    before = set(threading.enumerate())  # other tests' threads may end meanwhile
    yield made
    made._end_process()
    assert not set(threading.enumerate()) - before, "a thread is left"


def place(world: World, client_id: str = "one") -> dict:
    return world.ask("POST", ORDERS, {}, BUY | {"client_order_id": client_id})


def look(world: World) -> dict:
    return world.ask("GET", WALLETS, {}, {})


def until_done(world: World, carrier, count: int = 1) -> list:
    found = []
    while len(found) < count:
        world.pass_time(60.0)
        found += carrier.done()
    return found


def test_the_world_goes_on_while_a_job_waits(world):
    world.exchange.chances = Chances(latency_ms=(30_000, 30_002))
    carrier = world.carrier()
    carrier.carry(Job(("send",), lambda: place(world)))
    assert carrier.done() == []
    assert not world.exchange.books.orders, "it is on its way"
    price = world.exchange.books.touch["BTC-USD"]
    [done] = until_done(world, carrier)
    assert done.value["success"]
    assert done.error is None
    assert world.exchange.now_ms == BEGIN_MS + 30_000
    assert world.exchange.books.orders["00000000-0000-0000-0000-000000000001"].created_ms == (
        BEGIN_MS + 15_000
    )
    assert world.exchange.books.touch["BTC-USD"] != price


def test_jobs_end_in_the_order_in_which_their_answers_come(world):
    carrier = world.carrier()

    def twice() -> str:
        world.wait(7.5)
        look(world)
        return "slow"

    carrier.carry(Job(("slow",), twice))
    carrier.carry(Job(("fast",), lambda: look(world) and "fast"))
    assert [done.value for done in until_done(world, carrier, 2)] == ["fast", "slow"]


def test_what_is_never_answered_ends_at_its_deadline(world):
    world.exchange.weather.unanswered["POST /orders BTC-USD"] = BEGIN_MS + MINUTE
    carrier = world.carrier()
    for number in range(9):
        carrier.carry(Job(("send",), lambda number=number: place(world, str(number))))
    carrier.carry(Job(("look",), lambda: look(world)))
    looked, *placed = until_done(world, carrier, 10)
    assert looked.error is None
    assert all(isinstance(done.error, requests.ReadTimeout) for done in placed)
    assert world.exchange.now_ms == BEGIN_MS + DEADLINE_MS
    assert 0 < len(world.exchange.books.orders) < 9, "some were carried out all the same"


def test_a_process_that_dies_leaves_its_requests_on_the_wire(world):
    carrier, arrived, before = world.carrier(), [], set(threading.enumerate())
    for number in range(20):
        key = f"order {number}"
        carrier.carry(Job((key,), lambda key=key: arrived.append(place(world, key))))
    world._end_process()
    assert not set(threading.enumerate()) - before
    world.exchange.advance(BEGIN_MS + MINUTE)
    assert 5 < len(world.exchange.books.orders) < 20
    assert arrived == []


def test_a_crash_in_a_job_ends_the_process_that_waits_for_it(world):
    carrier, ended = world.carrier(), []

    def careful() -> None:
        try:
            look(world)
        finally:
            ended.append("let go")

    carrier.carry(Job(("careful",), careful))
    carrier.carry(Job(("other",), lambda: look(world)))
    world.crash_at = world.points + 2  # after either's request
    with pytest.raises(Crash):
        until_done(world, carrier, 2)
    world._end_process()
    assert ended == ["let go"]


def test_an_invariant_that_a_job_breaks_is_raised_in_the_loop(world):
    def refuse(path: str, body: dict) -> None:
        raise AssertionError("not to be sent")

    world.exchange.watch_sends.append(refuse)
    with pytest.raises(AssertionError, match="not to be sent"):
        world.carrier().carry(Job(("send",), lambda: place(world)))
