"""Coinbase Advanced Trade over its official SDK."""
