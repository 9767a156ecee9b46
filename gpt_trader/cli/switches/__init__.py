"""The commands that stop and restart trading."""
