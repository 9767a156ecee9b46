"""Searching a strategy's parameters, and paying for the search: sweep, walk-forward, overfit."""
