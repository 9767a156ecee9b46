"""The account commands."""
