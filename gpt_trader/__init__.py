"""GPT-Trader: a Coinbase Advanced Trade bot whose every decision explains itself."""
