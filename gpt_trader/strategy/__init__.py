"""Strategies: pure functions from bars to target weights."""
