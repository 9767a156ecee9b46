"""The orders commands."""
