"""`python -m tests.emulator`: run the stand-in by hand, in real time, until it is interrupted.

What trades against it lives in a folder that ends with it: no session of made-up money stands
among the user's own.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

from tests.emulator.server import serve
from tests.home import sitecustomize as home

with serve(now_ms=int(time.time() * 1000)) as exchange, tempfile.TemporaryDirectory() as folder:
    exchange.books.transfer("USD", "10000")
    name, secret = exchange.new_key()
    paths = filter(None, [os.environ.get("PYTHONPATH")])
    escaped = secret.replace("\n", "\\n")
    for variable, value in (
        ("GPT_TRADER_COINBASE__REST_URL", exchange.rest_url),
        ("GPT_TRADER_COINBASE__WS_URL", exchange.ws_url),
        ("GPT_TRADER_COINBASE__WS_USER_URL", exchange.ws_url),
        ("COINBASE_API_KEY", name),
        ("COINBASE_API_SECRET", escaped),
        ("GPT_TRADER_STATE_DIR", str(Path(folder) / "state")),
        (home.VARIABLE, folder),
        ("PYTHONPATH", os.pathsep.join([str(Path(home.__file__).parent), *paths])),
    ):
        print(f"export {variable}='{value}'", flush=True)
    stop = threading.Event()
    try:
        while not stop.wait(0.2):
            exchange.advance(int(time.time() * 1000))
    except KeyboardInterrupt:
        pass
