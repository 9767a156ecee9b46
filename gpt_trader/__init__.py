"""GPT-Trader: a Coinbase Advanced Trade bot whose every decision explains itself."""

__version__ = "0.1.0"
