"""The journal commands."""
