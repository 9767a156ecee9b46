"""A stand-in for Coinbase Advanced Trade on this machine, for tests and demonstrations.

It shares no code with the package that it tests: what is written here is what the exchange's
documents say, not what our client believes.
"""

from tests.emulator.faults import Fault
from tests.emulator.server import Exchange, serve

__all__ = ["Exchange", "Fault", "serve"]
