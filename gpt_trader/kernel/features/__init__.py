"""Indicators over arrays."""
