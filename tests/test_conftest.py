"""The guards that every other test relies on do bite."""

import os
import socket
import subprocess
import sys
import time

import pytest

from gpt_trader.runtime.lock import user_lock_dir


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
def test_network_is_refused(host):
    with pytest.raises(pytest.fail.Exception, match="network"):
        socket.create_connection((host, 443), timeout=1)


def test_loopback_is_allowed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_sleep_is_refused():
    with pytest.raises(pytest.fail.Exception, match="slept"):
        time.sleep(0.001)


def test_waiting_for_a_process_is_allowed():
    done = subprocess.run([sys.executable, "-c", "1"], timeout=60, check=False)
    assert done.returncode == 0


def places():
    """Return where state, anchors and locks of this moment lie."""
    named = [os.environ[name] for name in ("GPT_TRADER_STATE_DIR", "XDG_DATA_HOME")]
    return [*named, str(user_lock_dir(os.getuid()))]


@pytest.fixture(scope="module")
def made_for_many():
    """Return where what is made for several tests keeps its state."""
    return places()


def test_state_is_the_tests_own(tmp_path_factory, made_for_many):
    base = str(tmp_path_factory.getbasetemp())
    assert all(place.startswith(base) for place in [*places(), *made_for_many])
    assert not {*places()} & {*made_for_many}
    assert "COINBASE_API_KEY" not in os.environ
