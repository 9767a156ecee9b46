"""`python -m tests.emulator`: run the stand-in by hand until it is interrupted."""

import threading
import time

from tests.emulator.server import serve

with serve(now_ms=int(time.time() * 1000)) as exchange:
    print(f"export GPT_TRADER_COINBASE__REST_URL={exchange.rest_url}", flush=True)
    stop = threading.Event()
    try:
        while not stop.wait(0.2):
            exchange.now_ms = int(time.time() * 1000)
    except KeyboardInterrupt:
        pass
