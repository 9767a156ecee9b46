"""`python -m tests.emulator`: run the stand-in by hand, in real time, until it is interrupted."""

import threading
import time

from tests.emulator.server import serve

with serve(now_ms=int(time.time() * 1000)) as exchange:
    exchange.books.transfer("USD", "10000")
    name, secret = exchange.new_key()
    escaped = secret.replace("\n", "\\n")
    for variable, value in (
        ("GPT_TRADER_COINBASE__REST_URL", exchange.rest_url),
        ("GPT_TRADER_COINBASE__WS_URL", exchange.ws_url),
        ("GPT_TRADER_COINBASE__WS_USER_URL", exchange.ws_url),
        ("COINBASE_API_KEY", name),
        ("COINBASE_API_SECRET", escaped),
    ):
        print(f"export {variable}='{value}'", flush=True)
    stop = threading.Event()
    try:
        while not stop.wait(0.2):
            exchange.advance(int(time.time() * 1000))
    except KeyboardInterrupt:
        pass
