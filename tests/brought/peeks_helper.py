"""Beside the peeks: what one of them keeps lies here."""

KEPT = {}
